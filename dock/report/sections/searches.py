"""The searches that failed, where others of the same docking did not."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return a row for each docking and engine, and the number of all searches."""
    every = content.rows("searches")
    rows = [row for row in every if row["failed"]]
    return {"rows": rows, "searches": sum(row["searches"] for row in every)} if rows else None
