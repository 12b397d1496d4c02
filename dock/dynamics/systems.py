"""Systems: what is simulated, put together from parametrised parts.

A `site` system is the neighbourhood of a ligand cut out of the whole parametrised receptor:
the particles chosen, with every bonded term, exception and constraint that lies inside. No caps
are needed, since the residues at the rim are frozen and keep their charges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import model_validator

from dock.core.errors import ParameterError
from dock.core.records import Record
from dock.core.units import Length, Mass, Quantity
from dock.dynamics.parameters import LIGAND_RESIDUE, force_of, ligand_parameters, receptor_parameters
from dock.receptors.hetero import ION_CHARGES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import GBSAOBCForce, System
    from openmm.app import Topology
    from rdkit.Chem import Mol

    from dock.docking.pose import Pose
    from dock.ligands import Ligand
    from dock.receptors import Receptor

A_TO_NM = 0.1
SOLVENT_DIELECTRIC = 78.5
LIGAND_CHAIN = "L"
BACKBONE = frozenset({"N", "CA", "C", "O", "OXT"})


class SystemSettings(Record):
    """What of the receptor is kept and what of it moves.

    Attributes
    ----------
    kept_within : Length
        Receptor residues with an atom this near to the ligand are in the system.
    mobile_within : Length
        Those with an atom this near move; the rest are frozen.
    cutoff : Length
        Of the non-bonded forces while simulating; interaction energies are computed without.
    hydrogen_mass : Mass
        Mass of hydrogens, taken from the heavy atoms they sit on.
    """

    kept_within: Length = Quantity("8 angstrom")
    mobile_within: Length = Quantity("5 angstrom")
    cutoff: Length = Quantity("12 angstrom")
    hydrogen_mass: Mass = Quantity("3 amu")

    @model_validator(mode="after")
    def _possible(self) -> SystemSettings:
        if self.mobile_within.value_in("nm") > self.kept_within.value_in("nm"):
            raise ValueError("mobile_within must not exceed kept_within")
        if not 1.0 <= self.hydrogen_mass.value_in("amu") <= 4.0:
            raise ValueError("hydrogen_mass must lie between 1 and 4 amu")
        return self


@dataclass(frozen=True, eq=False)
class ComplexSystem:
    """A parametrised system of receptor atoms and one ligand.

    Attributes
    ----------
    topology : openmm.app.Topology
        Author's chain letters and residue numbers; the ligand is residue LIG of chain L.
    system : openmm.System
        Frozen atoms have mass zero.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    ligand : numpy.ndarray of int
        Indices of the ligand's atoms, in the order of the pose's molecule.
    mobile : numpy.ndarray of bool, shape (n_atoms,)
    kept : numpy.ndarray of int
        Indices, in the whole receptor, of the receptor's atoms of the system.
    """

    topology: Topology
    system: System
    positions: NDArray[np.float64]
    ligand: NDArray[np.int64]
    mobile: NDArray[np.bool_]
    kept: NDArray[np.int64]

    @property
    def frozen(self) -> NDArray[np.int64]:
        """Indices of the atoms that do not move."""
        return np.flatnonzero(~self.mobile)

    @property
    def receptor(self) -> NDArray[np.int64]:
        """Indices of the receptor's atoms."""
        return np.setdiff1d(np.arange(len(self.positions)), self.ligand)

    def solvent(self, indices: NDArray[np.int64]) -> System:
        """Return a system of a part of the atoms that feels nothing but the solvent, without cutoff."""
        import openmm

        system = openmm.System()
        for _ in indices:
            system.addParticle(1.0)
        nonbonded = force_of(self.system, openmm.NonbondedForce)
        charges = [nonbonded.getParticleParameters(int(index))[0] for index in indices]
        system.addForce(_solvent(charges, subset_topology(self.topology, indices)))
        return system


def site_system(
    receptor: Receptor, pose: Pose, settings: SystemSettings, hold_backbone: bool = False
) -> ComplexSystem:
    """Build the `site` system of a pose: native OBC2, outer shell frozen.

    The part of the receptor that is left out neither screens nor interacts, and atoms at the
    rim see more solvent than they should: for S-citalopram in the orthosteric site of SERT the
    interaction energy is 4 kcal/mol weaker at 8 A than with the whole receptor (-40), 1 at 12 A.

    Parameters
    ----------
    hold_backbone
        Freeze the backbone and the ions too, so that nothing of the receptor but side chains moves.

    Raises
    ------
    ParameterError
        If the ligand or the receptor cannot be parametrised.
    """
    near = residue_distances(receptor, pose)
    kept = np.flatnonzero(near <= settings.kept_within.value_in("nm"))
    mobile = near[kept] <= settings.mobile_within.value_in("nm")
    if hold_backbone:
        mobile &= _in_side_chain(receptor.topology)[kept]
    return _complex(receptor, pose, kept, mobile, settings)


def whole_system(receptor: Receptor, pose: Pose, settings: SystemSettings) -> ComplexSystem:
    """Build the `implicit` system of a pose: the whole receptor in native OBC2, all mobile.

    Raises
    ------
    ParameterError
        If the ligand or the receptor cannot be parametrised.
    """
    everything = np.arange(receptor.topology.getNumAtoms())
    mobile = np.ones(len(everything), dtype=bool)
    return _complex(receptor, pose, everything, mobile, settings)


