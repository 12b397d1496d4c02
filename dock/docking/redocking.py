"""The redocking gate: a known pose must be found again before results mean anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from dock.core.arguments import require
from dock.core.errors import StructureError
from dock.docking.checks import valid_first
from dock.docking.search import search_site
from dock.ligands import Ligand
from dock.receptors import Receptor

if TYPE_CHECKING:
    import pandas as pd
    from rdkit.Chem import Mol

    from dock.docking.pose import Pose
    from dock.docking.search import Search
    from dock.docking.settings import DockingSettings

LIMIT = 2.0  # angstrom, the field's threshold for a redocked pose
CONTACT = 4.0  # angstrom between heavy atoms
COLUMNS = (
    "seed", "top_rmsd_A", "best_rmsd_A", "poses", "engine", "top_score_kcal_mol", "cnn_probability", "contacts",
    "checks", "top_pose_lies_in", "passed",
)  # fmt: skip


@dataclass(frozen=True)
class SeedResult:
    """How well one seed found the known pose again.

    Attributes
    ----------
    seed : int
    top : Pose or None
        The pose that the seed alone would have chosen, wherever it lies; None if it found none.
    top_rmsd, best_rmsd : float
        RMSD to the known pose, in angstrom: of the top pose, and the lowest of all; infinite without one.
    poses : int
        How many distinct poses the seed gave.
    contacts, contacts_known : int
        How many of the residues within 4 A of the known pose are within 4 A of the top pose, of how many.
    """

    seed: int
    top: Pose | None
    top_rmsd: float
    best_rmsd: float
    poses: int
    contacts: int
    contacts_known: int

    @property
    def passed(self) -> bool:
        """Whether the top pose lies within 2 A of the known one."""
        return self.top_rmsd <= LIMIT

    def record(self) -> dict[str, Any]:
        """Return the result as plain values, a row of a table."""
        if self.top is None:
            known = {
                "seed": self.seed,
                "poses": 0,
                "contacts": f"0 of {self.contacts_known}",
                "passed": False,
            }
            return dict.fromkeys(COLUMNS) | known | {"checks": "no pose"}
        failed = self.top.failed_checks
        return {
            "seed": self.seed,
            "top_rmsd_A": round(self.top_rmsd, 3),
            "best_rmsd_A": round(self.best_rmsd, 3),
            "poses": self.poses,
            "engine": self.top.engine,
            "top_score_kcal_mol": round(self.top.score, 3),
            "cnn_probability": round(self.top.properties["cnn_probability"], 3),
            "contacts": f"{self.contacts} of {self.contacts_known}",
            "checks": f"failed: {' '.join(failed)}" if failed else f"{len(self.top.checks)} passed",
            "top_pose_lies_in": self.top.site,
            "passed": self.passed,
        }


@dataclass(frozen=True)
class Gate:
    """The verdict over every seed.

    Attributes
    ----------
    site, ligand : str
    seeds : tuple of SeedResult
    """

    site: str
    ligand: str
    seeds: tuple[SeedResult, ...]

    @property
    def passed(self) -> bool:
        """Whether the top pose of every seed lies within 2 A of the known one."""
        return all(result.passed for result in self.seeds)

    def records(self) -> list[dict[str, Any]]:
        """Return plain values, a row for each seed."""
        return [{"site": self.site, "ligand": self.ligand, **result.record()} for result in self.seeds]

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row for each seed."""
        import pandas as pd

        return pd.DataFrame(self.records())

    def _repr_html_(self) -> str:
        return str(self.to_dataframe().to_html(index=False))


def redock(receptor: Receptor, site: str, settings: DockingSettings | None = None, threads: int = 1) -> Gate:
    """Dock the known ligand of a site from a generated conformer and judge every seed.

    Parameters and errors are those of `search_known`.
    """
    search = search_known(receptor, site, settings, threads)
    return redocking_gate(receptor, search, receptor.references[search.site.name])


def search_known(
    receptor: Receptor, site: str, settings: DockingSettings | None = None, threads: int = 1
) -> Search:
    """Dock the known ligand of a site from a generated conformer.

    Parameters
    ----------
    site
        Name or synonym of a site with a known pose.
    threads
        Processor threads of one search.

    Raises
    ------
    UnknownNameError
        If the receptor has no such site.
    StructureError
        If the site has no known pose.
    DockingError
        If an engine fails, or no pose lies in the site.
    """
    require(receptor, (Receptor,), "receptor", "dock.open_receptor(name) gives one")
    place = receptor.site(site)
    known_pose(receptor, place.name)
    return search_site(receptor, known_ligand(receptor, place.name), place, settings, threads)


def known_pose(receptor: Receptor, site: str) -> Mol:
    """Return the known pose of a site.

    Raises
    ------
    StructureError
        If the site has none.
    """
    if site not in receptor.references:
        raise StructureError(
            f"{receptor.name}, {site} site",
            "has no known pose",
            "name its ligand, and its chemistry if the catalogue lacks it: --ligand CODE --smiles SMILES",
        )
    return receptor.references[site]


def known_ligand(receptor: Receptor, site: str) -> Ligand:
    """Return the known ligand of a site with a generated conformer."""
    name, smiles = receptor.known_ligand(site)
    return Ligand.from_catalogue(name) if smiles is None else Ligand.from_smiles(smiles, name)


def off_by(rows: Iterable[Mapping[str, Any]]) -> str:
    """Say of a gate's rows, as `Gate.records` makes them, how far the worst top pose is off."""
    distances = [row["top_rmsd_A"] for row in rows]
    if any(distance in (None, "") for distance in distances):
        return "a seed found no pose"
    return f"top pose off by up to {max(map(float, distances)):.1f} A"


def redocking_gate(receptor: Receptor, search: Search, reference: Mol) -> Gate:
    """Hold every seed's poses against the known pose of the site.

    Parameters
    ----------
    search
        A search of the site for the reference ligand, from a generated conformer.
    reference
        The known pose, in the receptor's frame. Nothing is fitted.
    """
    known = _contacts(receptor, reference)
    results = tuple(_judge(receptor, seed, poses, reference, known) for seed, poses in search.found.items())
    return Gate(search.site.name, search.best.ligand.name, results)


def _judge(
    receptor: Receptor, seed: int, poses: Sequence[Pose], reference: Mol, known: set[int]
) -> SeedResult:
    if not poses:
        return SeedResult(seed, None, inf, inf, 0, 0, len(known))
    top = valid_first(receptor, poses, keep=1)[0]
    return SeedResult(
        seed,
        top,
        top.rmsd(reference),
        min(pose.rmsd(reference) for pose in poses),
        len(poses),
        len(known & _contacts(receptor, top.mol)),
        len(known),
    )


def _contacts(receptor: Receptor, mol: Mol) -> set[int]:
    """Return the indices of the residues with a heavy atom within 4 A of one of the ligand."""
    from rdkit import Chem

    return receptor.residues_within(Chem.RemoveHs(mol).GetConformer().GetPositions(), CONTACT)
