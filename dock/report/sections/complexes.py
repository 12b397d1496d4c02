"""The complexes, each with its docked pose and its averages."""

from __future__ import annotations

from typing import Any

from dock.analysis.measures import measured
from dock.analysis.measures.energies import INTERACTION
from dock.report.content import ReportComplex, ReportContent
from dock.report.words import MISSING, Row, number

ENERGY = INTERACTION.name


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return a row for each complex, and what speaks against some."""
    rows = [_row(content, complex_) for complex_ in content.complexes]
    if not rows:
        return None
    energies = [row for row in content.rows("simulations") if row["quantity"] == ENERGY]
    return {
        "rows": rows,
        "doubts": content.doubts,
        "broken": [row | {"complex": content.label(row)} for row in energies if row["replicas_lost"]],
        "quantities": [quantity for quantity in measured().values() if not quantity.part],
        "corrected": any(row["outside"] is not None for row in rows),
        "frozen": "site" in content.kinds,
        "missing": MISSING,
    }


def _row(content: ReportContent, complex_: ReportComplex) -> Row:
    """Return what is shown of a complex: its docked pose and its averages by quantity."""
    means = {row["quantity"]: row for row in content.rows_of("simulations", complex_)}
    label = content.label(complex_.subject)
    return complex_.subject | {
        "complex": label,
        "pose": complex_.poses[complex_.best],
        "doubt": content.doubts.get(label, ""),
        "averages": {
            name: _average(means.get(name), quantity.digits) for name, quantity in measured().items()
        },
        "anchor": content.anchors.get(complex_.place, MISSING),
        "outside": _correction(complex_),
        "samples": means.get(ENERGY, {}).get("independent_samples"),
    }


def _average(row: Row | None, digits: int) -> str:
    """Format a mean with its error, with a dash for what was not measured."""
    return MISSING if row is None else f"{number(row['mean'], digits)} ± {number(row['error'], digits)}"


def _correction(complex_: ReportComplex) -> float | None:
    """Return what the rest of the receptor adds to the interaction energy; None where nothing is left out."""
    if complex_.corrections is None or not len(complex_.corrections):
        return None
    return float(complex_.corrections[ENERGY].mean())
