"""Assembly: what a system of several parts needs besides: a topology, a box, masses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dock.forcefield.parameters import force_of, molecule_parameters
from dock.forcefield.parts import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System
    from openmm.app import Topology
    from rdkit.Chem import Mol

    from dock.systems.membrane.surroundings import Surroundings

LIGAND_CHAIN = "L"
# Of the soft repulsion: kJ/mol where two atoms coincide, the part of their Lennard-Jones diameters within
# which it acts, and nm beyond which it is not looked for.
SOFT, TOUCH, SOFT_CUTOFF = 1000.0, 0.9, 0.4


def total_charge(parts: Sequence[Part]) -> float:
    """Return the sum of the charges of the particles that are taken, in e."""
    import openmm

    total = 0.0
    for system, indices in parts:
        force = force_of(system, openmm.NonbondedForce)
        total += sum(force.getParticleParameters(int(index))[0]._value for index in indices)
    return total


def surrounding_parts(surroundings: Surroundings) -> list[Part]:
    """Return the parts that lipids, water and ions are, one for each molecule."""
    systems = {kind: molecule_parameters(kind) for kind in dict.fromkeys(surroundings.molecules)}
    atoms = {kind: np.arange(len(kind.atoms)) for kind in systems}
    return [(systems[kind], atoms[kind]) for kind in surroundings.molecules]


def make_periodic(system: System, box: NDArray[np.float64], cutoff: float, pme: bool = True) -> None:
    """Put a system into a periodic box, with particle-mesh Ewald or, quicker, a reaction field.

    Parameters
    ----------
    box : numpy.ndarray, shape (3,)
        Edges, in nanometres.
    cutoff
        In nanometres.
    """
    import openmm

    system.setDefaultPeriodicBoxVectors(*(openmm.Vec3(*row) for row in np.diag(box)))
    force = force_of(system, openmm.NonbondedForce)
    force.setNonbondedMethod(force.PME if pme else force.CutoffPeriodic)
    force.setCutoffDistance(cutoff)
    force.setUseDispersionCorrection(True)


def soften(system: System, box: NDArray[np.float64]) -> None:
    """Put a system into a periodic box, its non-bonded forces replaced by a soft repulsion of near atoms.

    Parameters
    ----------
    box : numpy.ndarray, shape (3,)
        Edges, in nanometres.
    """
    import openmm

    system.setDefaultPeriodicBoxVectors(*(openmm.Vec3(*row) for row in np.diag(box)))
    real = force_of(system, openmm.NonbondedForce)
    soft = openmm.CustomNonbondedForce(
        f"{SOFT}*step(touch-r)*(1-r/touch)^2; touch=max(0.1, {TOUCH}*(size1+size2)/2)"
    )
    soft.addPerParticleParameter("size")
    for index in range(system.getNumParticles()):
        soft.addParticle([real.getParticleParameters(index)[1]])
    for number in range(real.getNumExceptions()):
        soft.addExclusion(*real.getExceptionParameters(number)[:2])
    soft.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    soft.setCutoffDistance(SOFT_CUTOFF)
    system.removeForce(next(n for n, force in enumerate(system.getForces()) if isinstance(force, type(real))))
    system.addForce(soft)


def subset_topology(topology: Topology, indices: NDArray[np.int64]) -> Topology:
    """Return the part of a topology with the given atoms, keeping its names and numbers."""
    from openmm.app import Topology

    chosen = set(indices.tolist())
    part = Topology()
    atoms = {}
    for chain in topology.chains():
        new_chain = None
        for residue in chain.residues():
            inside = [atom for atom in residue.atoms() if atom.index in chosen]
            if not inside:
                continue
            new_chain = new_chain or part.addChain(chain.id)
            new_residue = part.addResidue(residue.name, new_chain, residue.id, residue.insertionCode)
            for atom in inside:
                atoms[atom] = part.addAtom(atom.name, atom.element, new_residue)
    for bond in topology.bonds():
        if bond[0] in atoms and bond[1] in atoms:
            part.addBond(atoms[bond[0]], atoms[bond[1]], bond.type, bond.order)
    return part


def add_ligand(topology: Topology, mol: Mol, residue_name: str, number: int = 1) -> None:
    """Append a ligand to a topology, as a residue of a chain L of its own, its atoms numbered by element."""
    from openmm.app import Element

    residue = topology.addResidue(residue_name, topology.addChain(LIGAND_CHAIN), str(number))
    counts: dict[str, int] = {}
    atoms = []
    for atom in mol.GetAtoms():
        symbol = atom.GetSymbol()
        counts[symbol] = counts.get(symbol, 0) + 1
        name = f"{symbol.upper()}{counts[symbol]}"
        atoms.append(topology.addAtom(name, Element.getBySymbol(symbol), residue))
    for bond in mol.GetBonds():
        topology.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])


def repartition(system: System, topology: Topology, hydrogen_mass: float, skip: Sequence[str] = ()) -> None:
    """Move mass from each heavy atom to its hydrogens (hydrogen mass repartitioning).

    Parameters
    ----------
    hydrogen_mass
        In dalton.
    skip
        Names of residues that keep their masses, as rigid water does.
    """
    from openmm import unit

    for a, b in topology.bonds():
        if a.residue.name in skip:
            continue
        hydrogen, heavy = (a, b) if a.element.symbol == "H" else (b, a)
        if hydrogen.element.symbol != "H" or heavy.element.symbol == "H":
            continue
        moved = hydrogen_mass - system.getParticleMass(hydrogen.index).value_in_unit(unit.dalton)
        left = system.getParticleMass(heavy.index).value_in_unit(unit.dalton) - moved
        system.setParticleMass(hydrogen.index, hydrogen_mass)
        system.setParticleMass(heavy.index, left)


def drop_frozen_constraints(system: System) -> None:
    """Remove constraints between frozen atoms, which OpenMM refuses to hold."""
    for number in reversed(range(system.getNumConstraints())):
        a, b, _ = system.getConstraintParameters(number)
        if system.getParticleMass(a)._value == 0 and system.getParticleMass(b)._value == 0:
            system.removeConstraint(number)
