"""The section of RESULTS.md that a benchmark script owns."""

from __future__ import annotations

from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def replace_section(script: str, text: str) -> None:
    """Put `text` between the markers of a script in RESULTS.md."""
    begin, end = (f"<!-- {script} {word} -->" for word in ("begins", "ends"))
    before, rest = RESULTS.read_text().split(begin)
    RESULTS.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")
