"""Search: a ligand placed in a site with several seeds, pooled, ranked and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from dock.core.errors import DockingError
from dock.docking.checks import check_poses
from dock.docking.engine import DockingSettings, Engine, Placement, make_engine
from dock.docking.pose import Pose
from dock.ligands.placement import place_atoms
from dock.receptors.site import assign_site

if TYPE_CHECKING:
    import pandas as pd

    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site

DISTINCT = 1.0  # angstrom; poses nearer to a better one are the same pose


@dataclass(frozen=True, eq=False)
class Search:
    """What the search of one site for one ligand gave.

    Attributes
    ----------
    site : Site
    found : mapping of int to list of Pose
        Every pose of each seed, in the engine's order, wherever it lies.
    kept : list of Pose
        The distinct poses that lie in the site, best first, with checks; their rank counts
        within this list.
    """

    site: Site
    found: Mapping[int, Sequence[Pose]]
    kept: Sequence[Pose]

    @property
    def best(self) -> Pose:
        """The best kept pose that passes every check, or the best one if none does."""
        return next((pose for pose in self.kept if pose.valid), self.kept[0])

    @cached_property
    def places(self) -> dict[str, int]:
        """How many of all found poses lie in each site, or outside."""
        return dict(Counter(pose.site for poses in self.found.values() for pose in poses))

    def to_dataframe(self) -> pd.DataFrame:
        """Return the kept poses as a table."""
        import pandas as pd

        return pd.DataFrame([pose.record() for pose in self.kept])

    def _repr_html_(self) -> str:
        return str(self.to_dataframe().to_html(index=False))


def search_site(
    receptor: Receptor,
    ligand: Ligand,
    site: Site,
    settings: DockingSettings | None = None,
    threads: int = 1,
    engine: Engine | None = None,
) -> Search:
    """Dock a ligand into a site of a receptor.

    Each seed is a search of its own. Their poses are assigned to the site in which they lie,
    pooled, freed of repeats and checked; those elsewhere are counted and not kept.

    Parameters
    ----------
    threads
        Processor threads of one search.
    engine
        Prepared for this site; made from the settings if None.

    Raises
    ------
    DockingError
        If the engine fails, or no pose lies in the site.
    """
    settings = settings or DockingSettings()
    engine = engine or make_engine(settings.engine, receptor, site, threads)
    found = {
        seed: [
            _pose(receptor, ligand, site, engine.name, seed, rank, placement)
            for rank, placement in enumerate(engine.place(ligand, seed, settings), start=1)
        ]
        for seed in settings.seeds
    }
    pooled = distinct([pose for poses in found.values() for pose in poses if pose.site == site.name])
    if not pooled:
        places = Counter(pose.site for poses in found.values() for pose in poses)
        raise DockingError(
            ligand.name, f"no pose lies in the {site.name} site (found: {dict(places)})", "add seeds"
        )
    kept = [replace(pose, rank=rank) for rank, pose in enumerate(pooled[: settings.keep], start=1)]
    return Search(site, found, check_poses(receptor, kept))


def distinct(poses: Sequence[Pose]) -> list[Pose]:
    """Return the poses in the order of their CNN probability, without repeats.

    Of poses within 1 A of each other (heavy atoms, symmetry-aware) the better one stays.
    """
    ordered = sorted(poses, key=lambda pose: (-pose.properties["cnn_probability"], pose.seed))
    chosen: list[Pose] = []
    for pose in ordered:
        if all(pose.rmsd(other.mol) > DISTINCT for other in chosen):
            chosen.append(pose)
    return chosen


def _pose(
    receptor: Receptor, ligand: Ligand, site: Site, engine: str, seed: int, rank: int, placement: Placement
) -> Pose:
    mol = place_atoms(ligand.mol, placement.coordinates)
    heavy = placement.coordinates[: mol.GetNumHeavyAtoms()]
    return Pose(
        ligand,
        mol,
        assign_site(heavy, receptor.sites),
        site.name,
        rank,
        placement.score,
        seed,
        engine,
        placement.properties,
    )
