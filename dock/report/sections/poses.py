"""The poses that are kept."""

from __future__ import annotations

from typing import Any

from dock.dynamics.refinement import RESOLUTION
from dock.report.content import ReportContent
from dock.report.words import MISSING, known


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return a row for each, and from which difference on refined energies decide."""
    rows = [row | {"found": _found(row["found_by"])} for row in content.rows("poses")]
    if not rows:
        return None
    refined = any(row["refined"] for row in rows)
    return {"rows": rows, "refined": refined, "refinement_resolution": RESOLUTION, "missing": MISSING}


def _found(share: Any) -> str:
    """Say what share of the searches found a pose; of one that was brought along none did."""
    return f"{100 * share:.0f} %" if known(share) else MISSING
