"""Progress of a campaign: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from dock.cli.bar import make_bar, time_left
from dock.workflow.execution import Event
from dock.workflow.step import Step

if TYPE_CHECKING:
    from dock.campaign.campaign import Campaign


class Progress:
    """Shows the events of a campaign, with the time left.

    Parameters
    ----------
    campaign
        The costs of its steps weigh the progress.
    """

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._steps: list[Step[Any]] = []
        self._ended = 0
        self._fractions: dict[str, float] = {}
        self._kept = 0.0
        self._started = time.monotonic()
        self._bar = make_bar()
        self._line = self._bar.add_task("starting", total=None, left="")
        self._follow_plan()

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
        self._follow_plan()
        key = self._campaign.store.key(event.step)
        if event.kind == "progress":
            self._fractions[key] = event.fraction
        elif event.kind == "stopped":
            self._say(event)
        elif event.kind != "started":
            self._fractions[key] = 1.0
            self._ended += 1
            if event.kind == "kept":
                self._kept += self._costs[key]
            self._say(event)
        self._bar.update(
            self._line,
            completed=self._done(),
            description=f"{self._ended}/{len(self._steps)} steps",
            left=self._left(),
        )

    def _follow_plan(self) -> None:
        """Take in what is planned by now."""
        if self._campaign.steps is not self._steps:
            self._steps = self._campaign.steps
            self._costs = {self._campaign.store.key(step): step.resources.cost for step in self._steps}
            self._total = sum(self._costs.values())
            self._bar.update(self._line, total=self._total)

    def _done(self) -> float:
        return sum(self._costs[key] * fraction for key, fraction in self._fractions.items())

    def _left(self) -> str:
        """Time left, by the pace so far; what was kept from an earlier run sets no pace."""
        elapsed = time.monotonic() - self._started
        return time_left(elapsed, (self._done() - self._kept) / (self._total - self._kept or 1))

    def _say(self, event: Event) -> None:
        words = {"done": "done", "kept": "kept", "failed": "FAILED", "stopped": "stopped in time"}[event.kind]
        text = f"[{self._ended}/{len(self._steps)}] {words}: {event.step.label}"
        if self._bar.disable:
            left = self._left() if event.kind == "done" else ""
            click.echo(f"{time.strftime('%H:%M:%S')} {text}{', ' if left else ''}{left}")
        else:
            self._bar.console.print(text, markup=False, highlight=False)
