"""Assembly: parametrised parts put together, cut, solvated and given their masses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dock.dynamics.parameters import force_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from openmm import GBSAOBCForce, System
    from openmm.app import Topology
    from rdkit.Chem import Mol

# A parametrised system and the indices of the particles that are taken from it.
Part: TypeAlias = "tuple[System, NDArray[np.int64]]"
SOLVENT_DIELECTRIC = 78.5
LIGAND_CHAIN = "L"


def combine(parts: Sequence[Part]) -> System:
    """Put subsets of parametrised systems into one, without cutoff.

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

    bonded = (openmm.HarmonicBondForce(), openmm.HarmonicAngleForce(), openmm.PeriodicTorsionForce())
    nonbonded = openmm.NonbondedForce()
    nonbonded.setNonbondedMethod(openmm.NonbondedForce.NoCutoff)
    combined = openmm.System()
    for force in (*bonded, nonbonded):
        combined.addForce(force)
    for system, indices in parts:
        start = combined.getNumParticles()
        new = {int(old): start + position for position, old in enumerate(indices)}
        for old in new:
            combined.addParticle(system.getParticleMass(old))
        for number in range(system.getNumConstraints()):
            a, b, length = system.getConstraintParameters(number)
            if a in new and b in new:
                combined.addConstraint(new[a], new[b], length)
        for source in system.getForces():
            if isinstance(source, openmm.NonbondedForce):
                _copy_nonbonded(source, nonbonded, new)
            for target, width in zip(bonded, (2, 3, 4), strict=True):
                if isinstance(source, type(target)):
                    _copy_bonded(source, target, width, new)
    return combined


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


def add_solvent(system: System, topology: Topology) -> None:
    """Put a system into native OBC2, without cutoff; charges are those of its non-bonded force."""
    import openmm

    nonbonded = force_of(system, openmm.NonbondedForce)
    charges = [nonbonded.getParticleParameters(index)[0] for index in range(system.getNumParticles())]
    system.addForce(solvent_force(charges, topology))


def set_cutoff(system: System, cutoff: float) -> None:
    """Cut off the non-bonded forces of a system that is not periodic, at a distance in nanometres."""
    import openmm

    for force in system.getForces():
        if isinstance(force, openmm.NonbondedForce | openmm.GBSAOBCForce):
            force.setNonbondedMethod(force.CutoffNonPeriodic)
            force.setCutoffDistance(cutoff)
        if isinstance(force, openmm.NonbondedForce):
            # Solvent screening is the business of OBC2, not of a reaction field.
            force.setReactionFieldDielectric(1.0)


def solvent_force(charges: Sequence[Any], topology: Topology) -> GBSAOBCForce:
    """Return native OBC2 with mbondi2 radii and ACE surface, without cutoff."""
    import openmm
    from openmm.app.internal.customgbforces import GBSAOBC2Force

    solvent = openmm.GBSAOBCForce()
    solvent.setNonbondedMethod(openmm.GBSAOBCForce.NoCutoff)
    solvent.setSolventDielectric(SOLVENT_DIELECTRIC)
    parameters = GBSAOBC2Force.getStandardParameters(topology)
    for charge, (radius, screen) in zip(charges, parameters, strict=True):
        solvent.addParticle(charge, radius, screen)
    return solvent


def _copy_nonbonded(source: Any, target: Any, new: dict[int, int]) -> None:
    for old in new:
        target.addParticle(*source.getParticleParameters(old))
    for number in range(source.getNumExceptions()):
        a, b, *parameters = source.getExceptionParameters(number)
        if a in new and b in new:
            target.addException(new[a], new[b], *parameters)


def _copy_bonded(source: Any, target: Any, width: int, new: dict[int, int]) -> None:
    kind = {2: "Bond", 3: "Angle", 4: "Torsion"}[width]
    get, add = getattr(source, f"get{kind}Parameters"), getattr(target, f"add{kind}")
    for number in range(getattr(source, f"getNum{kind}s")()):
        values = get(number)
        if all(old in new for old in values[:width]):
            add(*(new[old] for old in values[:width]), *values[width:])


def repartition(system: System, topology: Topology, hydrogen_mass: float) -> None:
    """Move mass from each heavy atom to its hydrogens (hydrogen mass repartitioning)."""
    from openmm import unit

    for a, b in topology.bonds():
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
