"""Docking beside an occupied site."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return a row for each docking."""
    rows = content.rows("occupancy")
    return {"rows": rows} if rows else None
