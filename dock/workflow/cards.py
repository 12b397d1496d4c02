"""Cards: several steps on one GPU where each is too small to fill it."""

from __future__ import annotations

from collections.abc import Iterable


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

    def take(self, key: str, share: float) -> str | None:
        """Give what fills a share of a card the one with the most room on it, or None while every card is full.

        What needs no card gets one all the same, and takes no room on it.
        """
        card = min(self._running, key=lambda name: sum(self._running[name].values()))
        load = sum(self._running[card].values())
        if load > 0 and load + share > 1.0 + 1e-9:
            return None
        self._running[card][key] = share
        return card

    def release(self, key: str) -> None:
        """Take what has ended off its card."""
        for running in self._running.values():
            running.pop(key, None)
