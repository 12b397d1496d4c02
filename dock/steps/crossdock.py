"""A known ligand docked from one structure of a protein into another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from dock.core.records import Record
from dock.docking.crossdocking import cross_dock
from dock.docking.settings import DockingSettings
from dock.receptors import Receptor
from dock.steps.dock import searches
from dock.steps.receptor import PrepareReceptor
from dock.workflow.step import Context, Resources, Row, Step
from dock.workflow.store import Store


class CrossDockResult(Record):
    """A row for each seed, and how each engine fared."""

    seeds: tuple[dict[str, Any], ...]
    outcomes: tuple[dict[str, Any], ...]


class CrossDock(Step[CrossDockResult]):
    """Docks the known ligand of one structure into another.

    Attributes
    ----------
    receptor : PrepareReceptor
        The campaign's structure.
    structure : str
        The other one, of the catalogue.
    content : str
        Of that, see `dock.dynamics.receptor_models.source_key`.
    into_other : bool
        Whether the campaign's ligand goes into the other structure, or the other way round.
    ligand, site : str
    settings : DockingSettings
    time_limit : float
        In seconds.
    """

    kind: ClassVar = "crossdock"
    revision: ClassVar = 5
    result_type: ClassVar = CrossDockResult
    unkeyed: ClassVar = frozenset({"time_limit"})

    receptor: PrepareReceptor
    structure: str
    content: str
    into_other: bool
    ligand: str
    site: str
    settings: DockingSettings
    time_limit: float = 3600.0

    @property
    def docked_into(self) -> str:
        """The structure that is docked into."""
        return self.structure if self.into_other else self.receptor.name

    @property
    def label(self) -> str:
        """What people call it."""
        home = self.receptor.name if self.into_other else self.structure
        return f"cross-dock {self.ligand} of {home} in {self.site} of {self.docked_into}"

    @property
    def subject(self) -> dict[str, str]:
        """Receptor, ligand and site."""
        return {**self.receptor.subject, "ligand": self.ligand, "site": self.site}

    @property
    def resources(self) -> Resources:
        """By the number of searches."""
        return Resources(cost=5.0 + 8.0 * searches(self.settings), time_limit=self.time_limit)

    def run(self, context: Context) -> CrossDockResult:
        """Dock it and judge every seed."""
        pair = self.receptor.receptor(context.store), Receptor.from_catalogue(self.structure)
        into, home = pair[::-1] if self.into_other else pair
        cross = cross_dock(into, home, self.site, self.settings, context.conditions.threads)
        return CrossDockResult(seeds=tuple(cross.records()), outcomes=tuple(cross.search.outcomes()))

    def _rows(self, store: Store) -> Iterator[Row]:
        for row in store.result(self).seeds:
            yield {**self.receptor.subject, **row}

    def _search_rows(self, store: Store) -> Iterator[Row]:
        for outcome in store.result(self).outcomes:
            yield {**self.subject, "occupied": "", "cross_docked_into": self.docked_into, **outcome}

    tables: ClassVar = {"searches": _search_rows, "cross_docking": _rows}
