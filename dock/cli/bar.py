"""The live bar of a long command, and how it says the time left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn


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
    seconds = elapsed * (1 - fraction) / fraction
    return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"
