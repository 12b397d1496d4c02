"""Docking engines behind one protocol: a receptor's site is prepared once, ligands follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import Field, PositiveInt

from dock.core.errors import DockingError, UnknownNameError
from dock.core.records import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site


class DockingSettings(Record):
    """How ligands are placed.

    Attributes
    ----------
    engine : str
        Name of the engine.
    seeds : tuple of int
        One search is made for each. Zero is refused, since engines take it as "random".
    runs : int
        Independent searches of the engine within one seed; rustina wants at least 16.
    modes : int
        Poses that a search returns at most.
    keep : int
        Distinct poses in the site that are kept of all seeds, at most.
    """

    engine: Literal["rustina"] = "rustina"
    seeds: tuple[PositiveInt, ...] = Field(default=(1, 2, 3), min_length=1)
    runs: int = Field(default=16, ge=16)
    modes: int = Field(default=9, ge=1)
    keep: int = Field(default=5, ge=1)


@dataclass(frozen=True)
class Placement:
    """One answer of an engine: coordinates in angstrom in the ligand's atom order, and scores."""

    coordinates: NDArray[np.float64]
    score: float
    properties: dict[str, float]


class Engine(Protocol):
    """What every docking engine must do."""

    name: str

    def place(self, ligand: Ligand, seed: int, settings: DockingSettings) -> Sequence[Placement]:
        """Search the site for one ligand; best placement first.

        Raises
        ------
        DockingError
            If the engine fails or finds nothing.
        """
        ...


def make_engine(name: str, receptor: Receptor, site: Site, threads: int) -> Engine:
    """Prepare an engine for a site of a receptor.

    Parameters
    ----------
    threads
        Processor threads of one search.

    Raises
    ------
    UnknownNameError
        If there is no engine of that name.
    """
    from dock.docking.rustina_engine import RustinaEngine

    engines = {RustinaEngine.name: RustinaEngine}
    if name not in engines:
        raise UnknownNameError(name, "is no docking engine", f"known: {', '.join(engines)}")
    return engines[name](receptor, site, threads)


def require_placements(ligand: Ligand, found: Sequence[Placement], site: Site) -> None:
    """Raise a DockingError if an engine found nothing."""
    if not found:
        raise DockingError(ligand.name, f"no pose fits the box of the {site.name} site", "enlarge the box")
