"""Averages of correlated series, with their uncertainty and number of independent samples."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite, isnan, nan, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dock.core.errors import AnalysisError

MIN_SAMPLES = 3  # below this many independent samples a standard error says nothing


@dataclass(frozen=True)
class Average:
    """The mean of a correlated time series, or of several.

    Attributes
    ----------
    mean : float
    error : float
        Standard error of the mean, or half the gap between the means of the two halves of the
        series where that is larger, since a series that still drifts is not converged. NaN
        below three independent samples.
    samples : float
        Number of statistically independent samples.
    replicas : int
        Number of series.
    between : float
        Standard deviation of the means of the series; NaN of one series.
    freedom : float
        Degrees of freedom of the error, for Student's t; one less than the samples if NaN.
    """

    mean: float
    error: float
    samples: float
    replicas: int = 1
    between: float = nan
    freedom: float = nan

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of the error."""
        return self.samples - 1 if isnan(self.freedom) else self.freedom

    def to_record(self) -> dict[str, float | None]:
        """Return the average as plain values; what is not known is None."""
        return {name: value if isfinite(value) else None for name, value in asdict(self).items()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Average:
        """Read what `to_record` returned."""
        fields: dict[str, Any] = {name: nan if value is None else value for name, value in record.items()}
        return cls(**fields)


@dataclass(frozen=True)
class Spread:
    """How much the means of replicas of one thing differ.

    Attributes
    ----------
    deviation : float
        Standard deviation.
    freedom : float
        Degrees of freedom that it is known with.
    """

    deviation: float
    freedom: float


def pooled_spread(averages: Sequence[Average], known: Spread) -> Spread:
    """Return how much replicas differ, from all averages of a quantity and from what is known of it already.

    A complex has more states than three replicas visit, and three that happen to be alike would say that
    there is one. Others of the same run, and longer measurements, know of the rest: variances are pooled,
    each weighted by its degrees of freedom (as Smyth does for genes, Stat. Appl. Genet. Mol. Biol. 3, 3, 2004).
    """
    terms = [(known.deviation**2, known.freedom)]
    terms += [
        (average.between**2, average.replicas - 1.0) for average in averages if not isnan(average.between)
    ]
    freedom = sum(weight for _, weight in terms)
    return Spread(sqrt(sum(variance * weight for variance, weight in terms) / freedom), freedom)


def moderated(value: Average, pooled: Spread, weight: float) -> Average:
    """Return an average whose error knows how much replicas of other complexes differ.

    The variance of its replicas' means is taken together with the pooled one, which counts for `weight` degrees
    of freedom (as Smyth's moderated t, see `pooled_spread`): fewer than it is known with, since complexes truly
    differ in how much their replicas do. An error that is larger than the replicas' differences say, as of a
    series that drifts, stays, but counts for no more degrees of freedom than they do, so that a larger error
    never gives a narrower bound.
    """
    seen, own = (0.0, 0.0) if isnan(value.between) else (value.between, value.replicas - 1.0)
    variance = (weight * pooled.deviation**2 + own * seen**2) / (weight + own)
    error = sqrt(variance / value.replicas)
    if value.error > max(error, 1.000001 * seen / sqrt(value.replicas)):
        return replace(value, freedom=min(value.degrees_of_freedom, weight + own))
    return replace(value, error=error, freedom=weight + own)


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
    return average_replicas([series])


def average_replicas(replicas: Sequence[ArrayLike]) -> Average:
    """Average time series of the same quantity from simulations that differ in their random numbers only.

    The error is the largest of three: that of the fluctuations within the series, allowing for their
    autocorrelation; that of the mean of the replicas' means, from how much they differ; and half the gap
    between the first and second halves, averaged over the replicas, since series that still drift are not
    converged. Where the replicas differ by more than their fluctuations explain, each counts as one sample.

    Raises
    ------
    AnalysisError
        If a series is empty or holds a value that is not finite.
    """
    series = [np.asarray(replica, dtype=float) for replica in replicas]
    if not series or any(values.size == 0 or not np.isfinite(values).all() for values in series):
        raise AnalysisError("time series", "is empty or holds values that are not finite")
    everything = np.concatenate(series)
    mean = float(everything.mean())
    shares = np.array([values.size for values in series]) / everything.size
    samples = np.array([_samples(values) for values in series])
    spreads = np.array([values.std(ddof=1) if values.size > 1 else 0.0 for values in series])
    within = float(np.sqrt((shares**2 * spreads**2 / samples).sum()))
    total = float(samples.sum())
    count, between = len(series), nan
    if count > 1:
        between = float(np.std([values.mean() for values in series], ddof=1))
        if between / sqrt(count) > within:
            within, total = between / sqrt(count), float(count)
    if total < MIN_SAMPLES or within <= 1e-12 * max(1.0, abs(mean)):
        return Average(mean, nan, total, count, between)
    return Average(mean, max(within, _drift(series, shares)), total, count, between)


def _samples(values: NDArray[np.float64]) -> float:
    """Return how many independent samples a series holds; of a constant nobody can say, so one."""
    if values.size < MIN_SAMPLES:
        return float(values.size)
    if values.std() <= 1e-12 * max(1.0, abs(values.mean())):
        return 1.0
    return float(values.size / _statistical_inefficiency(values))


def _drift(series: Sequence[NDArray[np.float64]], shares: NDArray[np.float64]) -> float:
    """Return half the gap between first and second halves, averaged over the series."""
    halves = [(values[: values.size // 2], values[-(values.size // 2) :]) for values in series]
    gaps = [first.mean() - second.mean() if first.size else 0.0 for first, second in halves]
    return abs(float((shares * np.array(gaps)).sum())) / 2


def _statistical_inefficiency(values: NDArray[np.float64]) -> float:
    # pymbar advertises JAX and warns of short series each time it is imported.
    logging.getLogger("pymbar").setLevel(logging.ERROR)
    from pymbar.timeseries import statistical_inefficiency

    return max(1.0, float(statistical_inefficiency(values)))


def difference(first: Average, second: Average) -> tuple[float, float]:
    """Return the difference of two independent averages and its standard error."""
    return first.mean - second.mean, sqrt(first.error**2 + second.error**2)
