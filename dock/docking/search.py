"""Search: a ligand placed in a site by every engine, seed and ring conformer, ranked and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dock.core.errors import DockingError
from dock.docking.checks import valid_first
from dock.docking.engine import DockingSettings, Engine, Placement, make_engine
from dock.docking.pdbqt import read_coordinates
from dock.docking.pose import Pose
from dock.docking.ranking import ranked
from dock.docking.rescoring import Scorer
from dock.ligands.ligand import CONFORMER_SEED
from dock.ligands.placement import place_atoms
from dock.ligands.strain import strain_energies
from dock.receptors.site import assign_site

if TYPE_CHECKING:
    import pandas as pd

    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site


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
        How many searches were made: engines times seeds times ring conformers.
    failed : int
        How many of them failed.
    """

    site: Site
    found: Mapping[int, Sequence[Pose]]
    kept: Sequence[Pose]
    places: Mapping[str, int]
    searches: int
    failed: int = 0

    @property
    def best(self) -> Pose:
        """The first kept pose; it fails checks only if every other does, and says so."""
        return self.kept[0]

    @property
    def tops(self) -> list[Pose]:
        """The highest ranked pose in the site of each seed that has one, before the checks."""
        inside = ([pose for pose in poses if pose.site == self.site.name] for poses in self.found.values())
        return [poses[0] for poses in inside if poses]

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
) -> Search:
    """Dock a ligand into a site of a receptor.

    Every engine makes a search for each seed from each ring conformer. The poses are assigned to
    the site in which they lie, pooled, ranked by one measure, freed of repeats and checked; those
    elsewhere are counted and not kept.

    Parameters
    ----------
    threads
        Processor threads of one search; they change no result.

    Raises
    ------
    DockingError
        If every search fails, or no pose lies in the site.
    """
    settings = settings or DockingSettings()
    if ligand.mol.GetNumConformers() == 1:
        ligand = ligand.with_ring_conformers(settings.ring_conformers, CONFORMER_SEED)
    starts = ligand.conformers()[: settings.ring_conformers]
    engines = [make_engine(name, receptor, site, threads) for name in settings.engines]
    pool = PosePool(receptor, ligand, site)
    problems = []
    for seed in settings.seeds:
        for engine in engines:
            for number, start in enumerate(starts, start=1):
                try:
                    pool.add(engine, seed, number, engine.place(start, seed, settings))
                except DockingError as error:  # the others may find something
                    problems.append(error)
    poses = pool.poses()
    if not poses:
        raise problems[0]
    places = dict(Counter(pose.site for pose in poses))
    inside = [pose for pose in poses if pose.site == site.name]
    if not inside:
        raise DockingError(
            ligand.name, f"no pose lies in the {site.name} site (found: {places})", "add seeds"
        )
    of_a_seed = len(engines) * len(starts)
    searches = len(settings.seeds) * of_a_seed
    found = {
        seed: ranked([pose for pose in poses if pose.seed == seed], of_a_seed) for seed in settings.seeds
    }
    kept = valid_first(receptor, ranked(inside, searches), settings.keep)
    return Search(site, found, kept, places, searches, len(problems))


class PosePool:
    """The poses of one ligand in one site, as they come in from engines."""

    def __init__(self, receptor: Receptor, ligand: Ligand, site: Site) -> None:
        self._receptor, self._ligand, self._site = receptor, ligand, site
        self._template = ligand.conformers()[0].mol
        self._scorer = Scorer(receptor, site)
        self._poses: list[Pose] = []

    def add(self, engine: Engine, seed: int, conformer: int, placements: Sequence[Placement]) -> None:
        """Take in the answers of one search."""
        for rank, placement in enumerate(placements, start=1):
            coordinates = read_coordinates(self._ligand, placement.pdbqt)
            mol = place_atoms(self._template, coordinates)
            lies_in = assign_site(coordinates[: mol.GetNumHeavyAtoms()], self._receptor.sites)
            network = placement.network or self._scorer.network(self._ligand.name, placement.pdbqt)
            self._poses.append(
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

    def poses(self) -> list[Pose]:
        """Return the poses, each with its strain."""
        strains = strain_energies(self._ligand.mol, [pose.mol for pose in self._poses])
        return [
            replace(pose, properties={**pose.properties, "strain_kcal_mol": strain})
            for pose, strain in zip(self._poses, strains, strict=True)
        ]
