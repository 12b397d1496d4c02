"""Averages of correlated series, with their uncertainty and number of independent samples."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dock.core.errors import AnalysisError

MIN_SAMPLES = 3  # below this many independent samples a standard error says nothing


@dataclass(frozen=True)
class Average:
    """The mean of a correlated time series.

    Attributes
    ----------
    mean : float
    error : float
        Standard error of the mean, or half the gap between the means of the two halves of the
        series where that is larger, since a series that still drifts is not converged. NaN
        below three independent samples.
    samples : float
        Number of statistically independent samples.
    """

    mean: float
    error: float
    samples: float


def average(series: ArrayLike) -> Average:
    """Average a time series, allowing for its autocorrelation.

    The statistical inefficiency g is that of Chodera et al., J. Chem. Theory Comput. 3, 26
    (2007), as implemented in pymbar: n frames count as n/g samples.

    Parameters
    ----------
    series : array_like, shape (n_frames,)

    Raises
    ------
    AnalysisError
        If the series is empty or holds a value that is not finite.
    """
    values = np.asarray(series, dtype=float)
    if values.size == 0 or not np.isfinite(values).all():
        raise AnalysisError("time series", "is empty or holds values that are not finite")
    if values.size < MIN_SAMPLES:
        return Average(float(values.mean()), float("nan"), float(values.size))
    spread = values.std(ddof=1)
    if spread <= 1e-12 * max(1.0, abs(values.mean())):
        # A constant: nothing says how many independent looks were taken at it.
        return Average(float(values.mean()), float("nan"), 1.0)
    samples = values.size / _statistical_inefficiency(values)
    half = values.size // 2
    drift = abs(float(values[:half].mean() - values[-half:].mean())) / 2
    error = max(float(spread / sqrt(samples)), drift) if samples >= MIN_SAMPLES else float("nan")
    return Average(float(values.mean()), error, float(samples))


def _statistical_inefficiency(values: NDArray[np.float64]) -> float:
    # pymbar advertises JAX and warns of short series each time it is imported.
    logging.getLogger("pymbar").setLevel(logging.ERROR)
    from pymbar.timeseries import statistical_inefficiency

    return max(1.0, float(statistical_inefficiency(values)))


def difference(first: Average, second: Average) -> tuple[float, float]:
    """Return the difference of two independent averages and its standard error."""
    return first.mean - second.mean, sqrt(first.error**2 + second.error**2)
