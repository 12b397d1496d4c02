"""Comparisons: site against site for one ligand, enantiomer against enantiomer in one site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import hypot, isfinite, nan
from typing import TYPE_CHECKING, Any

from dock.analysis.statistics import Average, Spread, difference, moderated, pooled_spread
from dock.ligands import stereo

if TYPE_CHECKING:
    import pandas as pd

    from dock.docking.pose import Pose

CONFIDENCE = 0.95
OCCUPIED = 0.5  # a residue touched in at least half of the frames belongs to the fingerprint

# What means something in its own site only.
OF_A_SITE = frozenset({"anchor_distance_A"})
# Standard deviation of the means of replicas of one complex: of the most variable of four site systems, citalopram in
# SERT, 4 ps, six replicas each and more, by benchmarks/replicas.py (benchmarks/RESULTS.md). However well it is known
# of that one, it counts for five degrees of freedom: complexes truly differ in how much their replicas do.
REPLICAS_DIFFER_BY = {
    "ligand_rmsd_A": Spread(0.26, 5.0),
    "anchor_distance_A": Spread(0.42, 5.0),
    "interaction_kcal_mol": Spread(3.4, 5.0),
    "vdw_kcal_mol": Spread(1.4, 5.0),
    "electrostatic_kcal_mol": Spread(3.9, 5.0),
}
# What freezing and cutting the receptor still costs, beyond what `cut_corrections` takes out: by how much the four
# complexes are off, root mean square, in a larger site (residues within 12 A kept, 8 A mobile, instead of 8 and 5),
# less what the scatter of replicas alone would give, and one standard error more (benchmarks/replicas.py).
CUT_ERROR = {
    "ligand_rmsd_A": 0.17,
    "anchor_distance_A": 0.15,
    "interaction_kcal_mol": 1.4,
    "vdw_kcal_mol": 1.3,
    "electrostatic_kcal_mol": 0.6,
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

    @classmethod
    def from_pose(
        cls,
        pose: Pose,
        averages: Mapping[str, Average],
        contacts: pd.DataFrame,
        atoms: str = "",
        doubt: str = "",
        kind: str = "",
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
    compared with those in which the same lies there; not with empty ones. One that is not credible takes
    part in nothing. What means another thing in another site, as the distance to the site's own anchor, is
    compared within a site only; averages of one site only where the same atoms of the receptor were simulated.

    Returns
    -------
    pandas.DataFrame
        Columns kind, first, second, quantity, first_value, second_value, difference (first
        less second), error, resolved, similarity. A difference is resolved if it exceeds the
        95 % bound of Student's t for its error, which is that of `with_known_spread`. Numbers of the docked
        pose have no error and are never resolved. ``similarity`` is the Tanimoto similarity of
        the contact fingerprints, in the row ``contacts`` alone.
    """
    import pandas as pd

    credible = [one for one in with_known_spread(complexes) if not one.doubt]
    rows = [
        {"kind": kind, "first": one.label, "second": two.label, **row}
        for one, two in combinations(credible, 2)
        if (kind := _kind(one, two))
        for row in [*_averages(one, two), *_docked(one, two), _contacts(one, two)]
    ]
    columns = [
        "kind", "first", "second", "quantity", "first_value", "second_value", "difference",
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
            [one.averages[name] for one in complexes if name in one.averages and not one.doubt], spread
        )
        for name, spread in REPLICAS_DIFFER_BY.items()
    }
    return [
        replace(
            one,
            averages={
                name: _known_error(value, name, known[name], one.kind) if name in known else value
                for name, value in one.averages.items()
            },
        )
        for one in complexes
    ]


def _known_error(value: Average, name: str, pooled: Spread, kind: str) -> Average:
    value = moderated(value, pooled, REPLICAS_DIFFER_BY[name].freedom)
    return replace(value, error=hypot(value.error, CUT_ERROR[name])) if kind == "site" else value


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
    if one.site == two.site and one.atoms != two.atoms:
        return []
    rows = []
    for quantity in one.averages:
        if quantity not in two.averages or (quantity in OF_A_SITE and one.site != two.site):
            continue
        gap, error = difference(one.averages[quantity], two.averages[quantity])
        first, second = one.averages[quantity].mean, two.averages[quantity].mean
        freedom = min(each.averages[quantity].degrees_of_freedom for each in (one, two))
        resolved = isfinite(error) and abs(gap) > _student(freedom) * error
        rows.append(_row(quantity, first, second, gap, error, resolved))
    return rows


def _docked(one: MeasuredComplex, two: MeasuredComplex) -> list[dict[str, Any]]:
    return [
        _row(name, one.docked[name], two.docked[name], one.docked[name] - two.docked[name], nan, False)
        for name in one.docked
        if name in two.docked and (name != SCORE or one.engine == two.engine)
    ]


def _of_pose(pose: Pose) -> dict[str, float]:
    """Return the numbers of a pose that can be compared: of a refined one, which no engine scored where it lies, its strain."""
    if REFINED_STRAIN in pose.properties:
        return {REFINED_STRAIN: pose.properties[REFINED_STRAIN]}
    known = {name: pose.properties[name] for name in OF_POSES if name in pose.properties}
    return {SCORE: pose.score, **known}


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
