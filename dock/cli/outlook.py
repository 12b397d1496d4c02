"""The outlook of a campaign as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dock.campaign.campaign import Campaign


def lines(campaign: Campaign) -> Iterator[str]:
    """Yield a line for each kind of step, and one for all."""
    from dock.campaign.outlook import outlook

    rows = outlook(campaign.steps, campaign.store)
    yield f"{'':12}{'planned':>8}{'done':>8}{'failed':>8}{'left':>8}{'core time left':>16}{'disk':>10}"
    for row in rows:
        counts = f"{row.planned:8}{row.done:8}{row.failed:8}{row.left:8}"
        yield f"{row.kind:12}{counts}{_time(row.core_seconds):>16}{_size(row.disk):>10}"
    total = [sum(getattr(row, name) for row in rows) for name in ("planned", "done", "failed", "left")]
    seconds, disk = (sum(getattr(row, name) for row in rows) for name in ("core_seconds", "disk"))
    yield f"{'all':12}{''.join(f'{count:8}' for count in total)}{_time(seconds):>16}{_size(disk):>10}"
    for step in campaign.to_follow:
        yield f"more will be planned after: {step.label}"


def _time(seconds: float) -> str:
    if not seconds:
        return "-"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _size(megabytes: float) -> str:
    return f"{megabytes:.0f} MB" if megabytes < 2000 else f"{megabytes / 1000:.1f} GB"
