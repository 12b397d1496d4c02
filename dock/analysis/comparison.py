"""Comparisons: site against site for one ligand, enantiomer against enantiomer in one site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import hypot, isfinite, isnan, nan
from typing import TYPE_CHECKING, Any

from dock.analysis.measures import measured
from dock.analysis.statistics import Average, Spread, difference, moderated, pooled_spread
from dock.ligands import stereo

if TYPE_CHECKING:
    import pandas as pd

    from dock.docking.pose import Pose

CONFIDENCE = 0.95
OCCUPIED = 0.5  # a residue touched in at least half of the frames belongs to the fingerprint

# What means something in its own site only.
OF_A_SITE = frozenset(name for name, quantity in measured().items() if quantity.of_a_site)
# What is known of each quantity: how much replicas differ, and what freezing and cutting the receptor costs.
REPLICAS_DIFFER_BY = {
    name: spread for name, quantity in measured().items() if (spread := quantity.replicas_differ_by)
}
CUT_ERROR = {
    name: error for name, quantity in measured().items() if (error := quantity.cut_error) is not None
}

# What a pose carries that means the same for any ligand and site: the strain of docking counts from another zero in
# every search.
OF_POSES = ("cnn_probability", "cnn_affinity_pK", "vinardo_kcal_mol")
REFINED_STRAIN = "refined_strain_kcal_mol"
SCORE = "docking_score_kcal_mol"


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
        Numbers of the pose that was simulated which carry no error, such as its score.
    occupancies : mapping of str to float
        Contact occupancy by residue.
    atoms : str
        What tells whether two complexes were simulated with the same atoms of the receptor.
    kind : str
        Of the system: ``site``, ``implicit`` or ``membrane``.
    engine : str
        Whose score it is: those of two engines are not compared.
    doubt : str
        Why it is not credible, as where an ion left its place; empty if nothing speaks against it.
    receptor : str
        Name of the receptor.
    """

    ligand: str
    site: str
    smiles: str
    averages: Mapping[str, Average]
    docked: Mapping[str, float]
    occupancies: Mapping[str, float]
    occupied: str = ""
    atoms: str = ""
    doubt: str = ""
    kind: str = ""
    engine: str = ""
    receptor: str = ""

    @classmethod
    def from_pose(
        cls,
        pose: Pose,
        averages: Mapping[str, Average],
        contacts: pd.DataFrame,
        atoms: str = "",
        doubt: str = "",
        kind: str = "",
        receptor: str = "",
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
            _of_pose(pose),
            dict(zip(contacts["residue"], contacts["occupancy"], strict=True)),
            pose.occupied,
            atoms,
            doubt,
            kind,
            pose.engine,
            receptor,
        )

    @property
    def label(self) -> str:
        """Ligand and site in words."""
        beside = f" beside {self.occupied}" if self.occupied else ""
        return f"{self.ligand} in {self.site}{beside}"


