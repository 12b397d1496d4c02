"""The frames of a simulation: a trajectory and a table of energies that grow together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import SimulationError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import State
    from openmm.app import Topology

    from dock.systems.complexes import ComplexSystem

TRAJECTORY, TOPOLOGY, ENERGIES, STATE = "trajectory.xtc", "topology.cif", "energies.csv", "state.xml"
COLUMNS = ("time_ps", "potential_kJ_mol", "kinetic_kJ_mol", "temperature_K")
BOX_COLUMNS = ("box_x_nm", "box_y_nm", "box_z_nm", "density_g_ml")
GAS_CONSTANT = 8.31446261815324e-3  # kJ/mol/K (CODATA 2018)
DALTON_PER_NM3 = 1.66053906660e-3  # in g/ml (CODATA 2018)


class FrameFiles:
    """An XTC trajectory and a CSV table of energies, a frame and a row at a time.

    Parameters
    ----------
    interval
        Simulated time between frames, in ps; the first frame is at this time.
    lengths
        Bytes of trajectory and table that count; whatever stands behind is cut off.

    Raises
    ------
    SimulationError
        If a file is shorter than it should be.
    """

    def __init__(
        self, folder: Path, complex_system: ComplexSystem, interval: float, lengths: Sequence[int]
    ) -> None:
        from openmm import unit
        from openmm.app import XTCFile

        system = complex_system.system
        self._paths = (folder / TRAJECTORY, folder / ENERGIES)
        self._interval = interval
        self._freedom = degrees_of_freedom(complex_system)
        masses = [
            system.getParticleMass(i).value_in_unit(unit.dalton) for i in range(len(complex_system.mobile))
        ]
        self._mass = float(sum(masses)) if system.usesPeriodicBoundaryConditions() else 0.0
        for path, length in zip(self._paths, lengths, strict=True):
            _cut(path, length)
        if not lengths[1]:
            columns = [*COLUMNS, *(BOX_COLUMNS if self._mass else ())]
            self._paths[1].write_text(",".join(columns) + "\n", encoding="utf-8")
        self._writer = XTCFile(
            str(self._paths[0]), complex_system.topology, interval, 1, 1, append=lengths[0] > 0
        )

    def append(self, number: int, state: State) -> None:
        """Append frame `number`, from 1, and its row.

        Raises
        ------
        SimulationError
            If an energy is not finite, or atoms flew further than the format can say.
        """
        from openmm import unit

        potential, kinetic = energies(state)
        row = [
            repr(round(number * self._interval, 6)),
            *(f"{value:.6f}" for value in (potential, kinetic)),
            f"{temperature(kinetic, self._freedom):.3f}",
        ]
        vectors = None
        if self._mass:
            vectors = state.getPeriodicBoxVectors()
            box = np.diag(vectors.value_in_unit(unit.nanometer))
            row += [f"{edge:.5f}" for edge in box]
            row.append(f"{self._mass * DALTON_PER_NM3 / box.prod():.5f}")
        try:
            self._writer.writeModel(state.getPositions(asNumpy=True), periodicBoxVectors=vectors)
        except ValueError as error:
            raise SimulationError(f"frame {number}", f"atoms flew apart ({error})") from error
        with self._paths[1].open("a", encoding="utf-8") as table:
            table.write(",".join(row) + "\n")

    def temperatures(self) -> NDArray[np.float64]:
        """Return the temperature of each frame so far, in K."""
        return frame_temperatures(self._paths[1])

    def lengths(self) -> tuple[int, int]:
        """Return the bytes of trajectory and table, once they are on the disk."""
        return _synced(self._paths[0]), _synced(self._paths[1])


def frame_temperatures(path: Path) -> NDArray[np.float64]:
    """Return the temperature of each frame, in K, from a table of energies."""
    column = COLUMNS.index("temperature_K")
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=column, ndmin=1)


def degrees_of_freedom(complex_system: ComplexSystem) -> int:
    """Return the degrees of freedom of what moves, less the constraints."""
    constraints: int = complex_system.system.getNumConstraints()
    return 3 * int(complex_system.mobile.sum()) - constraints


def temperature(kinetic: float, freedom: int) -> float:
    """Return the temperature, in K, of so many degrees of freedom with a kinetic energy in kJ/mol."""
    return 2 * kinetic / (freedom * GAS_CONSTANT)


def energies(state: State) -> tuple[float, float]:
    """Return the potential and kinetic energy of a state, in kJ/mol.

    Raises
    ------
    SimulationError
        If one is not finite.
    """
    from openmm import unit

    potential, kinetic = (
        float(energy.value_in_unit(unit.kilojoule_per_mole))
        for energy in (state.getPotentialEnergy(), state.getKineticEnergy())
    )
    if not np.isfinite(potential + kinetic):
        raise SimulationError("energy", "is not finite", "shorten the timestep")
    return potential, kinetic


def write_topology(topology: Topology, positions: np.ndarray, path: Path) -> None:
    """Write the topology that belongs to a trajectory, as mmCIF, atomically."""
    from openmm import unit
    from openmm.app import PDBxFile

    from dock.core.files import atomic_path

    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        PDBxFile.writeFile(topology, positions * unit.nanometer, file, keepIds=True)


def _cut(path: Path, length: int) -> None:
    """Cut a file to a length; nothing is left of it if that is zero."""
    if not length:
        path.unlink(missing_ok=True)
        return
    if not path.exists() or path.stat().st_size < length:
        raise SimulationError(
            path, f"is shorter than the {length} bytes that were written", "simulate into another folder"
        )
    os.truncate(path, length)


def _synced(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path.stat().st_size
