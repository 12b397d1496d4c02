"""Where the receptor's preparation had to guess."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return the warnings by receptor; None where there are none."""
    guessed = {
        receptor.record.get("title", name) + (f" ({name})" if content.several else ""): receptor.record[
            "warnings"
        ]
        for name, receptor in content.receptors.items()
        if receptor.record.get("warnings")
    }
    return {"guessed": guessed} if guessed else None
