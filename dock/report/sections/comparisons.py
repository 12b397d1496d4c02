"""Comparisons, pair by pair."""

from __future__ import annotations

from typing import Any

from dock.analysis.measures import measured
from dock.core.quantities import OF_POSES
from dock.report.content import ReportContent

NAMES = {quantity.name: quantity.heading for quantity in (*measured().values(), *OF_POSES)}
KINDS = {
    "site": "Site against site, the same ligand",
    "enantiomer": "Enantiomer against enantiomer, the same site",
    "diastereomer": "Diastereomer against diastereomer, the same site",
}


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return the rows by their kind, and who takes no part."""
    rows = [
        row | {"heading": NAMES.get(row["quantity"], row["quantity"])} for row in content.rows("comparisons")
    ]
    if not rows and not content.doubts:
        return None
    kinds = {heading: [row for row in rows if row["kind"] == kind] for kind, heading in KINDS.items()}
    return {"doubts": content.doubts, "kinds": {heading: rows for heading, rows in kinds.items() if rows}}
