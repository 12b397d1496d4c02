"""Settling: whether the temperature at the end of an equilibration is that of the bath."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

INTERVAL = 0.1  # ps between looks at the temperature; it forgets itself within some tens of femtoseconds
FEWEST = 5  # looks that say anything
SIGMAS = 2.0  # standard errors that the mean may be off


class Settling:
    """The temperatures of the last stretch of an equilibration.

    Parameters
    ----------
    bath
        Its temperature, in K.
    freedom
        Degrees of freedom of the system. A temperature T of f degrees of freedom fluctuates by
        T sqrt(2 / f) (canonical ensemble).
    timestep
        In ps.
    """

    def __init__(self, bath: float, freedom: int, timestep: float) -> None:
        self.every = max(1, round(INTERVAL / timestep))  # steps
        self._bath, self._spread = bath, bath * sqrt(2 / max(1, freedom))
        self._seen: list[float] = []

    def look(self, temperature: float) -> None:
        """Take note of a temperature, in K."""
        self._seen.append(temperature)

    def start_again(self) -> None:
        """Forget what was seen: a new stretch begins."""
        self._seen.clear()

    def tells(self, steps: int) -> bool:
        """Return whether a stretch of so many steps is long enough to say anything."""
        return steps // self.every >= FEWEST

    @property
    def settled(self) -> bool:
        """Whether the mean is that of the bath within two standard errors."""
        if len(self._seen) < FEWEST:
            return False
        return bool(abs(np.mean(self._seen) - self._bath) <= SIGMAS * self._spread / sqrt(len(self._seen)))

    def record(self) -> dict[str, Any]:
        """Return the verdict as plain values; None where too little was seen for one."""
        told = len(self._seen) >= FEWEST
        return {
            "settled": self.settled if told else None,
            "settling_temperature_K": round(float(np.mean(self._seen)), 1) if told else None,
        }
