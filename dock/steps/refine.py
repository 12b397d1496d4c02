"""The poses of a search refined, the side chains near them giving way."""

from __future__ import annotations

from typing import ClassVar

from dock.dynamics.refinement import RefinementSettings, refine
from dock.forcefield.platforms import choose_processor
from dock.receptors import Receptor
from dock.steps.dock import Dock
from dock.steps.poses import PosesResult, PoseStep, keep
from dock.steps.receptor import PrepareReceptor
from dock.workflow.step import Context, Resources
from dock.workflow.store import Store


class RefineResult(PosesResult):
    """What is said of refined poses.

    Attributes
    ----------
    receptor : str
        Hash of the receptor that gave way to the best.
    """

    receptor: str


class Refine(PoseStep[RefineResult]):
    """Refines the poses of a search and ranks them anew.

    Attributes
    ----------
    search : Dock
    settings : RefinementSettings
    charge_model : str
        See `dock.forcefield.charges.charge_model`.
    """

    kind: ClassVar = "refine"
    revision: ClassVar = 8
    result_type: ClassVar = RefineResult

    search: Dock
    settings: RefinementSettings
    charge_model: str = ""

    @property
    def home(self) -> PrepareReceptor:
        """The receptor, as it was prepared."""
        return self.search.home

    @property
    def ligand_name(self) -> str:
        """The ligand's name."""
        return self.search.ligand_name

    @property
    def label(self) -> str:
        """What people call it."""
        return f"refine {self.place}"

    @property
    def resources(self) -> Resources:
        """By the number of poses."""
        return Resources(cost=10.0 + 5.0 * self.settings.poses, card=1 / 8)

    def run(self, context: Context) -> RefineResult:
        """Refine them, and keep the receptor that gave way to the best."""
        receptor = self.search.receptor_of(context.store)
        conditions = context.conditions
        processor = choose_processor(conditions.platform, conditions.threads, device=conditions.device)
        refined = refine(receptor, self.search.poses(context.store), self.settings, processor)
        flexed = refined[0].receptor
        flexed.save(context.folder)
        kept = keep(context.folder, [each.pose for each in refined], receptor)
        return RefineResult(**kept, receptor=flexed.structure_key)

    def receptor_of(self, store: Store) -> Receptor:
        """Return the receptor that gave way to the best pose."""
        return Receptor.from_folder(store.folder(self))