def compare(complexes: Sequence[MeasuredComplex]) -> pd.DataFrame:
    """Compare every pair of a receptor that differs in one thing only.

    Pairs are the same ligand in two sites (``site``), and two stereoisomers in the same site
    (``enantiomer`` for mirror images, ``diastereomer`` otherwise). Complexes with an occupied site are
    compared with those in which the same lies there; not with empty ones. One that is not credible takes
    part in nothing. What means another thing in another site, as the distance to the site's own anchor, is
    compared within a site only; averages of one site only where the same atoms of the receptor were simulated.

    Returns
    -------
    pandas.DataFrame
        Columns receptor, kind, first, second, quantity, first_value, second_value, difference (first
        less second), error, resolved, similarity. A difference is resolved if it exceeds the
        95 % bound of Student's t for its error, which is that of `with_known_spread`. Numbers of the docked
        pose have no error and are never resolved. ``similarity`` is the Tanimoto similarity of
        the contact fingerprints, in the row ``contacts`` alone.
    """
    import pandas as pd

    credible = [complex_ for complex_ in with_known_spread(complexes) if not complex_.doubt]
    rows = [
        {"receptor": first.receptor, "kind": kind, "first": first.label, "second": second.label, **row}
        for first, second in combinations(credible, 2)
        if (kind := _kind(first, second))
        for row in [*_averages(first, second), *_docked(first, second), _contacts(first, second)]
    ]
    columns = [
        "receptor", "kind", "first", "second", "quantity", "first_value", "second_value", "difference",
        "error", "resolved", "similarity",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def with_known_spread(complexes: Sequence[MeasuredComplex]) -> list[MeasuredComplex]:
    """Return complexes whose errors know how much replicas differ, in the others and in what was measured before.

    These are pooled (`REPLICAS_DIFFER_BY`; `dock.analysis.statistics.moderated`). To the errors of site
    systems is added, as an independent one, what freezing and cutting the receptor costs (`CUT_ERROR`).
    """
    known = {
        name: pooled_spread(
            [
                complex_.averages[name]
                for complex_ in complexes
                if name in complex_.averages and not complex_.doubt
            ],
            spread,
        )
        for name, spread in REPLICAS_DIFFER_BY.items()
    }
    return [
        replace(
            complex_,
            averages={
                name: _known_error(value, name, known[name], complex_.kind) if name in known else value
                for name, value in complex_.averages.items()
            },
        )
        for complex_ in complexes
    ]


def _known_error(value: Average, name: str, pooled: Spread, kind: str) -> Average:
    value = moderated(value, pooled, REPLICAS_DIFFER_BY[name].freedom)
    return replace(value, error=hypot(value.error, CUT_ERROR.get(name, 0.0))) if kind == "site" else value


def fingerprint_similarity(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Return the Tanimoto similarity of two contact fingerprints.

    A residue is in a fingerprint if it is touched in at least half of the frames. Two empty
    fingerprints give NaN.
    """
    residues, others = (
        {r for r, o in occupancies.items() if o >= OCCUPIED} for occupancies in (first, second)
    )
    union = residues | others
    return len(residues & others) / len(union) if union else nan


def _kind(first: MeasuredComplex, second: MeasuredComplex) -> str | None:
    if (first.receptor, first.occupied) != (second.receptor, second.occupied):
        return None
    if first.ligand == second.ligand and first.site != second.site:
        return "site"
    if first.site == second.site and first.smiles != second.smiles:
        return stereo.relation(first.smiles, second.smiles)
    return None


def _averages(first: MeasuredComplex, second: MeasuredComplex) -> list[dict[str, Any]]:
    if first.site == second.site and first.atoms != second.atoms:
        return []
    rows = []
    for quantity in first.averages:
        if quantity not in second.averages or (quantity in OF_A_SITE and first.site != second.site):
            continue
        gap, error = difference(first.averages[quantity], second.averages[quantity])
        first_mean, second_mean = first.averages[quantity].mean, second.averages[quantity].mean
        freedom = min(measured.averages[quantity].degrees_of_freedom for measured in (first, second))
        resolved = isfinite(error) and abs(gap) > _student(freedom) * error
        rows.append(_row(quantity, first_mean, second_mean, gap, error, resolved))
    return rows


def _docked(first: MeasuredComplex, second: MeasuredComplex) -> list[dict[str, Any]]:
    return [
        _row(
            name,
            first.docked[name],
            second.docked[name],
            first.docked[name] - second.docked[name],
            nan,
            False,
        )
        for name in first.docked
        if name in second.docked and (name != SCORE or first.engine == second.engine)
    ]


def _of_pose(pose: Pose) -> dict[str, float]:
    """Return the numbers of a pose that can be compared: of a refined one, which no engine scored where it lies, its strain."""
    if REFINED_STRAIN in pose.properties:
        return {REFINED_STRAIN: pose.properties[REFINED_STRAIN]}
    known = {name: pose.properties[name] for name in OF_POSES if name in pose.properties}
    return known if isnan(pose.score) else {SCORE: pose.score, **known}


def _contacts(first: MeasuredComplex, second: MeasuredComplex) -> dict[str, Any]:
    similarity = fingerprint_similarity(first.occupancies, second.occupancies)
    first_count, second_count = (
        float(sum(o >= OCCUPIED for o in measured.occupancies.values())) for measured in (first, second)
    )
    return _row("contacts", first_count, second_count, first_count - second_count, nan, False) | {
        "similarity": similarity
    }


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
