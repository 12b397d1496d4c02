"""How ligands are placed: the settings of a docking."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveInt, field_validator, model_validator

from dock.core.records import Record, alone_too, similar
from dock.core.units import Quantity, WallTime
from dock.docking.engines import engine_names

MAX_RUNS = 1024
MAX_SEED = 2**31 // MAX_RUNS - 1  # engines take a 32-bit integer, rustina one for each run


def _known(name: str) -> str:
    if name not in engine_names():
        meant = similar(name, engine_names())
        advice = f"did you mean {meant}? " if meant else ""
        raise ValueError(f"{name} is no docking engine; {advice}known: {', '.join(engine_names())}")
    return name


EngineName = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(engine_names())})]


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

    engines: tuple[EngineName, ...] = Field(default=("rustina",), min_length=1, json_schema_extra=alone_too)
    seeds: tuple[PositiveInt, ...] = Field(default=(1, 2, 3), min_length=1, json_schema_extra=alone_too)
    runs: int = Field(default=16, ge=16, le=MAX_RUNS)
    exhaustiveness: int = Field(default=8, ge=1)
    modes: int = Field(default=9, ge=1, le=100)
    ring_conformers: int = Field(default=3, ge=1, le=50)
    keep: int = Field(default=5, ge=1)
    device: Literal["cpu", "gpu"] = "cpu"
    time_limit: WallTime = Quantity("1 hour")

    @field_validator("engines", "seeds", mode="before")
    @classmethod
    def _one_alone(cls, value: Any) -> Any:
        return [value] if isinstance(value, int | str) else value

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
