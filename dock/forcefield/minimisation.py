"""Energy minimisation, with or without position restraints."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import SimulationError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import CustomExternalForce, System

    from dock.forcefield.platforms import Processor

TOLERANCE = 10.0  # kJ/mol/nm, root mean square of the force components
SPRING = 4e5  # kJ/mol/nm^2, as stiff as Amber's bonds to hydrogen (2.8e5 to 4.6e5)
CONSTRAINT_PRECISION = 1e-6  # how closely constraints are kept, relative to their lengths

SCALE = "restraint_scale"  # the context parameter by which every restraint is multiplied


def restraint_force(
    indices: NDArray[np.int64],
    positions: NDArray[np.float64],
    strengths: NDArray[np.float64],
    periodic: bool = False,
) -> CustomExternalForce:
    """Return harmonic position restraints, multiplied by the context parameter ``restraint_scale``.

    Parameters
    ----------
    indices
        The atoms to hold.
    positions : numpy.ndarray, shape (n_atoms, 3)
        Of every atom, in nanometres; the held ones are held there.
    strengths : numpy.ndarray, shape (n_held,)
        In kJ/mol/nm^2; the energy is half of it times the squared displacement.
    periodic
        Whether displacements are to the nearest periodic image.
    """
    import openmm

    squared = "periodicdistance(x,y,z,x0,y0,z0)^2" if periodic else "((x-x0)^2+(y-y0)^2+(z-z0)^2)"
    force = openmm.CustomExternalForce(f"{SCALE}*0.5*k*{squared}")
    force.addGlobalParameter(SCALE, 1.0)
    for name in ("k", "x0", "y0", "z0"):
        force.addPerParticleParameter(name)
    for index, strength in zip(indices, strengths, strict=True):
        force.addParticle(int(index), [strength, *positions[index]])
    return force


@contextmanager
def restrained(system: System, force: CustomExternalForce) -> Iterator[None]:
    """Keep restraints in a system while the block runs."""
    number = system.addForce(force)
    try:
        yield
    finally:
        system.removeForce(number)


def minimise(
    system: System, positions: NDArray[np.float64], processor: Processor, max_iterations: int = 0
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Minimise the energy of a system.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    max_iterations
        No limit if 0.

    Returns
    -------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    energies : tuple of float
        Potential energy before and after, in kJ/mol.

    Raises
    ------
    SimulationError
        If the minimised energy is not finite, as where atoms lie on top of each other.
    """
    import openmm
    from openmm import unit

    integrator = openmm.VerletIntegrator(0.001)
    context = processor.context(system, integrator)
    advice = "look for overlapping atoms"
    try:
        context.setPositions(positions)
        before = context.getState(energy=True).getPotentialEnergy()
        openmm.LocalEnergyMinimizer.minimize(context, TOLERANCE, max_iterations)
        state = context.getState(energy=True, positions=True)
    except openmm.OpenMMException as error:
        raise SimulationError("minimisation", f"OpenMM stopped ({error})", advice) from error
    energies = tuple(
        float(value.value_in_unit(unit.kilojoule_per_mole)) for value in (before, state.getPotentialEnergy())
    )
    if not np.isfinite(energies[1]):
        raise SimulationError("minimisation", f"the energy is {energies[1]}", advice)
    minimised = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    return np.asarray(minimised), (energies[0], energies[1])


def minimise_with_springs(
    system: System, positions: NDArray[np.float64], processor: Processor, max_iterations: int = 0
) -> tuple[NDArray[np.float64], float]:
    """Minimise the energy of a system with springs for its constraints, which hold afterwards.

    OpenMM's minimiser holds constraints by springs, too, but tightens them until they are kept and begins anew
    each time, so that every iteration is made several times, and it may give up early. With these it comes lower
    in a fraction of the time (`tests/integration/test_dynamics.py`): S-citalopram in S1 without limit in 2.6 core seconds
    instead of 13, 65 kJ/mol lower, and there the interaction with the site is 5.3 kcal/mol stronger. Bonds to
    hydrogen are off by up to 0.003 nm before the constraints are applied.

    Parameters
    ----------
    positions, max_iterations
        As of `minimise`.

    Returns
    -------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres; constraints are kept.
    energy : float
        Potential energy there, in kJ/mol.

    Raises
    ------
    SimulationError
        As of `minimise`.
    """
    import openmm
    from openmm import unit

    loose, _ = minimise(with_springs(system), positions, processor, max_iterations)
    context = processor.context(system, openmm.VerletIntegrator(0.001))
    context.setPositions(loose)
    context.applyConstraints(CONSTRAINT_PRECISION)
    state = context.getState(energy=True, positions=True)
    energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    return np.asarray(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)), float(energy)


def with_springs(system: System) -> System:
    """Return a copy of a system whose constraints are springs."""
    import openmm

    system = copy.deepcopy(system)
    springs = openmm.HarmonicBondForce()
    for number in reversed(range(system.getNumConstraints())):
        first, second, length = system.getConstraintParameters(number)
        springs.addBond(first, second, length, SPRING)
        system.removeConstraint(number)
    system.addForce(springs)
    return system
