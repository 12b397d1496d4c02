"""Whether ions stay in place."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return a row for each ion and complex."""
    rows = [row | {"complex": content.label(row)} for row in content.rows("ions")]
    return {"rows": rows} if rows else None
