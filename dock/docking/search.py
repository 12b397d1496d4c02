"""Search: a ligand placed in a site by every engine, seed and ring conformer, ranked and checked."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dock.core.errors import DockingError
from dock.docking.checks import valid_first
from dock.docking.engines import make_engine
from dock.docking.engines.base import Engine, Placement
from dock.docking.pdbqt import read_coordinates
from dock.docking.pose import Pose
from dock.docking.ranking import ranked
from dock.docking.rescoring import Scorer
from dock.docking.settings import DockingSettings
from dock.ligands.ligand import CONFORMER_SEED
from dock.ligands.placement import place_atoms
from dock.ligands.strain import strain_energies
from dock.receptors.site import assign_site

if TYPE_CHECKING:
    import pandas as pd

    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site


@dataclass(frozen=True)
class SearchFailure:
    """A search that gave nothing: by which engine, from what, and why.

    Attributes
    ----------
    engine : str
    seed : int
    conformer : int
        Which of the ligand's ring conformers it started from, from 1.
    message : str
    """

    engine: str
    seed: int
    conformer: int
    message: str


@dataclass(frozen=True, eq=False)
class Search:
    """What the search of one site for one ligand gave.

    Attributes
    ----------
    site : Site
    found : mapping of int to list of Pose
        The distinct poses of each seed, wherever they lie, ranked among those of the seed.
    kept : list of Pose
        The distinct poses of all seeds that lie in the site, with checks: those that pass them
        first, best first.
    places : mapping of str to int
        How many of all poses that engines returned lie in each site, or outside.
    searches : int
        How many searches were tried: engines times seeds times ring conformers.
    engines : tuple of str
        Each made as many of them.
    failures : tuple of SearchFailure
        Those that failed. The poses are what the others found.
    """

    site: Site
    found: Mapping[int, Sequence[Pose]]
    kept: Sequence[Pose]
    places: Mapping[str, int]
    searches: int
    engines: tuple[str, ...] = ()
    failures: tuple[SearchFailure, ...] = ()

    @property
    def best(self) -> Pose:
        """The first kept pose; it fails checks only if every other does, and says so."""
        return self.kept[0]

    @property
    def tops(self) -> list[Pose]:
        """The highest ranked pose in the site of each seed that has one, before the checks."""
        inside = ([pose for pose in poses if pose.site == self.site.name] for poses in self.found.values())
        return [poses[0] for poses in inside if poses]

    @property
    def failed(self) -> int:
        """How many searches failed."""
        return len(self.failures)

    def outcomes(self) -> list[dict[str, Any]]:
        """Return for each engine, as plain values, how many searches it made, how many failed, and why first."""
        rows = []
        for engine in self.engines:
            lost = [failure for failure in self.failures if failure.engine == engine]
            tried = self.searches // len(self.engines)
            rows.append(
                {
                    "engine": engine,
                    "searches": tried,
                    "made": tried - len(lost),
                    "failed": len(lost),
                    "first_failure": lost[0].message if lost else "",
                }
            )
        return rows

    def to_dataframe(self) -> pd.DataFrame:
        """Return the kept poses as a table."""
        import pandas as pd

        return pd.DataFrame([pose.row() for pose in self.kept])

    def _repr_html_(self) -> str:
        lost = "".join(f"<p>{html.escape(line)}</p>" for line in lost_searches(self.outcomes()))
        return lost + str(self.to_dataframe().to_html(index=False))


def lost_searches(outcomes: Iterable[Mapping[Any, Any]]) -> list[str]:
    """Say in a line for each engine how many of its searches failed; nothing of those of which none did.

    Parameters
    ----------
    outcomes
        Rows as of `Search.outcomes`, of one search or of many.
    """
    tried, failed, first = Counter[str](), Counter[str](), dict[str, str]()
    for row in outcomes:
        tried[row["engine"]] += row["searches"]
        failed[row["engine"]] += row["failed"]
        if row["failed"]:
            first.setdefault(row["engine"], row["first_failure"])
    return [
        f"{failed[engine]} of {tried[engine]} searches by {engine} failed, the first: {message}"
        for engine, message in first.items()
    ]


def search_site(
    receptor: Receptor,
    ligand: Ligand,
    site: Site,
    settings: DockingSettings | None = None,
    threads: int = 1,
) -> Search:
    """Dock a ligand into a site of a receptor.

    Every engine makes a search for each seed from each ring conformer. The poses are assigned to
    the site in which they lie, pooled, ranked by one measure, freed of repeats and checked; those
    elsewhere are counted and not kept. A search that fails is written down, and the others go on.

    Parameters
    ----------
    threads
        Processor threads of one search; they change no result.

    Raises
    ------
    DockingError
        If every search fails, no pose lies in the site, or something else does already.
    """
    settings = settings or DockingSettings()
    _check_room(receptor, ligand, site)
    if ligand.mol.GetNumConformers() == 1:
        ligand = ligand.with_ring_conformers(settings.ring_conformers, CONFORMER_SEED)
    starts = ligand.conformers()[: settings.ring_conformers]
    engines = [make_engine(name, receptor, site, threads) for name in settings.engines]
    pool = PosePool(receptor, ligand, site)
    failures, first = list[SearchFailure](), None
    for seed in settings.seeds:
        for engine in engines:
            for number, start in enumerate(starts, start=1):
                try:
                    pool.add(engine, seed, number, engine.place(start, seed, settings))
                except DockingError as error:  # the others may find something
                    failures.append(SearchFailure(engine.name, seed, number, str(error)))
                    first = first or error
    of_a_seed = len(engines) * len(starts)
    searches = len(settings.seeds) * of_a_seed
    poses = pool.poses()
    if not poses:
        raise first or DockingError(ligand.name, "no engine returned a pose")
    places = dict(Counter(pose.site for pose in poses))
    inside = [pose for pose in poses if pose.site == site.name]
    if not inside:
        raise DockingError(
            ligand.name,
            f"no pose lies in the {site.name} site (found: {places}; {len(failures)} of {searches} searches failed)",
            "add seeds",
        )
    found = {
        seed: ranked([pose for pose in poses if pose.seed == seed], of_a_seed) for seed in settings.seeds
    }
    kept = valid_first(receptor, ranked(inside, searches), settings.keep)
    return Search(site, found, kept, places, searches, settings.engines, tuple(failures))


def _check_room(receptor: Receptor, ligand: Ligand, site: Site) -> None:
    """Refuse a site that an occupant of a box lies in: boxes that are sites may hold others."""
    for name, mol in receptor.occupants.items():
        heavy = mol.GetConformer().GetPositions()[
            [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
        ]
        if site.radius is not None and site.holds(heavy):
            raise DockingError(
                ligand.name,
                f"{mol.GetProp('_Name')}, docked into {name}, lies in the {site.name} site itself",
                "leave one of the two sites out, or dock without occupants",
            )


class PosePool:
    """The poses of one ligand in one site, as they come in from engines."""

    def __init__(self, receptor: Receptor, ligand: Ligand, site: Site) -> None:
        self._receptor, self._ligand, self._site = receptor, ligand, site
        self._template = ligand.conformers()[0].mol
        self._scorer = Scorer(receptor, site)
        self._poses: list[Pose] = []

    def add(self, engine: Engine, seed: int, conformer: int, placements: Sequence[Placement]) -> None:
        """Take in the answers of one search, all of them or, if one cannot be read, none."""
        poses = []
        for rank, placement in enumerate(placements, start=1):
            coordinates = read_coordinates(self._ligand, placement.pdbqt)
            mol = place_atoms(self._template, coordinates)
            heavy = coordinates[: mol.GetNumHeavyAtoms()]
            lies_in = assign_site(heavy, self._receptor.sites, self._site.name)
            network = placement.network or self._scorer.network(self._ligand.name, placement.pdbqt)
            poses.append(
                Pose(
                    self._ligand,
                    mol,
                    lies_in,
                    self._site.name,
                    rank,
                    placement.score,
                    seed,
                    engine.name,
                    conformer,
                    self._receptor.occupied,
                    {
                        "cnn_probability": network.probability,
                        "cnn_affinity_pK": network.affinity,
                        "vinardo_kcal_mol": self._scorer.vinardo(self._ligand.name, placement.pdbqt),
                    },
                )
            )
        self._poses += poses

    def poses(self) -> list[Pose]:
        """Return the poses, each with its strain."""
        strains = strain_energies(self._ligand.mol, [pose.mol for pose in self._poses])
        return [
            replace(pose, properties={**pose.properties, "strain_kcal_mol": strain})
            for pose, strain in zip(self._poses, strains, strict=True)
        ]
