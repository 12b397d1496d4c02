"""How the numbers were made: simulations, settings, software."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent
from dock.report.words import Row, known


def values(content: ReportContent) -> dict[str, Any]:
    """Return a row for each simulation, the settings and the versions."""
    rows = [row | {"complex": content.label(row), "settled": _settled(row)} for row in content.rows("runs")]
    return {"rows": rows, "settings": content.settings, "versions": content.versions}


def _settled(row: Row) -> str:
    """Say whether a simulation settled."""
    value = row.get("settled")
    return ("yes" if value else "no") if known(value) else "too short to tell"
