"""What a measure is: quantities with a value for each frame, and what gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dock.analysis.statistics import Spread
from dock.core.quantities import Observable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dock.analysis.trajectory import ComplexTrajectory
    from dock.forcefield.platforms import Processor
    from dock.systems.complexes import ComplexSystem

    Values = Callable[[ComplexTrajectory, ComplexSystem, Processor], Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class Measured(Observable):
    """A quantity that is measured in every frame, and averaged over the replicas of a complex.

    Attributes
    ----------
    part : bool
        Whether it is a part of another, which is told first.
    of_a_site : bool
        Whether it means something within its own site only, so that two sites are not compared.
    from_zero : bool
        Whether it cannot be negative.
    digits : int
        To which it is shown.
    replicas_differ_by : Spread, optional
        Standard deviation of the means of replicas of one complex, as `benchmarks/replicas.py` found it of the most
        variable of four site systems, citalopram in SERT, 4 ps, six replicas each and more. However well it is known
        of that one, it counts for five degrees of freedom: complexes truly differ in how much their replicas do.
    cut_error : float, optional
        What freezing and cutting the receptor still costs, beyond what `cut_corrections` takes out: by how much the
        four complexes are off, root mean square, in a larger site (residues within 12 A kept, 8 A mobile, instead of
        8 and 5), less what the scatter of replicas alone would give, and one standard error more (the same script).
    """

    part: bool = False
    of_a_site: bool = False
    from_zero: bool = False
    digits: int = 2
    replicas_differ_by: Spread | None = None
    cut_error: float | None = None


@dataclass(frozen=True)
class Measure:
    """A measure.

    Attributes
    ----------
    place : int
        Among the others, in tables and reports.
    measured : tuple of Measured
        What it gives, each whole before its parts.
    values : callable
        Gives them by name, each an array of shape (n_frames,); one that the complex does not have is left out.
    """

    place: int
    measured: tuple[Measured, ...]
    values: Values
