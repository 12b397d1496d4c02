"""Docking engines behind one protocol, each a module of this package: a site is prepared once, ligands follow."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from dock.core.errors import UnknownNameError

if TYPE_CHECKING:
    from dock.docking.engines.base import Engine
    from dock.receptors import Receptor, Site

ENGINES_KEPT = 2  # prepared engines that a process keeps: Vina's maps take 200 to 400 MB


@cache
def engine_names() -> tuple[str, ...]:
    """Return the names of the engines: of the modules of this package that hold one, as their `ENGINE`."""
    return tuple(module.name for module in iter_modules(__path__) if module.name != "base")


def make_engine(name: str, receptor: Receptor, site: Site, threads: int) -> Engine:
    """Return the engine for a site of a receptor, prepared at its first use in this process.

    Parameters
    ----------
    threads
        Processor threads of one search.

    Raises
    ------
    UnknownNameError
        If there is no engine of that name.
    MissingDependencyError
        If the engine is not installed.
    StructureError
        If the receptor cannot be typed.
    """
    return _prepared(name, _Place(receptor, site, (receptor.key, site.center, site.box)), threads)


class _Place:
    """A site of a receptor, equal to others by content."""

    def __init__(self, receptor: Receptor, site: Site, key: tuple[object, ...]) -> None:
        self.receptor, self.site, self.key = receptor, site, key

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and self.key == other.key


@lru_cache(maxsize=ENGINES_KEPT)
def _prepared(name: str, place: _Place, threads: int) -> Engine:
    if name not in engine_names():
        raise UnknownNameError(name, "is no docking engine", f"known: {', '.join(engine_names())}")
    engine: Engine = import_module(f"{__name__}.{name}").ENGINE(place.receptor, place.site, threads)
    return engine
