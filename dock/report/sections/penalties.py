"""Parameters of ligands that were borrowed from unlike atom types."""

from __future__ import annotations

from typing import Any

from dock.forcefield.parameters import HIGH_PENALTY
from dock.report.content import ReportContent


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return the terms of a high penalty and the others."""
    rows = content.rows("penalties")
    if not rows:
        return None
    high = [row for row in rows if row["score"] >= HIGH_PENALTY]
    low = [row for row in rows if row["score"] < HIGH_PENALTY]
    return {"high": high, "low": low, "high_penalty": HIGH_PENALTY}
