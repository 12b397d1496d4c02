"""Relaxation: built atoms and hydrogens give way, deposited atoms are held where they were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.units import A_TO_NM, NM_TO_A
from dock.forcefield.minimisation import minimise, restrained, restraint_force
from dock.forcefield.parameters import force_of, parametrise_receptor
from dock.forcefield.solvent import add_solvent, set_cutoff
from dock.receptors.chirality import wrong_hands
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.receptor import residue_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System
    from openmm.app import Topology

    from dock.forcefield.platforms import Processor
    from dock.receptors.preparation import Preparation

CUTOFF = 1.2  # nm
# First overlaps are cleared, without charges: in kJ/mol/nm^2, and iterations at most.
CLEARING = (50_000.0, 500)
# Then all settles in OBC2, which costs ten times as much an iteration.
SETTLING = (2_000.0, 200)
# Fixed charges overbind: an ion would leave its ligands for the nearest acid.
ION_STRENGTH = 50_000.0
# What keeps the room of a ligand that was seen: for each of its heavy atoms a carbon (GAFF2 c3) with the
# atom's formal charge, since an acid that lost its amine would turn to the next cation.
PLACEHOLDER_SIGMA, PLACEHOLDER_EPSILON = 0.340, 0.458  # nm, kJ/mol
PLACEHOLDER_RADIUS, PLACEHOLDER_SCREEN = 0.17, 0.72  # nm, mbondi2 of carbon
STRAIN = 0.015  # nm from its equilibrium length: a bond that is not relaxed


def relax(preparation: Preparation, processor: Processor) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Minimise a prepared structure, its deposited atoms and its ions restrained, its ligands' room kept.

    On the processor's cores it repeats to the last digit, which takes one thread: several sum forces in any order.

    Returns
    -------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    record : dict
        How it was done, how far deposited atoms moved, and what is wrong with the result.

    Raises
    ------
    ParameterError
        If a residue matches no template of the force field.
    SimulationError
        If the energy is not finite.
    """
    import openmm

    if processor.platform == "CPU":
        processor = processor.configured(1, "mixed", None)
    topology = preparation.topology
    count = topology.getNumAtoms()
    ions = np.array([atom.residue.name in ION_CHARGES for atom in topology.atoms()])
    seen = np.flatnonzero(~np.isnan(preparation.deposited[:, 0]))
    held = np.union1d(seen, np.flatnonzero(ions))  # placed ions stay where they were placed
    places = np.vstack([preparation.positions, preparation.bound.places * A_TO_NM])
    targets = places.copy()
    targets[seen] = preparation.deposited[seen] * A_TO_NM
    energies = []
    for charged, (strength, iterations) in ((False, CLEARING), (True, SETTLING)):
        system = parametrise_receptor(preparation.name, topology)
        nonbonded = force_of(system, openmm.NonbondedForce)
        if charged:
            add_solvent(system, topology)
        else:
            _discharge(nonbonded)
        _add_placeholders(system, preparation.bound.charges * charged)
        set_cutoff(system, CUTOFF)
        strengths = np.where(ions[held], ION_STRENGTH, strength)
        with restrained(system, restraint_force(held, targets, strengths)):
            places, before_after = minimise(system, places, processor, iterations)
        energies.append(before_after)
    positions = places[:count]
    moved = np.linalg.norm(positions[seen] * NM_TO_A - preparation.deposited[seen], axis=1)
    names = atom_names(topology)
    return positions, {
        "minimisation": {
            "force_field": "ff14SB; van der Waals only, then OBC2 (native); cutoff 1.2 nm",
            "restraints_kJ_mol_nm2": [CLEARING[0], SETTLING[0]],
            "iterations_at_most": [CLEARING[1], SETTLING[1]],
            "energy_kJ_mol": round(energies[-1][1], 1),
        },
        "moved_A": {
            "deposited_atoms": len(seen),
            "rms": round(float(np.sqrt((moved**2).mean())), 3),
            "max": round(float(moved.max()), 3),
            "max_atom": names[seen[moved.argmax()]],
            "over_1_A": [names[index] for index in seen[moved > 1.0]],
        },
        "problems": _problems(system, topology, positions),
    }


def atom_names(topology: Topology) -> list[str]:
    """Return what people call each atom, such as ``ASP98 OD1``."""
    labels = residue_labels(topology)
    return [f"{labels[atom.residue.index]} {atom.name}" for atom in topology.atoms()]


def _discharge(nonbonded: Any) -> None:
    for index in range(nonbonded.getNumParticles()):
        _, sigma, epsilon = nonbonded.getParticleParameters(index)
        nonbonded.setParticleParameters(index, 0.0, sigma, epsilon)
    for number in range(nonbonded.getNumExceptions()):
        a, b, _, sigma, epsilon = nonbonded.getExceptionParameters(number)
        nonbonded.setExceptionParameters(number, a, b, 0.0, sigma, epsilon)


def _add_placeholders(system: System, charges: NDArray[np.float64]) -> None:
    """Add particles that do not move and do not feel one another."""
    import openmm

    first = system.getNumParticles()
    for number, charge in enumerate(charges, start=first):
        system.addParticle(0.0)
        for force in system.getForces():
            if isinstance(force, openmm.NonbondedForce):
                force.addParticle(charge, PLACEHOLDER_SIGMA, PLACEHOLDER_EPSILON)
                for other in range(first, number):
                    force.addException(other, number, 0.0, PLACEHOLDER_SIGMA, 0.0)
            elif isinstance(force, openmm.GBSAOBCForce):
                force.addParticle(charge, PLACEHOLDER_RADIUS, PLACEHOLDER_SCREEN)


def _problems(system: System, topology: Topology, positions: NDArray[np.float64]) -> list[str]:
    """Return strained bonds, as where a side chain threads a ring, and centres of the wrong hand."""
    from openmm import HarmonicBondForce, unit

    names, labels = atom_names(topology), residue_labels(topology)
    force = force_of(system, HarmonicBondForce)
    found = []
    for number in range(force.getNumBonds()):
        a, b, length, _ = force.getBondParameters(number)
        apart = float(np.linalg.norm(positions[a] - positions[b]))
        if abs(apart - length.value_in_unit(unit.nanometer)) > STRAIN:
            found.append(f"strained bond, {names[a]} to {names[b]}: {apart * NM_TO_A:.2f} A")
    found += [
        f"{labels[residue.index]} {centre} is of the wrong hand"
        for residue, centre in wrong_hands(topology, positions)
    ]
    return found
