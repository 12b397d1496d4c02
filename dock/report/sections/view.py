"""Poses and last frames in 3D: what to choose from."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent
from dock.report.view import viewer_script


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return whether the viewer came with the installation."""
    return {"installed": viewer_script() is not None} if content.complexes else None
