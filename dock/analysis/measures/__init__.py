"""Measures: what is followed in a trajectory, each a module of this package with its `MEASURE`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from dock.analysis.measures.base import Measure, Measured


@cache
def measures() -> tuple[Measure, ...]:
    """Return every measure, in its place."""
    names = [module.name for module in iter_modules(__path__) if module.name != "base"]
    found: list[Measure] = [import_module(f"{__name__}.{name}").MEASURE for name in names]
    return tuple(sorted(found, key=lambda measure: measure.place))


@cache
def measured() -> dict[str, Measured]:
    """Return everything that is measured by its name, in the order of the measures."""
    return {quantity.name: quantity for measure in measures() for quantity in measure.measured}
