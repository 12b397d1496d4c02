"""The steps: one file for each kind of work, with its inputs, its result, and the rows that it gives to tables."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from dock.workflow.step import Step


@cache
def step_kinds() -> dict[str, type[Step[Any]]]:
    """Return every kind of step by its name: what the modules of this package define."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    kinds = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Step) and value.__module__ == module.__name__
    ]
    return {kind.kind: kind for kind in kinds if "kind" in vars(kind)}
