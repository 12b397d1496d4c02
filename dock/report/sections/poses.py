"""The poses that are kept."""

from __future__ import annotations

from typing import Any

from dock.dynamics.refinement import RESOLUTION
from dock.report.content import ReportContent


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return a row for each, and from which difference on refined energies decide."""
    rows = content.rows("poses")
    refined = any(row["refined"] for row in rows)
    return {"rows": rows, "refined": refined, "refinement_resolution": RESOLUTION} if rows else None
