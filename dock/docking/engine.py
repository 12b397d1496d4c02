"""Docking engines behind one protocol: a receptor's site is prepared once, ligands follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import Field, PositiveInt, field_validator, model_validator

from dock.core.errors import DockingError, UnknownNameError
from dock.core.records import Record
from dock.core.units import Quantity, WallTime

if TYPE_CHECKING:
    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site

EngineName = Literal["rustina", "vina"]
ENGINES_KEPT = 2  # prepared engines that a process keeps: Vina's maps take 200 to 400 MB
MAX_RUNS = 1024
MAX_SEED = 2**31 // MAX_RUNS - 1  # engines take a 32-bit integer, rustina one for each run


class DockingSettings(Record):
    """How ligands are placed.

    Attributes
    ----------
    engines : tuple of str
        ``rustina``, ``vina`` or both; the poses of all are pooled and ranked by one measure.
    seeds : tuple of int
        Each engine makes a search for each. Zero is refused, since engines take it as "random".
    runs : int
        Independent searches of rustina within one seed; it wants at least 16.
    exhaustiveness : int
        Independent searches of Vina within one seed.
    modes : int
        Poses that one search returns at most.
    ring_conformers : int
        The most ring conformers that a ligand is docked from, since no engine moves ring bonds. Each
        costs as much as a seed.
    keep : int
        Distinct poses in the site that are kept of all searches, at most.
    device : str
        ``cpu``, or ``gpu`` for rustina's search on a graphics card; poses then depend on its driver, too.
    time_limit : Quantity
        For one ligand in one site, all seeds together; a worker that exceeds it is ended.
    """

    engines: tuple[EngineName, ...] = Field(default=("rustina",), min_length=1)
    seeds: tuple[PositiveInt, ...] = Field(default=(1, 2, 3), min_length=1)
    runs: int = Field(default=16, ge=16, le=MAX_RUNS)
    exhaustiveness: int = Field(default=8, ge=1)
    modes: int = Field(default=9, ge=1, le=100)
    ring_conformers: int = Field(default=3, ge=1, le=50)
    keep: int = Field(default=5, ge=1)
    device: Literal["cpu", "gpu"] = "cpu"
    time_limit: WallTime = Quantity("1 hour")

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a seed is named twice, which would count one search as two")
        if max(value) > MAX_SEED:
            raise ValueError(f"a seed is above {MAX_SEED}")
        return value

    @model_validator(mode="after")
    def _a_search_on_a_card(self) -> DockingSettings:
        if self.device == "gpu" and "rustina" not in self.engines:
            raise ValueError("device gpu is rustina's: name it among the engines")
        return self

    @field_validator("engines")
    @classmethod
    def _named_once(cls, value: tuple[EngineName, ...]) -> tuple[EngineName, ...]:
        return tuple(dict.fromkeys(value))


@dataclass(frozen=True)
class Network:
    """What GNINA's convolutional network says of a pose.

    Attributes
    ----------
    probability : float
        That the pose is within 2 A of the truth.
    affinity : float
        The pK that it predicts.
    """

    probability: float
    affinity: float


@dataclass(frozen=True)
class Placement:
    """One answer of an engine.

    Attributes
    ----------
    pdbqt : str
        The ligand's atoms where the engine put them.
    score : float
        The engine's own, in kcal/mol.
    network : Network, optional
        What GNINA's network says of the pose, where the engine asked it.
    """

    pdbqt: str
    score: float
    network: Network | None = None


class Engine(Protocol):
    """What every docking engine must do."""

    name: str

    def place(self, ligand: Ligand, seed: int, settings: DockingSettings) -> Sequence[Placement]:
        """Search the site for one ligand, from its first conformer; best placement first.

        Raises
        ------
        DockingError
            If the engine fails or finds nothing.
        """
        ...


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
    from dock.docking.rustina_engine import RustinaEngine
    from dock.docking.vina_engine import VinaEngine

    engines: dict[str, type[RustinaEngine] | type[VinaEngine]] = {
        RustinaEngine.name: RustinaEngine,
        VinaEngine.name: VinaEngine,
    }
    if name not in engines:
        raise UnknownNameError(name, "is no docking engine", f"known: {', '.join(engines)}")
    return engines[name](place.receptor, place.site, threads)


def fitting(ligand: Ligand, found: Sequence[Placement], site: Site) -> list[Placement]:
    """Return the placements with a favourable score: where the box is too small, engines leave clashes.

    Raises
    ------
    DockingError
        If there is none.
    """
    fits = [placement for placement in found if placement.score < 0]
    if not fits:
        raise DockingError(ligand.name, f"no pose fits the box of the {site.name} site", "enlarge the box")
    return fits
