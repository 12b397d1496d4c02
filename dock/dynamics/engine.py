"""The engine: one complex minimised, equilibrated and simulated with OpenMM, from wherever it stands."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import ChangedError, SimulationError, StoppedError
from dock.core.files import alone_in, read_json, write_json, write_text
from dock.dynamics.checkpoint import Checkpoint, begin, identify
from dock.dynamics.ensemble import check, running_system
from dock.dynamics.frames import (
    STATE,
    TOPOLOGY,
    FrameFiles,
    degrees_of_freedom,
    energies,
    temperature,
    write_topology,
)
from dock.dynamics.protocol import MOST_SETTLING, RELEASE, SimulationSettings
from dock.dynamics.settling import Settling
from dock.forcefield.minimisation import CONSTRAINT_PRECISION, SCALE, minimise_with_springs
from dock.forcefield.platforms import Processor
from dock.systems.complexes import ComplexSystem

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import Context, State

RECORD, DIAGNOSIS = "simulation.json", "breakdown"
BREATH = 0.5  # seconds of stepping between looks at the clock
SAVING_SHARE = 0.01  # of the time, at most, that goes into checkpoints
# After a breakdown the simulation goes on from the last good state with half the step, then a quarter
# and an eighth, and returns to the planned one this many planned steps behind the place.
FINEST, SLOW_STEPS, MOST_BREAKDOWNS = 8, 500, 10


@dataclass(frozen=True)
class Trajectory:
    """What a simulation left behind.

    Attributes
    ----------
    folder : Path
        Holds the trajectory (XTC), the topology (mmCIF), the energies (CSV), the final state
        (XML) and ``simulation.json``.
    record : dict
        Size, steps, speed, processor, breakdowns and checks.
    """

    folder: Path
    record: dict[str, Any]


def simulate(
    complex_system: ComplexSystem,
    settings: SimulationSettings,
    processor: Processor,
    folder: Path,
    replica: int = 1,
    progress: Callable[[float], None] = lambda _: None,
    deadline: float = math.inf,
    accept_changes: bool = False,
) -> Trajectory:
    """Minimise, equilibrate and run a complex; write its trajectory to `folder`, or go on with it there.

    Whenever it is stopped, by whatever means, the same call continues from the last checkpoint. A
    continued simulation has the frames of one that was not stopped, at the same times; its bath is
    drawn anew, so that it is another sample of the same ensemble. A finished one is not touched.

    Parameters
    ----------
    replica
        From 1; the seed is derived from it.
    progress
        Called with the fraction done, now and then.
    deadline
        The time (`time.time()`) at which to save and stop.
    accept_changes
        Continue although software, settings or system are others than at the start; it is recorded.

    Raises
    ------
    StoppedError
        At the deadline.
    SimulationError
        If it breaks down with ever smaller time steps, a constraint is broken or a frozen atom moved.
    ChangedError, OutputError
        If the folder holds another simulation, one that has gone further than is asked for, or files
        of something else, or if another process is at work there.
    """
    with alone_in(folder):
        begin(folder, identify(complex_system, settings, replica), accept_changes)
        record = read_json(folder / RECORD) if (folder / RECORD).exists() else None
        if record is None or record["frames"] < settings.frames:
            run = _Run(complex_system, settings, processor, folder, replica, progress, deadline)
            run.advance_to_the_end()
            record = run.finish()
    return Trajectory(folder, record)


class _Run:
    """One simulation on its way: the last good checkpoint, a context, and the files."""

    def __init__(
        self,
        complex_system: ComplexSystem,
        settings: SimulationSettings,
        processor: Processor,
        folder: Path,
        replica: int,
        progress: Callable[[float], None],
        deadline: float,
    ) -> None:
        self.complex, self.settings, self.processor = complex_system, settings, processor
        self.folder, self.replica, self.deadline = folder, replica, deadline
        self.progress = progress
        self.context: Context | None = None
        self.restraining = True
        self.finer, self.slow_until = 1, 0
        self.sound = -1  # the last step whose energies were seen to be finite
        self.chunk = 10
        self.saved_at, self.saving_took = time.perf_counter(), 0.0
        self.settling = Settling(
            settings.temperature.value_in("K"),
            degrees_of_freedom(complex_system),
            settings.friction.value_in("1/ps"),
            settings.timestep.value_in("ps"),
        )
        self.good = Checkpoint.load(folder) or self._minimised()
        self.extension, self.settled = self.good.extension, self.good.settled
        if self.good.step > self.last_step:
            raise ChangedError(
                folder,
                f"holds a simulation that has gone on to step {self.good.step}, of {self.last_step} asked for",
                "ask for as much production as before, or simulate into another folder",
            )
        self.session = len(self.good.sessions)
        self.step, self.seconds = self.good.step, self.good.seconds
        self.files = self._open_files()

    @property
    def equilibrated_at(self) -> int:
        """The step after which frames are kept, as far as is known by now."""
        return self.settings.equilibration_steps + self.extension

    @property
    def last_step(self) -> int:
        """The last step of production."""
        return self.equilibrated_at + self.settings.production_steps

    def advance_to_the_end(self) -> None:
        """Do the steps that are left, and save the last of them."""
        breakdowns = 0
        while self.step < self.last_step:
            try:
                self._advance()
            except _BrokenDownError as error:
                breakdowns += 1
                self._go_back(error, breakdowns)

    def finish(self) -> dict[str, Any]:
        """Check the last state, write it and the record, and return the record."""
        from openmm import XmlSerializer

        context = self._running_context()
        context.setStepCount(self.last_step)  # it counted halved steps, too, if there were any
        context.setTime(self._planned_time())
        state = context.getState(positions=True, velocities=True, parameters=True)
        checks = check(self.complex, _positions(state), self.processor.rounding)
        write_text(self.folder / STATE, XmlSerializer.serialize(state))
        steps = sum(session["steps"] for session in self.good.sessions)
        temperatures = self.files.temperatures()
        record = {
            "kind": self.complex.kind,
            "replica": self.replica,
            "atoms": len(self.complex.positions),
            "mobile_atoms": int(self.complex.mobile.sum()),
            "ligand_atoms": len(self.complex.ligand),
            "steps": self.last_step,
            "frames": self.settings.frames,
            "equilibration_ps": round(self._time_of(self.equilibrated_at), 3),
            **self.settled,
            "ms_per_step": round(self.good.seconds / steps * 1e3, 3),
            "stepping_s": round(self.good.seconds, 2),
            "mean_temperature_K": round(float(temperatures.mean()), 2),
            "first_frames_temperature_K": round(float(temperatures[: -(-len(temperatures) // 4)].mean()), 2),
            "breakdowns": len(self.good.events),
            "platform": self.processor.platform,
            "platform_properties": dict(self.processor.properties),
            "passed_over": dict(self.processor.passed_over),
            "events": list(self.good.events),
            "sessions": list(self.good.sessions),
            **checks,
        }
        write_json(self.folder / RECORD, record)
        return record

    def _minimised(self) -> Checkpoint:
        """Minimise the complex and save where it then stands."""
        from openmm import VerletIntegrator, XmlSerializer

        system, iterations = self.complex.system, self.settings.minimisation_steps
        positions, _ = minimise_with_springs(system, self.complex.positions, self.processor, iterations)
        context = self.processor.context(system, VerletIntegrator(0.001))
        context.setPositions(positions)
        context.setVelocitiesToTemperature(self.settings.temperature.value_in("K"), self._seed(0, 0))
        state = context.getState(positions=True, velocities=True)
        write_topology(self.complex.topology, _positions(state), self.folder / TOPOLOGY)
        start = Checkpoint(0, 0, 0, XmlSerializer.serialize(state))
        start.save(self.folder)
        return start

    def _open_files(self) -> FrameFiles:
        lengths = (self.good.trajectory_bytes, self.good.energies_bytes)
        return FrameFiles(self.folder, self.complex, self.settings.frame_interval.value_in("ps"), lengths)

    def _advance(self) -> None:
        """Step to the next boundary or for a breath, keep a frame where one is due, and save now and then."""
        context = self._running_context()
        boundary = self._next_boundary()
        steps = min(self.chunk, boundary - self.step)
        started = time.perf_counter()
        _step(context, steps * self.finer, self.step)
        took = time.perf_counter() - started
        if steps == self.chunk and took < BREATH / 2:
            self.chunk *= 2
        elif took > BREATH and self.chunk > 1:
            self.chunk = max(1, self.chunk // 2)
        self.step += steps
        self.seconds += took
        if self.settings.restrained_steps < self.step <= self.equilibrated_at:
            self._settle(context)
        production = self.step - self.equilibrated_at
        if production > 0 and production % self.settings.frame_steps == 0:
            self._keep_frame(context, production // self.settings.frame_steps)
        if self.finer > 1 and self.step >= self.slow_until:
            self.finer = 1
            self._set_pace(context)
        self.progress(self.step / self.last_step)
        due = max(self.settings.checkpoint_interval.value_in("s"), self.saving_took / SAVING_SHARE)
        late, done = time.time() >= self.deadline, self.step >= self.last_step
        if late or done or time.perf_counter() - self.saved_at >= due:
            self._save()
        if late and not done:
            raise StoppedError(
                self.folder.name,
                f"time is up at step {self.step} of {self.last_step}",
                "the same command continues it",
            )

    def _next_boundary(self) -> int:
        """Return the step at which restraints change, or the next look at the temperature or frame is due."""
        for end in self.settings.release_steps:
            if self.step < end:
                return end
        if self.step < self.equilibrated_at:
            looks = (self.step - self.settings.restrained_steps) // self.settling.every + 1
            return min(self.settings.restrained_steps + looks * self.settling.every, self.equilibrated_at)
        frames = (self.step - self.equilibrated_at) // self.settings.frame_steps + 1
        return self.equilibrated_at + frames * self.settings.frame_steps

    def _settle(self, context: Context) -> None:
        """Look at the temperature; at the end of a stretch decide whether another one follows."""
        settings, freedom = self.settings, degrees_of_freedom(self.complex)
        # Not after each breath: the verdict counts looks as independent, and must not depend on the machine.
        if (self.step - settings.restrained_steps) % self.settling.every == 0:
            self._make_sure(
                lambda: self.settling.look(temperature(energies(context.getState(energy=True))[1], freedom))
            )
        if self.step < self.equilibrated_at:
            return
        self.settled = self.settling.record()
        longest = (MOST_SETTLING - 1) * settings.settling_steps
        if (
            self.settling.tells(settings.settling_steps)
            and not self.settling.settled
            and self.extension < longest
        ):
            self.extension += settings.settling_steps
            self.settled = {}
            self.settling.start_again()

    def _keep_frame(self, context: Context, number: int) -> None:
        """Append a frame; what is broken about it is a breakdown."""
        started = time.perf_counter()
        self._make_sure(lambda: self.files.append(number, context.getState(positions=True, energy=True)))
        self.seconds += time.perf_counter() - started

    def _make_sure(self, look: Callable[[], object]) -> None:
        """Look at energies; those that are not finite are a breakdown, and so are coordinates."""
        with _minding_nan(self.step):
            try:
                look()
            except SimulationError as error:
                raise _BrokenDownError(self.step, f"{error.subject} {error.problem}") from error
        self.sound = self.step

    def _save(self) -> None:
        """Save where the simulation stands, unless it stands in ruins."""
        from openmm import XmlSerializer

        context = self._running_context()
        started = time.perf_counter()
        if self.step != self.sound:
            self._make_sure(lambda: energies(context.getState(energy=True)))
        state = context.getState(positions=True, velocities=True)
        lengths = self.files.lengths()
        self.seconds += time.perf_counter() - started
        before = sum(session["steps"] for session in self.good.sessions[: self.session])
        session = {"platform": self.processor.platform, "steps": self.step - before}
        self.good = replace(
            self.good,
            step=self.step,
            trajectory_bytes=lengths[0],
            energies_bytes=lengths[1],
            state=XmlSerializer.serialize(state),
            seconds=self.seconds,
            sessions=(*self.good.sessions[: self.session], session),
            extension=self.extension,
            settled=self.settled,
        )
        self.good.save(self.folder)
        self.saved_at = time.perf_counter()
        self.saving_took = self.saved_at - started

    def _running_context(self) -> Context:
        """Return the context of this part of the simulation, made anew after a restart or release."""
        restraining = self.step < self.settings.restrained_steps
        if self.context is None or restraining != self.restraining:
            self.context = self._new_context(restraining)
            self.restraining = restraining
            self._set_pace(self.context)
        if restraining:
            part = next(n for n, end in enumerate(self.settings.release_steps) if self.step < end)
            self.context.setParameter(SCALE, RELEASE[part])
        return self.context

    def _new_context(self, restraining: bool) -> Context:
        """Make a context at the state of the one before it, or of the last checkpoint."""
        from openmm import LangevinMiddleIntegrator, unit

        settings = self.settings
        integrator = LangevinMiddleIntegrator(
            settings.temperature.value_in("K") * unit.kelvin,
            settings.friction.value_in("1/ps") / unit.picosecond,
            0.001,
        )
        attempts = len(self.good.events)
        integrator.setRandomNumberSeed(self._seed(self.step, attempts + 1))
        integrator.setConstraintTolerance(CONSTRAINT_PRECISION)
        system = running_system(self.complex, settings, restraining, self._seed(self.step, attempts + 2))
        state = (
            self.good.openmm_state()
            if self.context is None
            else self.context.getState(positions=True, velocities=True)
        )
        context = self.processor.context(system, integrator)
        if system.usesPeriodicBoundaryConditions():
            context.setPeriodicBoxVectors(*state.getPeriodicBoxVectors())
        context.setPositions(state.getPositions())
        context.setVelocities(state.getVelocities())
        context.setStepCount(self.step)
        context.setTime(self._planned_time())
        return context

    def _planned_time(self) -> float:
        """Return the simulated time, in ps, from the start of equilibration."""
        return self._time_of(self.step)

    def _time_of(self, step: int) -> float:
        settings = self.settings
        before = min(step, settings.restrained_steps)
        return before * settings.equilibration_timestep.value_in("ps") + (
            step - before
        ) * settings.timestep.value_in("ps")

    def _set_pace(self, context: Context) -> None:
        """Set time step and friction to those of this part of the simulation."""
        settings = self.settings
        planned = settings.equilibration_timestep if self.restraining else settings.timestep
        friction = settings.equilibration_friction if self.restraining else settings.friction
        integrator = context.getIntegrator()
        integrator.setStepSize(planned.value_in("ps") / self.finer)
        integrator.setFriction(friction.value_in("1/ps"))

    def _go_back(self, error: _BrokenDownError, breakdowns: int) -> None:
        """Return to the last good state with a smaller step; give up if that was tried before.

        Raises
        ------
        SimulationError
            With everything needed to look into it written to the folder ``breakdown``.
        """
        self.finer *= 2
        part = self.settings.equilibration_timestep if self.restraining else self.settings.timestep
        step_size = part.value_in("fs") / self.finer
        event = {"step": error.step, "problem": error.problem, "went_on_with_fs": step_size}
        if self.finer > FINEST or breakdowns > MOST_BREAKDOWNS:
            where = self._diagnose()
            raise SimulationError(
                f"step {error.step}",
                f"broke down {breakdowns} times, at last with {2 * step_size:g} fs steps ({error.problem})",
                f"look into {where}, then begin anew in another folder",
            ) from error
        self.good = replace(self.good, events=(*self.good.events, event))
        self.good.save(self.folder)
        self.slow_until = error.step + SLOW_STEPS
        self.step, self.seconds, self.context = self.good.step, self.good.seconds, None
        self.extension, self.settled = self.good.extension, self.good.settled
        self.settling.start_again()
        self.files = self._open_files()

    def _diagnose(self) -> Path:
        """Write system, integrator, the last good state and the broken one, as XML, and return the folder."""
        from openmm import OpenMMException, XmlSerializer

        folder = self.folder / DIAGNOSIS
        context = self._running_context()
        parts = {
            "system": XmlSerializer.serialize(context.getSystem()),
            "integrator": XmlSerializer.serialize(context.getIntegrator()),
            "state_good": self.good.state,
        }
        try:
            broken = context.getState(positions=True, velocities=True)
            parts["state_broken"] = XmlSerializer.serialize(broken)
        except OpenMMException:  # there is nothing left of it
            pass
        for name, xml in parts.items():
            write_text(folder / f"{name}.xml", xml)
        return folder

    def _seed(self, step: int, purpose: int) -> int:
        """Return a seed that no other replica, and no other stretch of this one, has."""
        entropy = [self.settings.seed, self.replica, step, purpose]
        return int(np.random.SeedSequence(entropy).generate_state(1)[0] >> 1) or 1


class _BrokenDownError(Exception):
    """A simulation that cannot go on from where it is: coordinates or energies are not finite."""

    def __init__(self, step: int, problem: str) -> None:
        super().__init__(problem)
        self.step, self.problem = step, problem


def _step(context: Context, steps: int, done: int) -> None:
    """Make steps after those done."""
    with _minding_nan(done):
        context.getIntegrator().step(steps)


@contextmanager
def _minding_nan(step: int) -> Iterator[None]:
    """Take what OpenMM says of coordinates that are no numbers, on stepping or on looking, as a breakdown."""
    from openmm import OpenMMException

    try:
        yield
    except OpenMMException as error:
        text = " ".join(str(error).split())
        if "nan" not in text.lower():
            raise SimulationError(f"step {step}", f"OpenMM stopped ({text})") from error
        raise _BrokenDownError(step, text.split(".")[0]) from error


def _positions(state: State) -> NDArray[np.float64]:
    from openmm import unit

    return np.asarray(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer))
