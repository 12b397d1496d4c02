"""A ligand docked into a site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, ClassVar

from dock.docking.redocking import redocking_gate
from dock.docking.search import search_site
from dock.docking.settings import DockingSettings
from dock.steps.ligand import PrepareLigand
from dock.steps.poses import PosesResult, PoseStep, keep
from dock.steps.receptor import PrepareReceptor
from dock.workflow.step import Context, Resources, Row
from dock.workflow.store import Store


class DockResult(PosesResult):
    """What a search gave besides its poses.

    Attributes
    ----------
    places : dict of str to int
        How many of all poses that engines returned lie in each site, or outside.
    searches : int
    outcomes, failures : tuple of dict
        See `dock.docking.search.Search`.
    top_energies_kcal_mol : tuple of float
        Vinardo energy of the top pose of each seed.
    redocking : tuple of dict, optional
        A row for each seed of the redocking gate; None where the ligand is not the site's known one.
    """

    places: dict[str, int]
    searches: int
    outcomes: tuple[dict[str, Any], ...]
    failures: tuple[dict[str, Any], ...]
    top_energies_kcal_mol: tuple[float, ...]
    redocking: tuple[dict[str, Any], ...] | None


class Dock(PoseStep[DockResult]):
    """Docks a ligand into a site, which may lie beside an occupied one.

    Attributes
    ----------
    receptor : PrepareReceptor
    ligand : PrepareLigand
    settings : DockingSettings
        Without its time limit, which changes no result.
    occupant : Dock, optional
        Whose best pose lies in its site meanwhile.
    time_limit : float
        In seconds.
    """

    kind: ClassVar = "dock"
    revision: ClassVar = 6
    result_type: ClassVar = DockResult
    unkeyed: ClassVar = frozenset({"time_limit"})

    receptor: PrepareReceptor
    ligand: PrepareLigand
    settings: DockingSettings
    occupant: Dock | None = None
    time_limit: float = 3600.0

    @property
    def home(self) -> PrepareReceptor:
        """The receptor, as it was prepared."""
        return self.receptor

    @property
    def ligand_name(self) -> str:
        """The ligand's name."""
        return self.ligand.name

    @property
    def occupied(self) -> str:
        """What lies in another site meanwhile, as ``orthosteric: escitalopram``; empty if nothing does."""
        return f"{self.occupant.site}: {self.occupant.ligand_name}" if self.occupant else ""

    @property
    def label(self) -> str:
        """What people call it."""
        beside = f" beside {self.occupant.ligand_name} in {self.occupant.site}" if self.occupant else ""
        return f"dock {self.place}{beside}"

    @property
    def resources(self) -> Resources:
        """By the number of searches."""
        return Resources(cost=5.0 + 8.0 * searches(self.settings), time_limit=self.time_limit)

    def run(self, context: Context) -> DockResult:
        """Search, rank, check and keep."""
        ligand, receptor = self.ligand.ligand(context.store), self.receptor.receptor(context.store)
        site = receptor.site(self.site)
        if self.occupant is not None:
            beside = self.occupant.best(context.store)
            receptor = receptor.with_occupant(self.occupant.site, self.occupant.ligand_name, beside.mol)
        search = search_site(receptor, ligand, site, self.settings, context.conditions.threads)
        known, redocking = receptor.references.get(site.name), None
        if known is not None and known.GetProp("_Name") == ligand.name and not receptor.occupants:
            redocking = tuple(redocking_gate(receptor, search, known).records())
        return DockResult(
            **keep(context.folder, search.kept, receptor),
            places=dict(search.places),
            searches=search.searches,
            outcomes=tuple(search.outcomes()),
            failures=tuple(asdict(failure) for failure in search.failures),
            top_energies_kcal_mol=tuple(pose.properties["vinardo_kcal_mol"] for pose in search.tops),
            redocking=redocking,
        )

    def search_row(self, store: Store) -> Row:
        """Return where poses lay, and how many searches failed."""
        result = store.result(self)
        places = " ".join(f"{place}:{count}" for place, count in result.places.items())
        return {**super().search_row(store), "places": places, "searches_failed": len(result.failures)}

    def _search_rows(self, store: Store) -> Iterator[Row]:
        for outcome in store.result(self).outcomes:
            yield {**self.subject, "occupied": self.occupied, "cross_docked_into": "", **outcome}

    tables: ClassVar = {"searches": _search_rows}


def searches(settings: DockingSettings) -> int:
    """Return how many searches a ligand is docked with."""
    return len(settings.seeds) * len(settings.engines) * settings.ring_conformers
