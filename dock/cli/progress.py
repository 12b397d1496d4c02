"""Progress of a campaign: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

import click

from dock.campaign.executor import Event
from dock.campaign.plan import Task
from dock.cli.bar import make_bar, time_left


class Progress:
    """Shows the events of a campaign, with the time left.

    Parameters
    ----------
    tasks
        Every task of the campaign; their costs weigh the progress.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._total = sum(task.cost for task in tasks)
        self._count = len(tasks)
        self._ended = 0
        self._fractions: dict[str, float] = {}
        self._costs = {task.key: task.cost for task in tasks}
        self._kept = 0.0
        self._started = time.monotonic()
        self._bar = make_bar()
        self._line = self._bar.add_task("starting", total=self._total, left="")

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Take in an event."""
        key = event.task.key
        if event.what == "progress":
            self._fractions[key] = event.fraction
        elif event.what == "stopped":
            self._say(event)
        elif event.what != "started":
            self._fractions[key] = 1.0
            self._ended += 1
            if event.what == "kept":
                self._kept += self._costs[key]
            self._say(event)
        self._bar.update(
            self._line,
            completed=self._done(),
            description=f"{self._ended}/{self._count} tasks",
            left=self._left(),
        )

    def _done(self) -> float:
        return sum(self._costs[key] * fraction for key, fraction in self._fractions.items())

    def _left(self) -> str:
        """Time left, by the pace so far; what was kept from an earlier run sets no pace."""
        elapsed = time.monotonic() - self._started
        return time_left(elapsed, (self._done() - self._kept) / (self._total - self._kept or 1))

    def _say(self, event: Event) -> None:
        words = {"done": "done", "kept": "kept", "failed": "FAILED", "stopped": "stopped in time"}[event.what]
        text = f"[{self._ended}/{self._count}] {words}: {event.task.label}"
        if self._bar.disable:
            left = self._left() if event.what == "done" else ""
            click.echo(f"{time.strftime('%H:%M:%S')} {text}{', ' if left else ''}{left}")
        else:
            self._bar.console.print(text, markup=False, highlight=False)
