"""The steps that failed."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return a row for each."""
    rows = content.rows("failures")
    return {"rows": rows, "failed": content.failed, "planned": content.planned} if rows else None
