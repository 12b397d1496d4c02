"""Whether known poses are found again, seed by seed."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent
from dock.report.words import listed


def values(content: ReportContent) -> dict[str, Any]:
    """Return the rows, and the sites of which no pose is known."""
    rows = content.rows("gate")
    failed = list(dict.fromkeys(row["receptor"] for row in rows if not row["passed"]))
    return {
        "rows": rows,
        "failed": failed,
        "distrusted": content.of(listed(failed)),
        "accepted": content.gate_accepted,
        "unknown": [
            f"{site} site{content.of(name)}"
            for name, site in content.places
            if (name, site) not in content.gated_sites
        ],
    }
