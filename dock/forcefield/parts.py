"""Parts: parametrised systems cut, put in another order, and put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from openmm import System

# A parametrised system and the indices of the particles that are taken from it.
Part: TypeAlias = "tuple[System, NDArray[np.int64]]"
# The atoms of a term and its parameters.
_Term: TypeAlias = "tuple[list[int], list[float]]"
# The forces that are combined: what a term is called, and how many atoms it has.
BONDED = {
    "HarmonicBondForce": ("Bond", 2),
    "HarmonicAngleForce": ("Angle", 3),
    "PeriodicTorsionForce": ("Torsion", 4),
}
FORCES = (*BONDED, "NonbondedForce")


def combine(parts: Sequence[Part]) -> System:
    """Put subsets of parametrised systems into one, without cutoff.

    A system may be in several parts, as that of a water molecule is: it is read once, and must not be
    changed afterwards.

    Parameters
    ----------
    parts
        Systems with the indices of the particles to take, in the order wanted.

    Returns
    -------
    openmm.System
        The particles of every part, with the bonds, angles, torsions, exceptions and
        constraints whose atoms were all taken.
    """
    import openmm

    combined = openmm.System()
    forces = {name: getattr(openmm, name)() for name in FORCES}
    for force in forces.values():
        combined.addForce(force)
    nonbonded = forces["NonbondedForce"]
    nonbonded.setNonbondedMethod(openmm.NonbondedForce.NoCutoff)
    for system, indices in parts:
        terms = _Terms.of(system)
        start = combined.getNumParticles()
        new = [-1] * len(terms.masses)
        for position, old in enumerate(indices.tolist()):
            new[old] = start + position
            combined.addParticle(terms.masses[old])
            nonbonded.addParticle(*terms.particles[old])
        adders = [combined.addConstraint, nonbonded.addException]
        adders += [getattr(forces[name], f"add{kind}") for name, (kind, _) in BONDED.items()]
        for add, values in zip(adders, terms.between, strict=True):
            for atoms, parameters in values:
                taken = [new[atom] for atom in atoms]
                if min(taken) >= 0:
                    add(*taken, *parameters)
    return combined


class _Terms:
    """What a parametrised system consists of, as numbers in OpenMM's units."""

    _read: ClassVar[WeakKeyDictionary[System, _Terms]] = WeakKeyDictionary()

    @classmethod
    def of(cls, system: System) -> _Terms:
        """Return the terms of a system, read at the first call."""
        if system not in cls._read:
            cls._read[system] = cls(system)
        return cls._read[system]

    def __init__(self, system: System) -> None:
        self.masses = [system.getParticleMass(n)._value for n in range(system.getNumParticles())]
        self.particles: list[list[float]] = []
        exceptions: list[_Term] = []
        bonded: dict[str, list[_Term]] = {name: [] for name in BONDED}
        constraints = [
            _split(system.getConstraintParameters(number), 2) for number in range(system.getNumConstraints())
        ]
        for force in system.getForces():
            name = type(force).__name__
            if name == "NonbondedForce":
                numbers = range(force.getNumParticles())
                self.particles += [_split(force.getParticleParameters(number), 0)[1] for number in numbers]
                numbers = range(force.getNumExceptions())
                exceptions += [_split(force.getExceptionParameters(number), 2) for number in numbers]
            if name in BONDED:
                kind, width = BONDED[name]
                get, numbers = (
                    getattr(force, f"get{kind}Parameters"),
                    range(getattr(force, f"getNum{kind}s")()),
                )
                bonded[name] += [_split(get(number), width) for number in numbers]
        self.between = [constraints, exceptions, *bonded.values()]


def _split(values: Sequence[Any], width: int) -> _Term:
    """Return the atoms of a term, and its parameters without their units."""
    return list(values[:width]), [getattr(value, "_value", value) for value in values[width:]]


def severed(system: System, kept: NDArray[np.int64], mobile: NDArray[np.bool_]) -> list[list[int]]:
    """Return the atoms of every term that a cut would take from atoms that move; none, if it is fit for use.

    Parameters
    ----------
    system
        The whole that is cut.
    kept : numpy.ndarray of int, shape (n_kept,)
        Indices of the particles that are kept.
    mobile : numpy.ndarray of bool, shape (n_kept,)
        Which of them move.

    Returns
    -------
    list of list of int
        Bonds, angles, torsions, exceptions and constraints with an atom that moves and one that is gone.
    """
    inside, moving = set(kept.tolist()), set(kept[mobile].tolist())
    return [
        atoms
        for values in _Terms.of(system).between
        for atoms, _ in values
        if not moving.isdisjoint(atoms) and not inside.issuperset(atoms)
    ]