def ligand_system(ligand: Ligand) -> System:
    """Build a ligand alone in native OBC2, without cutoff.

    Raises
    ------
    ParameterError
        If the ligand cannot be parametrised.
    """
    from openmm.app import Topology

    topology = Topology()
    add_ligand(topology, ligand.mol)
    return _solvated([(ligand_parameters(ligand), np.arange(topology.getNumAtoms()))], topology)


def residue_distances(receptor: Receptor, pose: Pose) -> NDArray[np.float64]:
    """Return, for each receptor atom, its residue's smallest distance to the ligand.

    Returns
    -------
    numpy.ndarray, shape (n_receptor_atoms,)
        In nanometres, over all atom pairs.
    """
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(pose.mol.GetConformer().GetPositions() * A_TO_NM).query(receptor.positions)
    residue = np.array([atom.residue.index for atom in receptor.topology.atoms()])
    smallest = np.full(residue.max() + 1, np.inf)
    np.minimum.at(smallest, residue, distances)
    return np.asarray(smallest[residue])


def combine(parts: Sequence[tuple[System, NDArray[np.int64]]]) -> System:
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


def add_ligand(topology: Topology, mol: Mol) -> None:
    """Append a ligand to a topology, as residue LIG 1 of chain L, its atoms numbered by element."""
    from openmm.app import Element

    residue = topology.addResidue(LIGAND_RESIDUE, topology.addChain(LIGAND_CHAIN), "1")
    counts: dict[str, int] = {}
    atoms = []
    for atom in mol.GetAtoms():
        symbol = atom.GetSymbol()
        counts[symbol] = counts.get(symbol, 0) + 1
        name = f"{symbol.upper()}{counts[symbol]}"
        atoms.append(topology.addAtom(name, Element.getBySymbol(symbol), residue))
    for bond in mol.GetBonds():
        topology.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])


def _complex(
    receptor: Receptor,
    pose: Pose,
    kept: NDArray[np.int64],
    mobile: NDArray[np.bool_],
    settings: SystemSettings,
) -> ComplexSystem:
    if receptor.occupants or pose.occupied:
        raise ParameterError(
            pose.ligand.name,
            f"was docked beside {receptor.occupied or pose.occupied}, which no system holds yet",
            "simulate a pose of the empty receptor",
        )
    mol = pose.mol
    topology = subset_topology(receptor.topology, kept)
    add_ligand(topology, mol)
    ligand = np.arange(len(kept), len(kept) + mol.GetNumAtoms())
    parts = [
        (receptor_parameters(receptor), kept),
        (ligand_parameters(pose.ligand), np.arange(len(ligand))),
    ]
    system = _solvated(parts, topology, settings.cutoff.value_in("nm"))
    moves = np.concatenate([mobile, np.ones(len(ligand), dtype=bool)])
    _repartition(system, topology, settings.hydrogen_mass.value_in("amu"))
    for index in np.flatnonzero(~moves):
        system.setParticleMass(int(index), 0.0)
    _drop_frozen_constraints(system)
    positions = np.vstack([receptor.positions[kept], mol.GetConformer().GetPositions() * A_TO_NM])
    return ComplexSystem(topology, system, positions, ligand, moves, kept)


def _in_side_chain(topology: Topology) -> NDArray[np.bool_]:
    """Tell of each atom whether it is neither backbone, with its hydrogens, nor an ion."""
    held = np.array([a.name in BACKBONE or a.residue.name in ION_CHARGES for a in topology.atoms()])
    for one, two in topology.bonds():
        hydrogen, heavy = (one, two) if one.element.symbol == "H" else (two, one)
        if hydrogen.element.symbol == "H":
            held[hydrogen.index] = held[heavy.index]
    return ~held


def _solvated(
    parts: Sequence[tuple[System, NDArray[np.int64]]],
    topology: Topology,
    cutoff: float | None = None,
) -> System:
    """Combine the parts and put them into native OBC2."""
    system = combine(parts)
    add_solvent(system, topology)
    if cutoff is not None:
        set_cutoff(system, cutoff)
    return system


def add_solvent(system: System, topology: Topology) -> None:
    """Put a system into native OBC2, without cutoff; charges are those of its non-bonded force."""
    import openmm

    nonbonded = force_of(system, openmm.NonbondedForce)
    charges = [nonbonded.getParticleParameters(index)[0] for index in range(system.getNumParticles())]
    system.addForce(_solvent(charges, topology))


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


def _solvent(charges: Sequence[Any], topology: Topology) -> GBSAOBCForce:
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


def _repartition(system: System, topology: Topology, hydrogen_mass: float) -> None:
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


def _drop_frozen_constraints(system: System) -> None:
    """Remove constraints between frozen atoms, which OpenMM refuses to hold."""
    for number in reversed(range(system.getNumConstraints())):
        a, b, _ = system.getConstraintParameters(number)
        if system.getParticleMass(a)._value == 0 and system.getParticleMass(b)._value == 0:
            system.removeConstraint(number)
