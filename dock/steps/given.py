"""A pose that was brought along, not docked."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from dock.core import catalogue
from dock.core.files import write_text
from dock.docking.pose import read_poses
from dock.receptors import Receptor
from dock.steps.poses import POSES, PosesResult, PoseStep, keep
from dock.steps.receptor import PrepareReceptor
from dock.workflow.step import Context
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
    occupants : tuple of GivenPose
        What lies in other sites meanwhile.
    charges : str
        Of all the charges that are shipped, see `dock.core.catalogue.charges_key`.
    """

    kind: ClassVar = "given"
    revision: ClassVar = 2
    result_type: ClassVar = PosesResult

    receptor: PrepareReceptor
    name: str
    sdf: str
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
        return f"pose of {self.place}"

    def run(self, context: Context) -> PosesResult:
        """Read it."""
        receptor = self.receptor_of(context.store)
        write_text(context.folder / POSES, self.sdf)
        (pose,) = read_poses(context.folder / POSES, receptor)
        named = replace(pose, ligand=replace(pose.ligand, name=self.name), occupied=receptor.occupied)
        return PosesResult(**keep(context.folder, [named], receptor))

    def receptor_of(self, store: Store) -> Receptor:
        """Return the receptor with what lies in its other sites."""
        receptor = self.receptor.receptor(store)
        for occupant in self.occupants:
            receptor = receptor.with_occupant(occupant.site, occupant.name, occupant.best(store).mol)
        return receptor
