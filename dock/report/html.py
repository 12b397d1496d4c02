"""The report as one HTML file that opens without a network."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from dock.core.files import write_text
from dock.report import sections
from dock.report.words import number

if TYPE_CHECKING:
    from dock.report.content import ReportContent

TEMPLATE = "report.html.j2"


def write_report(content: ReportContent, path: Path | str) -> None:
    """Write a report, atomically.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_text(path, render(content))


def render(content: ReportContent) -> str:
    """Return the report as HTML text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("dock", "report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    environment.globals["several"] = content.several
    shown = {name: import_module(f"{sections.__name__}.{name}").values(content) for name in sections.SECTIONS}
    return environment.get_template(TEMPLATE).render(
        content=content,
        sections=[
            environment.get_template(f"sections/{name}.html.j2").render(values)
            for name, values in shown.items()
            if values is not None
        ],
    )
