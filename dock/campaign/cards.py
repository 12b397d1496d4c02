"""Cards: several simulations on one GPU where each is too small to fill it."""

from __future__ import annotations

from collections.abc import Iterable

from dock.campaign.plan import Task

# The part of a card that a simulation is taken to fill: a thousand atoms leave most of it idle, a membrane none.
SHARES = {"site": 1 / 8, "implicit": 1 / 2, "membrane": 1.0}
USERS = ("simulate", "analyse", "refine", "membrane")


class Cards:
    """The cards of a machine, and what runs on each.

    Parameters
    ----------
    names
        Their indices, as text.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._running: dict[str, dict[str, float]] = {name: {} for name in names}

    def __bool__(self) -> bool:
        return bool(self._running)

    def take(self, task: Task) -> str | None:
        """Give a task the card with the most room on it, or None while every card is full.

        What needs no card gets one all the same, and takes no room on it.
        """
        card = min(self._running, key=lambda name: sum(self._running[name].values()))
        load, share = sum(self._running[card].values()), _share(task)
        if load > 0 and load + share > 1.0 + 1e-9:
            return None
        self._running[card][task.key] = share
        return card

    def release(self, task: Task) -> None:
        """Take a task that has ended off its card."""
        for tasks in self._running.values():
            tasks.pop(task.key, None)


def _share(task: Task) -> float:
    """Return the part of a card that a task fills."""
    if task.kind not in USERS:
        return 0.0
    if task.kind == "membrane":
        return SHARES["membrane"]
    return SHARES[task.inputs["settings"]["system"]["kind"] if task.kind == "simulate" else "site"]
