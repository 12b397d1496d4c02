"""The redocking gate: a known pose must be found again before results mean anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rdkit.Chem import Mol

    from dock.docking.pose import Pose
    from dock.docking.search import Search

LIMIT = 2.0  # angstrom, the field's threshold for a redocked pose


@dataclass(frozen=True)
class SeedResult:
    """How well one seed found the known pose again; RMSDs in angstrom."""

    seed: int
    top_rmsd: float
    best_rmsd: float
    poses: int
    top_score: float
    top_place: str


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
        return all(result.top_rmsd <= LIMIT for result in self.seeds)

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row for each seed."""
        import pandas as pd

        return pd.DataFrame([self._row(result) for result in self.seeds])

    def _repr_html_(self) -> str:
        return str(self.to_dataframe().to_html(index=False))

    def _row(self, result: SeedResult) -> dict[str, Any]:
        return {
            "site": self.site,
            "ligand": self.ligand,
            "seed": result.seed,
            "top_rmsd_A": round(result.top_rmsd, 3),
            "best_rmsd_A": round(result.best_rmsd, 3),
            "poses": result.poses,
            "top_score_kcal_mol": round(result.top_score, 3),
            "top_pose_lies_in": result.top_place,
            "passed": result.top_rmsd <= LIMIT,
        }


def redocking_gate(search: Search, reference: Mol) -> Gate:
    """Hold every seed's poses against the known pose of the site.

    Parameters
    ----------
    search
        A search of the site for the reference ligand, from a generated conformer.
    reference
        The known pose, in the receptor's frame. Nothing is fitted.
    """
    ligand = next(iter(search.found.values()))[0].ligand.name
    results = tuple(_judge(seed, poses, reference) for seed, poses in search.found.items())
    return Gate(search.site.name, ligand, results)


def _judge(seed: int, poses: Sequence[Pose], reference: Mol) -> SeedResult:
    distances = [pose.rmsd(reference) for pose in poses]
    return SeedResult(seed, distances[0], min(distances), len(poses), poses[0].score, poses[0].site)
