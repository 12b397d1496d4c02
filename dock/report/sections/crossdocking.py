"""Known ligands docked into another structure."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent
from dock.report.pockets import cross_docking_findings


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return what it says, and the rows."""
    rows = content.rows("cross_docking")
    return {"findings": cross_docking_findings(content), "rows": rows} if rows else None
