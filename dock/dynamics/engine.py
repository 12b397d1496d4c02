"""The engine: minimisation, equilibration and production of one complex with OpenMM."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, model_validator

from dock.core.errors import SimulationError
from dock.core.files import atomic_path, write_json, write_text
from dock.core.records import Record
from dock.core.units import Duration, Quantity, Rate, Temperature, Time
from dock.dynamics.minimisation import minimise
from dock.dynamics.platforms import Processor
from dock.dynamics.systems import ComplexSystem, SystemSettings

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from openmm.app import Simulation

TRAJECTORY, TOPOLOGY, ENERGIES, STATE = "trajectory.xtc", "topology.cif", "energies.csv", "state.xml"
FROZEN_TOLERANCE = 1e-4  # nm; the trajectory format rounds to 1e-3
CONSTRAINT_TOLERANCE = 1e-5  # relative
PROGRESS_STEPS = 50


class SimulationSettings(Record):
    """How a complex is simulated.

    Attributes
    ----------
    minimisation_steps : int
        Iterations of the minimiser at most.
    equilibration, production : Duration, Time
        Simulated time before and while frames are kept.
    equilibration_timestep, timestep : Time
        The longer one needs hydrogens of at least 3 amu and a settled system.
    temperature : Temperature
    friction : Rate
        Of the Langevin bath.
    frame_interval : Time
        Simulated time between frames.
    seed : int
        Of velocities and of the bath.
    system : SystemSettings
    """

    minimisation_steps: int = Field(default=300, ge=1)
    equilibration: Duration = Quantity("2 ps")
    production: Time = Quantity("20 ps")
    equilibration_timestep: Time = Quantity("2 fs")
    timestep: Time = Quantity("4 fs")
    temperature: Temperature = Quantity("310 K")
    friction: Rate = Quantity("1 / ps")
    frame_interval: Time = Quantity("0.2 ps")
    seed: int = Field(default=1, ge=1)
    system: SystemSettings = SystemSettings()

    @property
    def equilibration_steps(self) -> int:
        """Steps before frames are kept."""
        return round(self.equilibration.value_in("fs") / self.equilibration_timestep.value_in("fs"))

    @property
    def frame_steps(self) -> int:
        """Steps between frames."""
        return round(self.frame_interval.value_in("fs") / self.timestep.value_in("fs"))

    @property
    def frames(self) -> int:
        """Frames that are kept."""
        return round(self.production.value_in("fs") / self.frame_interval.value_in("fs"))

    @model_validator(mode="after")
    def _whole_frames(self) -> SimulationSettings:
        longest = 4.0 if self.system.hydrogen_mass.value_in("amu") >= 3.0 else 2.0
        if max(self.timestep.value_in("fs"), self.equilibration_timestep.value_in("fs")) > longest + 1e-9:
            raise ValueError(f"time steps above {longest:g} fs need heavier hydrogens, or are too long")
        for part, whole in (("timestep", "frame_interval"), ("frame_interval", "production")):
            ratio = getattr(self, whole).value_in("fs") / getattr(self, part).value_in("fs")
            if round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6:
                raise ValueError(f"{whole} must be a multiple of {part}")
        return self


@dataclass(frozen=True)
class Trajectory:
    """What a simulation left behind.

    Attributes
    ----------
    folder : Path
        Holds the trajectory (XTC), the topology (mmCIF), the energies (CSV), the final state
        (XML) and ``simulation.json``.
    record : dict
        Size, steps, speed, processor and checks.
    """

    folder: Path
    record: dict[str, Any]


def simulate(
    complex_system: ComplexSystem,
    settings: SimulationSettings,
    processor: Processor,
    folder: Path,
    progress: Callable[[float], None] = lambda _: None,
) -> Trajectory:
    """Minimise, equilibrate and run a complex; write its trajectory to `folder`.

    Parameters
    ----------
    progress
        Called with the fraction done, now and then.

    Raises
    ------
    SimulationError
        If an energy is not finite, a constraint is broken or a frozen atom moved.
    """
    started = time.perf_counter()
    positions, energies = minimise(
        complex_system.system, complex_system.positions, processor, settings.minimisation_steps
    )
    minimised = replace(complex_system, positions=positions)
    minimisation_time = time.perf_counter() - started
    _write_topology(minimised, folder / TOPOLOGY)
    simulation = _simulation(minimised, settings, processor)
    steps = settings.equilibration_steps, settings.frames * settings.frame_steps
    started = time.perf_counter()
    simulation.integrator.setStepSize(settings.equilibration_timestep.value_in("ps"))
    _advance(simulation, steps[0], 0, sum(steps), progress)
    simulation.integrator.setStepSize(settings.timestep.value_in("ps"))
    rows = _produce(simulation, minimised, settings, folder, progress)
    stepping_time = time.perf_counter() - started
    checks = _checks(simulation, minimised)
    write_text(folder / ENERGIES, rows.to_csv(index=False))
    with atomic_path(folder / STATE) as temporary:
        simulation.saveState(str(temporary))
    record = {
        "atoms": len(positions),
        "mobile_atoms": int(complex_system.mobile.sum()),
        "ligand_atoms": len(complex_system.ligand),
        "steps": sum(steps),
        "frames": settings.frames,
        "ms_per_step": round(stepping_time / sum(steps) * 1e3, 3),
        "minimisation_s": round(minimisation_time, 2),
        "stepping_s": round(stepping_time, 2),
        "energy_minimised_kJ_mol": round(energies[1], 2),
        "mean_temperature_K": round(float(rows["temperature_K"].mean()), 2),
        "platform": processor.platform,
        "platform_properties": dict(processor.properties),
        "passed_over": dict(processor.passed_over),
        **checks,
    }
    write_json(folder / "simulation.json", record)
    return Trajectory(folder, record)


def _simulation(
    complex_system: ComplexSystem, settings: SimulationSettings, processor: Processor
) -> Simulation:
    from openmm import LangevinMiddleIntegrator, Platform, unit
    from openmm.app import Simulation

    integrator = LangevinMiddleIntegrator(
        settings.temperature.value_in("K") * unit.kelvin,
        settings.friction.value_in("1/ps") / unit.picosecond,
        settings.timestep.value_in("ps") * unit.picosecond,
    )
    integrator.setRandomNumberSeed(settings.seed)
    integrator.setConstraintTolerance(CONSTRAINT_TOLERANCE / 10)
    simulation = Simulation(
        complex_system.topology,
        complex_system.system,
        integrator,
        Platform.getPlatformByName(processor.platform),
        dict(processor.properties),
    )
    simulation.context.setPositions(complex_system.positions)
    simulation.context.applyConstraints(CONSTRAINT_TOLERANCE / 10)
    simulation.context.setVelocitiesToTemperature(settings.temperature.value_in("K"), settings.seed)
    return simulation


def _advance(
    simulation: Simulation,
    steps: int,
    done: int,
    total: int,
    progress: Callable[[float], None],
) -> None:
    """Run `steps` steps, reporting progress; `done` of `total` were made before."""
    from openmm import OpenMMException

    for start in range(0, steps, PROGRESS_STEPS):
        try:
            simulation.step(min(PROGRESS_STEPS, steps - start))
        except OpenMMException as error:
            raise SimulationError(f"step {done + start}", f"OpenMM stopped ({error})") from error
        progress((done + start) / total)


def _produce(
    simulation: Simulation,
    complex_system: ComplexSystem,
    settings: SimulationSettings,
    folder: Path,
    progress: Callable[[float], None],
) -> pd.DataFrame:
    """Run production, keeping a frame and a row of energies at each interval."""
    import pandas as pd
    from openmm import unit
    from openmm.app import XTCFile

    freedom = 3 * int(complex_system.mobile.sum()) - complex_system.system.getNumConstraints()
    gas_constant = unit.MOLAR_GAS_CONSTANT_R.value_in_unit(unit.kilojoule_per_mole / unit.kelvin)
    total = settings.equilibration_steps + settings.frames * settings.frame_steps
    interval = settings.frame_interval.value_in("ps")
    rows = []
    with atomic_path(folder / TRAJECTORY) as temporary:
        temporary.unlink()  # OpenMM appends to a file that is there
        writer = XTCFile(str(temporary), complex_system.topology, interval, 1, 1)
        for frame in range(settings.frames):
            done = settings.equilibration_steps + frame * settings.frame_steps
            _advance(simulation, settings.frame_steps, done, total, progress)
            state = simulation.context.getState(positions=True, energy=True)
            potential, kinetic = (
                energy.value_in_unit(unit.kilojoule_per_mole)
                for energy in (state.getPotentialEnergy(), state.getKineticEnergy())
            )
            if not np.isfinite(potential + kinetic):
                raise SimulationError(f"frame {frame}", "the energy is not finite", "shorten the timestep")
            try:
                writer.writeModel(state.getPositions())
            except ValueError as error:  # atoms flew further than the format can say
                raise SimulationError(f"frame {frame}", f"atoms flew apart ({error})") from error
            rows.append(
                {
                    "time_ps": round((frame + 1) * interval, 6),
                    "potential_kJ_mol": potential,
                    "kinetic_kJ_mol": kinetic,
                    "temperature_K": 2 * kinetic / (freedom * gas_constant),
                }
            )
    return pd.DataFrame(rows)


def _checks(simulation: Simulation, complex_system: ComplexSystem) -> dict[str, float]:
    """Measure how far frozen atoms moved and constraints are off; refuse what is broken."""
    from openmm import unit

    state = simulation.context.getState(positions=True)
    positions = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    moved = np.abs(positions - complex_system.positions)[complex_system.frozen]
    drift = float(moved.max()) if len(moved) else 0.0
    error = _constraint_error(complex_system, positions)
    if drift > FROZEN_TOLERANCE:
        raise SimulationError("frozen atoms", f"moved by up to {drift:.1e} nm")
    if error > CONSTRAINT_TOLERANCE:
        raise SimulationError("constraints", f"are off by up to {error:.1e}", "shorten the timestep")
    return {"frozen_drift_nm": drift, "constraint_error": error}


def _constraint_error(complex_system: ComplexSystem, positions: NDArray[np.float64]) -> float:
    """Return the largest relative error of a constrained distance."""
    from openmm import unit

    system = complex_system.system
    constraints = [system.getConstraintParameters(i) for i in range(system.getNumConstraints())]
    if not constraints:
        return 0.0
    first, second = (np.array([c[side] for c in constraints]) for side in (0, 1))
    wanted = np.array([c[2].value_in_unit(unit.nanometer) for c in constraints])
    found = np.linalg.norm(positions[first] - positions[second], axis=1)
    return float(np.abs(found / wanted - 1).max())


def _write_topology(complex_system: ComplexSystem, path: Path) -> None:
    from openmm import unit
    from openmm.app import PDBxFile

    with atomic_path(path) as temporary, temporary.open("w") as file:
        PDBxFile.writeFile(
            complex_system.topology, complex_system.positions * unit.nanometer, file, keepIds=True
        )
