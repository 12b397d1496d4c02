"""What the numbers cannot say."""

from __future__ import annotations

from typing import Any

from dock.report.content import ReportContent
from dock.report.pockets import mirror_images, mirror_sentence
from dock.systems.coordination import WALLED


def values(content: ReportContent) -> dict[str, Any]:
    """Return what its sentences depend on."""
    scores = [
        row | {"second": f"{row['second']}{content.of(row['receptor'])}"}
        for row in content.rows("comparisons")
        if row["kind"] == "enantiomer" and row["quantity"] == "docking_score_kcal_mol"
    ]
    return {
        "enantiomer_scores": scores,
        "mirrored": [mirror_sentence(*names) for names in mirror_images(content)],
        "simulated_time": content.simulated_time,
        "kinds": content.kinds,
        "walled": bool(WALLED & content.kinds),
    }
