"""Settling: whether a temperature is that of the bath, by how much it fluctuates."""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

INTERVAL = 0.1  # ps between looks at the temperature
FEWEST = 5  # looks that say anything
SIGMAS = 2.0  # standard errors that the mean of a stretch may be off


def mean_temperature_error(bath: float, freedom: int, friction: float, length: float, looks: int) -> float:
    """Return the standard error of the mean temperature of one simulation, in K.

    A temperature T of f degrees of freedom fluctuates by T sqrt(2 / f) (canonical ensemble). Half of the variance
    is kinetic energy on its way to potential energy and back, forgotten from look to look; the other half is
    that of the total energy, which a Langevin bath forgets at the rate of its friction.

    Parameters
    ----------
    bath
        Its temperature, in K.
    freedom
        Degrees of freedom.
    friction
        In 1/ps.
    length
        Simulated time that the looks are spread over, in ps.
    looks
        How many there are.
    """
    memory = 1 / (friction * length)  # as a share of the length
    slow = 2 * memory * (1 - memory * (1 - exp(-1 / memory)))
    return bath * sqrt(2 / max(1, freedom)) * sqrt((1 / looks + slow) / 2)


class Settling:
    """The temperatures of the last stretch of an equilibration.

    Parameters
    ----------
    bath
        Its temperature, in K.
    freedom
        Degrees of freedom of the system.
    friction
        Of the bath, in 1/ps.
    timestep
        In ps.
    """

    def __init__(self, bath: float, freedom: int, friction: float, timestep: float) -> None:
        self.every = max(1, round(INTERVAL / timestep))  # steps
        self._bath, self._freedom, self._friction = bath, freedom, friction
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
        count = len(self._seen)
        if count < FEWEST:
            return False
        error = mean_temperature_error(self._bath, self._freedom, self._friction, count * INTERVAL, count)
        return bool(abs(np.mean(self._seen) - self._bath) <= SIGMAS * error)

    def record(self) -> dict[str, Any]:
        """Return the verdict as plain values; None where too little was seen for one."""
        enough = len(self._seen) >= FEWEST
        return {
            "settled": self.settled if enough else None,
            "settling_temperature_K": round(float(np.mean(self._seen)), 1) if enough else None,
        }
