"""A pose that was brought along, not docked."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from dock.core import catalogue, errors
from dock.core.errors import DockError, TaskError
from dock.core.files import write_text
from dock.docking.given import read_poses
from dock.ligands import Ligand
from dock.receptors import Receptor
from dock.steps.ligand import LIGAND, columns_of
from dock.steps.poses import POSES, PosesResult, PoseStep, keep
from dock.steps.receptor import PrepareReceptor
from dock.workflow.step import Context, Row
from dock.workflow.store import Store


class GivenPose(PoseStep[PosesResult]):
    """Takes in a pose.

    Attributes
    ----------
    receptor : PrepareReceptor
    name : str
        What tables call its ligand.
    sdf : str
        The pose as a record of an SDF file.
    title, origin : str
        What it was called in the input, and where that stands, such as ``poses.sdf#3``.
    passed_over : int
        Further poses of the same molecule in the same site that its file holds.
    error : tuple of str
        Type, subject, problem and advice of the error that its record was refused with; empty if it was not.
    occupants : tuple of GivenPose
        What lies in other sites meanwhile.
    charges : str
        Of all the charges that are shipped, see `dock.core.catalogue.charges_key`.
    """

    kind: ClassVar = "given"
    revision: ClassVar = 4
    result_type: ClassVar = PosesResult
    unkeyed: ClassVar = frozenset({"title", "origin", "passed_over"})

    receptor: PrepareReceptor
    name: str
    sdf: str
    title: str = ""
    origin: str = ""
    passed_over: int = 0
    error: tuple[str, ...] = ()
    occupants: tuple[GivenPose, ...] = ()
    charges: str = Field(default_factory=catalogue.charges_key)

    @property
    def home(self) -> PrepareReceptor:
        """The receptor, as it was prepared."""
        return self.receptor

    @property
    def ligand_name(self) -> str:
        """The ligand's name."""
        return self.name

    @property
    def label(self) -> str:
        """What people call it."""
        return f"read {self.origin}" if self.error else f"pose of {self.place}"

    @property
    def refusal(self) -> DockError:
        """The error that its record was refused with."""
        kind, *parts = self.error
        refusal: DockError = getattr(errors, kind, TaskError)(*parts)
        return refusal

    def run(self, context: Context) -> PosesResult:
        """Read it.

        Raises
        ------
        DockError
            If its record was refused.
        """
        if self.error:
            raise self.refusal
        receptor = self.receptor_of(context.store)
        write_text(context.folder / POSES, self.sdf)
        (pose,) = read_poses(context.folder / POSES, receptor)
        named = replace(pose, ligand=replace(pose.ligand, name=self.name), occupied=receptor.occupied)
        return PosesResult(**keep(context.folder, [named], receptor))

    def ligand(self, store: Store) -> Ligand:
        """Return the ligand once its pose is read."""
        return Ligand.load(store.folder(self) / LIGAND)

    def ligand_row(self, store: Store) -> Row:
        """Return its row of the table of ligands, whatever became of it."""
        record = self.ligand(store).record() if store.is_done(self) else {}
        state = "given" if record else "to do" if store.failure(self) is None else "failed"
        return {"ligand": self.name, "state": state, **columns_of(record)}

    def receptor_of(self, store: Store) -> Receptor:
        """Return the receptor with what lies in its other sites."""
        receptor = self.receptor.receptor(store)
        for occupant in self.occupants:
            receptor = receptor.with_occupant(occupant.site, occupant.name, occupant.best(store).mol)
        return receptor
