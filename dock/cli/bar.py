"""The live bar of a long command, and how it says the time left."""

from __future__ import annotations

import time

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

TOLD_EVERY = 10.0  # seconds, where there is no terminal


def make_bar() -> Progress:
    """Return a bar with a description and the time left; it is disabled where there is no terminal."""
    console = Console()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
        disable=not console.is_terminal,
    )


def time_left(elapsed: float, fraction: float) -> str:
    """Return the time left, by the pace so far; nothing while too little is done to tell.

    Parameters
    ----------
    elapsed
        In seconds.
    fraction
        What is done of the whole.
    """
    if fraction < 0.02:
        return ""
    seconds = max(0.0, elapsed * (1 - fraction) / fraction)
    return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"


class StreamBar:
    """Shows how far a stream of unknown length is: a live bar on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._bar = make_bar()
        self._line = self._bar.add_task("starting", total=1.0, left="")
        self._started = self._told = time.monotonic()

    def __enter__(self) -> StreamBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, fraction: float, text: str) -> None:
        """Show a fraction, from 0 to 1, and what it means."""
        now = time.monotonic()
        left = time_left(now - self._started, fraction)
        if not self._bar.disable:
            self._bar.update(self._line, completed=fraction, description=text, left=left)
        elif now - self._told > TOLD_EVERY:
            self._told = now
            click.echo(f"{time.strftime('%H:%M:%S')} {text}{', ' if left else ''}{left}")

    def say(self, text: str, err: bool = False) -> None:
        """Print a line that stays."""
        if self._bar.disable:
            click.echo(text, err=err)
        else:
            self._bar.console.print(text, markup=False, highlight=False)
