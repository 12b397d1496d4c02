"""The ensemble: the system that is stepped, with restraints or barostat, and what must hold of it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import SimulationError
from dock.dynamics.protocol import SimulationSettings
from dock.forcefield.minimisation import CONSTRAINT_PRECISION, restraint_force
from dock.systems.complexes import ComplexSystem

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System

FROZEN_TOLERANCE = 1e-4  # nm; the trajectory format rounds to 1e-3
CONSTRAINT_TOLERANCE = 10.0 * CONSTRAINT_PRECISION  # relative
BAROSTAT_STEPS = 25  # between attempts to change the box


def running_system(
    complex_system: ComplexSystem, settings: SimulationSettings, restraining: bool, seed: int
) -> System:
    """Return the system that is stepped: with restraints, and with a barostat if it is periodic.

    Parameters
    ----------
    restraining
        Whether heavy atoms of receptor and ligands that can move are held where they started.
    seed
        Of the barostat.
    """
    from openmm import MonteCarloMembraneBarostat, unit

    system = complex_system.system
    periodic = system.usesPeriodicBoundaryConditions()
    if not periodic and not restraining:
        return system
    system = copy.deepcopy(system)
    if restraining:
        held = _restrained_atoms(complex_system)
        strengths = np.full(len(held), settings.restraint.value_in("kJ/mol/nm^2"))
        system.addForce(restraint_force(held, complex_system.positions, strengths, periodic))
    if periodic:
        barostat = MonteCarloMembraneBarostat(
            settings.pressure.value_in("bar") * unit.bar,
            0.0,
            settings.temperature.value_in("K") * unit.kelvin,
            MonteCarloMembraneBarostat.XYIsotropic,
            MonteCarloMembraneBarostat.ZFree,
            BAROSTAT_STEPS,
        )
        barostat.setRandomNumberSeed(seed)
        system.addForce(barostat)
    return system


def _restrained_atoms(complex_system: ComplexSystem) -> NDArray[np.int64]:
    """Return the heavy atoms of receptor and ligands that can move."""
    elements = [atom.element.symbol for atom in complex_system.topology.atoms()]
    solute = np.union1d(complex_system.partner, complex_system.ligand)
    return np.array([i for i in solute if complex_system.mobile[i] and elements[i] != "H"], dtype=int)


def check(
    complex_system: ComplexSystem, positions: NDArray[np.float64], rounding: float = 0.0
) -> dict[str, float]:
    """Measure how far frozen atoms moved and constraints are off; refuse what is broken.

    Parameters
    ----------
    rounding
        Of the coordinates, relative; what it does to a constrained distance is allowed for.

    Raises
    ------
    SimulationError
        If a frozen atom moved by more than 1e-4 nm, or a constraint is off by more than 1e-5 of its length.
    """
    moved = np.abs(positions - complex_system.positions)[complex_system.frozen]
    drift = float(moved.max()) if len(moved) else 0.0
    error = _constraint_error(complex_system, positions, rounding * float(np.abs(positions).max()))
    if drift > FROZEN_TOLERANCE:
        raise SimulationError("frozen atoms", f"moved by up to {drift:.1e} nm")
    if error > CONSTRAINT_TOLERANCE:
        raise SimulationError("constraints", f"are off by up to {error:.1e}", "shorten the timestep")
    return {"frozen_drift_nm": drift, "constraint_error": error}


def _constraint_error(complex_system: ComplexSystem, positions: NDArray[np.float64], blur: float) -> float:
    """Return the largest relative error of a constrained distance between atoms blurred by so many nm."""
    from openmm import unit

    system = complex_system.system
    constraints = [system.getConstraintParameters(i) for i in range(system.getNumConstraints())]
    if not constraints:
        return 0.0
    first, second = (np.array([c[side] for c in constraints]) for side in (0, 1))
    wanted = np.array([c[2].value_in_unit(unit.nanometer) for c in constraints])
    found = np.linalg.norm(positions[first] - positions[second], axis=1)
    # Each end may be off by `blur` along each axis.
    beyond = np.maximum(np.abs(found - wanted) - 2 * np.sqrt(3) * blur, 0.0)
    return float((beyond / wanted).max())
