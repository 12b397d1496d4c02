"""The ligands, and what was measured of them elsewhere."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent


def values(content: ReportContent) -> dict[str, Any]:
    """Return their records."""
    return {"ligands": content.ligands}
