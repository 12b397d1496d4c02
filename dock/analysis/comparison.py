"""Comparisons: site against site for one ligand, enantiomer against enantiomer in one site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from dock.analysis.statistics import Average, difference
from dock.ligands import stereo

if TYPE_CHECKING:
    import pandas as pd

    from dock.docking.pose import Pose

CONFIDENCE = 0.95
OCCUPIED = 0.5  # a residue touched in at least half of the frames belongs to the fingerprint

# What a pose carries that means the same for any ligand and site.
OF_POSES = (
    "cnn_probability", "cnn_affinity_pK", "vinardo_kcal_mol", "strain_kcal_mol", "refined_interaction_kcal_mol",
    "refined_strain_kcal_mol",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class MeasuredComplex:
    """What is compared: a ligand in a site, with its averages and contacts.

    Attributes
    ----------
    ligand, site, smiles : str
    occupied : str
        What lay in other sites, as ``orthosteric: escitalopram``; empty if nothing did.
    averages : mapping of str to Average
        By quantity, its unit in the name.
    docked : mapping of str to float
        Numbers of the docked pose that carry no error, such as its score.
    occupancies : mapping of str to float
        Contact occupancy by residue.
    """

    ligand: str
    site: str
    smiles: str
    averages: Mapping[str, Average]
    docked: Mapping[str, float]
    occupancies: Mapping[str, float]
    occupied: str = ""

    @classmethod
    def from_pose(
        cls, pose: Pose, averages: Mapping[str, Average], contacts: pd.DataFrame
    ) -> MeasuredComplex:
        """Return what was measured of the complex whose simulation started from `pose`.

        Parameters
        ----------
        contacts : pandas.DataFrame
            Columns residue and occupancy.
        """
        return cls(
            pose.ligand.name,
            pose.site,
            pose.ligand.smiles,
            averages,
            {
                "docking_score_kcal_mol": pose.score,
                **{name: value for name, value in pose.properties.items() if name in OF_POSES},
            },
            dict(zip(contacts["residue"], contacts["occupancy"], strict=True)),
            pose.occupied,
        )

    @property
    def label(self) -> str:
        """Ligand and site in words."""
        beside = f" beside {self.occupied}" if self.occupied else ""
        return f"{self.ligand} in {self.site}{beside}"


def compare(complexes: Sequence[MeasuredComplex]) -> pd.DataFrame:
    """Compare every pair that differs in one thing only.

    Pairs are the same ligand in two sites (``site``), and two stereoisomers in the same site
    (``enantiomer`` for mirror images, ``diastereomer`` otherwise). Complexes with an occupied site are
    compared with those in which the same lies there; not with empty ones, since a site system of two
    ligands is larger, which alone changes the interaction energy.

    Returns
    -------
    pandas.DataFrame
        Columns kind, first, second, quantity, first_value, second_value, difference (first
        less second), error, resolved, similarity. A difference is resolved if it exceeds the
        95 % bound of Student's t for its error and the smaller number of independent samples;
        the error knows of fluctuations within the trajectories only. Numbers of the docked
        pose have no error and are never resolved. ``similarity`` is the Tanimoto similarity of
        the contact fingerprints, in the row ``contacts`` alone.
    """
    import pandas as pd

    rows = [
        {"kind": kind, "first": one.label, "second": two.label, **row}
        for one, two in combinations(complexes, 2)
        if (kind := _kind(one, two))
        for row in [*_averages(one, two), *_docked(one, two), _contacts(one, two)]
    ]
    columns = [
        "kind", "first", "second", "quantity", "first_value", "second_value", "difference",
        "error", "resolved", "similarity",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def fingerprint_similarity(one: Mapping[str, float], two: Mapping[str, float]) -> float:
    """Return the Tanimoto similarity of two contact fingerprints.

    A residue is in a fingerprint if it is touched in at least half of the frames. Two empty
    fingerprints give NaN.
    """
    first, second = ({r for r, o in each.items() if o >= OCCUPIED} for each in (one, two))
    union = first | second
    return len(first & second) / len(union) if union else nan


def _kind(one: MeasuredComplex, two: MeasuredComplex) -> str | None:
    if one.occupied != two.occupied:
        return None
    if one.ligand == two.ligand and one.site != two.site:
        return "site"
    if one.site == two.site and one.smiles != two.smiles:
        return stereo.relation(one.smiles, two.smiles)
    return None


def _averages(one: MeasuredComplex, two: MeasuredComplex) -> list[dict[str, Any]]:
    rows = []
    for quantity in one.averages:
        if quantity not in two.averages:
            continue
        gap, error = difference(one.averages[quantity], two.averages[quantity])
        first, second = one.averages[quantity].mean, two.averages[quantity].mean
        freedom = min(one.averages[quantity].samples, two.averages[quantity].samples) - 1
        resolved = isfinite(error) and abs(gap) > _student(freedom) * error
        rows.append(_row(quantity, first, second, gap, error, resolved))
    return rows


def _docked(one: MeasuredComplex, two: MeasuredComplex) -> list[dict[str, Any]]:
    return [
        _row(name, one.docked[name], two.docked[name], one.docked[name] - two.docked[name], nan, False)
        for name in one.docked
        if name in two.docked
    ]


def _contacts(one: MeasuredComplex, two: MeasuredComplex) -> dict[str, Any]:
    similarity = fingerprint_similarity(one.occupancies, two.occupancies)
    first, second = (float(sum(o >= OCCUPIED for o in each.occupancies.values())) for each in (one, two))
    return _row("contacts", first, second, first - second, nan, False) | {"similarity": similarity}


def _student(freedom: float) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))


def _row(
    quantity: str, first: float, second: float, gap: float, error: float, resolved: bool
) -> dict[str, Any]:
    return {
        "quantity": quantity,
        "first_value": first,
        "second_value": second,
        "difference": gap,
        "error": error,
        "resolved": bool(resolved),
        "similarity": nan,
    }
