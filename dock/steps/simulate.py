"""A replica of the simulation of a complex."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from dock.analysis.trajectory import ComplexTrajectory
from dock.core.records import Record
from dock.core.units import Quantity, Time, WallTime
from dock.dynamics.engine import simulate
from dock.dynamics.protocol import SimulationSettings
from dock.steps.complexes import ComplexStep
from dock.steps.gate import Gate
from dock.workflow.step import Context, Resources, Row
from dock.workflow.store import Store

# Core seconds, and below atoms, for SERT on the machine in benchmarks/RESULTS.md.
COST_OF_STEP = {"site": 0.014, "implicit": 0.28, "membrane": 2.0}
# The part of a card that a simulation is taken to fill: a thousand atoms leave most of it idle, a membrane none.
SHARES = {"site": 1 / 8, "implicit": 1 / 2, "membrane": 1.0}
ATOMS = {"site": 1300, "implicit": 8700, "membrane": 80_000}
BYTES_OF_A_FRAME, BYTES_OF_A_STATE = 4.0, 400.0  # for each atom


class SimulateResult(Record):
    """What the engine recorded, see `dock.dynamics.engine.simulate`."""

    record: dict[str, Any]


class Simulate(ComplexStep[SimulateResult]):
    """Simulates a complex once.

    Attributes
    ----------
    replica : int
        From 1; replicas differ in velocities and bath.
    replicas : int
        Of how many.
    gates : tuple of Gate
        That must have been passed.
    production : Time
        The simulated time; where it is raised, the trajectory goes on.
    checkpoint_interval : WallTime
        How often the state is saved.
    """

    kind: ClassVar = "simulate"
    revision: ClassVar = 4
    result_type: ClassVar = SimulateResult
    unkeyed: ClassVar = frozenset({"replicas", "gates", "checkpoint_interval"})
    extended: ClassVar = frozenset({"production"})

    replica: int
    replicas: int
    production: Time
    gates: tuple[Gate, ...] = ()
    checkpoint_interval: WallTime = Quantity("15 s")

    @property
    def label(self) -> str:
        """What people call it."""
        return f"simulate {self.search.place}, replica {self.replica} of {self.replicas}"

    @property
    def protocol(self) -> SimulationSettings:
        """All settings of the simulation."""
        changes = {"production": self.production, "checkpoint_interval": self.checkpoint_interval}
        return self.settings.model_copy(update=changes)

    @property
    def resources(self) -> Resources:
        """By the number of steps and the size of the system."""
        kind, protocol = self.system_kind, self.protocol
        disk = ATOMS[kind] * (BYTES_OF_A_FRAME * protocol.frames + BYTES_OF_A_STATE) / 1e6
        return Resources(8.0 + COST_OF_STEP[kind] * protocol.steps, SHARES[kind], disk)

    def run(self, context: Context) -> SimulateResult:
        """Simulate it, from where it was stopped."""
        conditions = context.conditions
        system, _, _ = self.system(context.store)
        trajectory = simulate(
            system,
            self.protocol,
            self.processor(conditions),
            context.folder,
            self.replica,
            context.progress,
            conditions.deadline,
            conditions.accept_changes,
        )
        return SimulateResult(record=trajectory.record)

    def trajectory(self, store: Store) -> ComplexTrajectory:
        """Return the trajectory once it is simulated."""
        pose, receptor = self.search.best(store), self.search.receptor_of(store)
        return ComplexTrajectory.load(store.folder(self), pose, receptor, self.system_kind)

    def _rows(self, store: Store) -> Iterator[Row]:
        """Yield size, speed and checks."""
        record = store.result(self).record
        plain = {name: value for name, value in record.items() if not isinstance(value, dict | list)}
        yield {**self.subject, **plain}

    tables: ClassVar = {"runs": _rows}
