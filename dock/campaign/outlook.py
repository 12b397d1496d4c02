"""The outlook: what of a campaign is done, what is left, and what that will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dock.workflow.step import Step
from dock.workflow.store import Store


@dataclass(frozen=True)
class Outlook:
    """The steps of a kind.

    Attributes
    ----------
    kind : str
    planned, done, failed : int
    core_seconds : float
        That the others will take, on the machine in benchmarks/RESULTS.md.
    disk : float
        That all of them will take, in MB.
    """

    kind: str
    planned: int
    done: int
    failed: int
    core_seconds: float
    disk: float

    @property
    def left(self) -> int:
        """How many are neither done nor failed."""
        return self.planned - self.done - self.failed


def outlook(steps: Sequence[Step[Any]], store: Store) -> list[Outlook]:
    """Return the outlook for each kind of step, in the order of the plan."""
    rows = []
    for kind in dict.fromkeys(step.kind for step in steps):
        planned = [step for step in steps if step.kind == kind]
        done = store.done(planned)
        failed = sum(store.failure(step) is not None for step in planned)
        ended = {id(step) for step in done}
        left = sum(step.resources.cost for step in planned if id(step) not in ended)
        disk = sum(step.resources.disk for step in planned)
        rows.append(Outlook(kind, len(planned), len(done), failed, left, disk))
    return rows
