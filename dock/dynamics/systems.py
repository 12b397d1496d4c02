"""Systems: what is simulated, put together from parametrised parts.

A `site` system is a region of the receptor (`dock.dynamics.region`) cut out of the whole parametrised
receptor: the particles chosen, with every bonded term, exception and constraint that lies inside. No caps
are needed, since the residues at the rim are frozen and keep their charges; that no atom which moves
has lost a term is checked whenever a system is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import model_validator

from dock.core.errors import ParameterError
from dock.core.keys import content_key
from dock.core.records import Record
from dock.core.units import A_TO_NM, Length, Mass, Quantity
from dock.dynamics.assembly import (
    add_ligand,
    drop_frozen_constraints,
    make_periodic,
    repartition,
    subset_topology,
    surrounding_parts,
    total_charge,
)
from dock.dynamics.bilayer import Bilayer, MembraneSettings, build_bilayer, displaced, neutralised
from dock.dynamics.charges import ChargeMethod
from dock.dynamics.coordination import add_walls
from dock.dynamics.parameters import LIGAND_RESIDUE, force_of, ligand_parameters, receptor_parameters
from dock.dynamics.parts import Part, combine, severed
from dock.dynamics.region import Region, region_around
from dock.dynamics.solvent import add_solvent, set_cutoff, solvent_force
from dock.dynamics.surroundings import WATER
from dock.ligands import Ligand
from dock.receptors.hetero import ION_CHARGES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System
    from openmm.app import Topology
    from rdkit.Chem import Mol

    from dock.docking.pose import Pose
    from dock.dynamics.platforms import Processor
    from dock.receptors import Receptor

BACKBONE = frozenset({"N", "CA", "C", "O", "OXT"})
OCCUPANT_RESIDUE = "OCC"
Kind = Literal["site", "implicit", "membrane"]


class SystemSettings(Record):
    """What is simulated, what of the receptor is kept and what of it moves.

    Attributes
    ----------
    kind : str
        ``site`` (neighbourhood of the ligand in OBC2, its outer shell frozen), ``implicit`` (the whole
        receptor in OBC2), ``membrane`` (the whole receptor in a bilayer, water and salt), or ``auto``,
        see `default_kind`.
    kept_within : Length
        Of a site system: receptor residues with an atom this near to a ligand are in it, and what their
        bonds and ions ask for (`dock.dynamics.region`).
    mobile_within : Length
        Of a site system: those with an atom this near move; the rest are frozen.
    cutoff : Length
        Of the non-bonded forces while simulating; interaction energies are computed without.
    hydrogen_mass : Mass
        Mass of hydrogens, taken from the heavy atoms they sit on; rigid water keeps its own.
    membrane : MembraneSettings
        Of a membrane system: the bilayer and its salt.
    charges : str
        How those of ligands are found: ``am1-bcc``, or ``nagl``, which is fast and an extra.
    """

    kind: Literal["auto"] | Kind = "auto"
    kept_within: Length = Quantity("8 angstrom")
    mobile_within: Length = Quantity("5 angstrom")
    cutoff: Length = Quantity("12 angstrom")
    hydrogen_mass: Mass = Quantity("3 amu")
    charges: ChargeMethod = "am1-bcc"
    membrane: MembraneSettings = MembraneSettings()

    @model_validator(mode="after")
    def _possible(self) -> SystemSettings:
        if self.mobile_within.value_in("nm") > self.kept_within.value_in("nm"):
            raise ValueError("mobile_within must not exceed kept_within")
        if not 1.0 <= self.hydrogen_mass.value_in("amu") <= 4.0:
            raise ValueError("hydrogen_mass must lie between 1 and 4 amu")
        return self


@dataclass(frozen=True, eq=False)
class ComplexSystem:
    """A parametrised system of receptor and ligand.

    Its atoms come in this order: receptor, ligand, occupants of other sites, surroundings.

    Attributes
    ----------
    kind : str
        ``site``, ``implicit`` or ``membrane``.
    topology : openmm.app.Topology
        Author's chain letters and residue numbers; the ligand is residue LIG 1 of chain L, occupants of
        other sites are residues OCC 2 and following.
    system : openmm.System
        Frozen atoms have mass zero.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    ligand : numpy.ndarray of int
        Indices of the ligand's atoms, in the order of the pose's molecule.
    mobile : numpy.ndarray of bool, shape (n_atoms,)
    kept : numpy.ndarray of int
        Indices, in the whole receptor, of the receptor's atoms of the system.
    occupants : mapping of str to numpy.ndarray of int
        Indices of the ligands that lie in other sites, by site.
    """

    kind: Kind
    topology: Topology
    system: System
    positions: NDArray[np.float64]
    ligand: NDArray[np.int64]
    mobile: NDArray[np.bool_]
    kept: NDArray[np.int64]
    occupants: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def frozen(self) -> NDArray[np.int64]:
        """Indices of the atoms that do not move."""
        return np.flatnonzero(~self.mobile)

    @property
    def receptor(self) -> NDArray[np.int64]:
        """Indices of the receptor's atoms."""
        return np.arange(len(self.kept))

    @property
    def atoms_key(self) -> str:
        """Content key of the receptor's atoms that are in the system, and of which of them move."""
        return content_key(
            [self.kind, self.kept.tolist(), np.flatnonzero(self.mobile[self.receptor]).tolist()]
        )

    @property
    def partner(self) -> NDArray[np.int64]:
        """Indices of what binds the ligand: the receptor's atoms and those of occupants of other sites."""
        return np.concatenate([self.receptor, *self.occupants.values()])

    @property
    def surroundings(self) -> NDArray[np.int64]:
        """Indices of lipids, water and salt, which only a membrane system has."""
        complex_atoms = len(self.partner) + len(self.ligand)
        return np.arange(complex_atoms, len(self.positions))

    def solvent(self, indices: NDArray[np.int64]) -> System:
        """Return a system of a part of the atoms that feels nothing but the solvent, without cutoff."""
        import openmm

        system = openmm.System()
        for _ in indices:
            system.addParticle(1.0)
        nonbonded = force_of(self.system, openmm.NonbondedForce)
        charges = [nonbonded.getParticleParameters(int(index))[0] for index in indices]
        system.addForce(solvent_force(charges, subset_topology(self.topology, indices)))
        return system


def default_kind(receptor: Receptor, processor: Processor) -> Kind:
    """Return the kind of system that `auto` means.

    On a CPU that is the site. On a GPU it is the membrane for a receptor whose place in one is known,
    and the whole receptor in implicit solvent for another.
    """
    if not processor.gpu:
        return "site"
    return "membrane" if receptor.record.get("membrane") else "implicit"


def build_system(
    receptor: Receptor,
    pose: Pose,
    settings: SystemSettings,
    bilayer: Bilayer | None = None,
    processor: Processor | None = None,
    region: Region | None = None,
) -> ComplexSystem:
    """Build the system of a pose that the settings name.

    Ligands that lie in other sites of the receptor (`Receptor.with_occupant`) are in it as well.

    Parameters
    ----------
    region
        Of a site system: that of all poses it is to be compared with; that of the pose alone if None.
    bilayer
        Of a membrane system; that of the receptor, which is built where it is not kept, if None.
    processor
        That a bilayer is built on, and by which ``auto`` is decided; the fastest if None.

    Raises
    ------
    ParameterError
        If the ligand or the receptor cannot be parametrised, or the pose was docked beside a ligand
        that the receptor lacks.
    """
    from dock.dynamics.platforms import choose_processor

    kind = (
        settings.kind if settings.kind != "auto" else default_kind(receptor, processor or choose_processor())
    )
    if kind == "membrane":
        return membrane_system(receptor, pose, settings, bilayer, processor)
    if kind == "site":
        return site_system(receptor, pose, settings, region=region)
    return whole_system(receptor, pose, settings)


def site_system(
    receptor: Receptor,
    pose: Pose,
    settings: SystemSettings,
    hold_backbone: bool = False,
    region: Region | None = None,
) -> ComplexSystem:
    """Build the `site` system of a pose: native OBC2, outer shell frozen.

    The part of the receptor that is left out neither screens nor interacts, and atoms at the
    rim see more solvent than they should, which is worth several kcal/mol of interaction energy:
    `dock.dynamics.energies.cut_corrections` takes it out again.
    Where other sites are occupied, it is the neighbourhood of all the ligands.

    Parameters
    ----------
    hold_backbone
        Freeze the backbone and the ions too, so that nothing of the receptor but side chains moves.
    region
        That of all poses it is to be compared with; that of the pose alone if None.

    Raises
    ------
    ParameterError
        As of `build_system`, or if the region is too small for the pose.
    """
    own = region_around([(receptor, pose)], settings)
    region = region or own
    if not set(own.kept) <= set(region.kept) or not set(own.mobile) <= set(region.mobile):
        raise ParameterError(
            pose.ligand.name, "its pose reaches beyond the region", "draw it around the pose, too"
        )
    kept, mobile = region.atoms(receptor.topology)
    if hold_backbone:
        mobile &= _in_side_chain(receptor.topology)[kept]
    return _implicit("site", receptor, pose, kept, mobile, settings)


def whole_system(receptor: Receptor, pose: Pose, settings: SystemSettings) -> ComplexSystem:
    """Build the `implicit` system of a pose: the whole receptor in native OBC2, all mobile.

    Raises
    ------
    ParameterError
        As of `build_system`.
    """
    everything = np.arange(receptor.topology.getNumAtoms())
    mobile = np.ones(len(everything), dtype=bool)
    return _implicit("implicit", receptor, pose, everything, mobile, settings)


def membrane_system(
    receptor: Receptor,
    pose: Pose,
    settings: SystemSettings,
    bilayer: Bilayer | None = None,
    processor: Processor | None = None,
) -> ComplexSystem:
    """Build the `membrane` system of a pose: the whole receptor in a bilayer, water and salt, all mobile.

    Non-bonded forces are particle-mesh Ewald's. There is no barostat in it: that belongs to the
    ensemble. What overlaps a ligand is taken out of the bilayer, which was built without.

    Raises
    ------
    ParameterError
        As of `build_system`, or if the receptor's place in a membrane is not known.
    """
    from dock.dynamics.platforms import choose_processor

    bilayer = bilayer or build_bilayer(receptor, settings.membrane, processor or choose_processor())
    everything = np.arange(receptor.topology.getNumAtoms())
    assembly = _assembled(receptor, pose, everything, settings.charges)
    topology, positions = assembly.topology, bilayer.place(assembly.positions)
    heavy = [a.index for a in topology.atoms() if a.index >= len(everything) and a.element.symbol != "H"]
    around = displaced(bilayer.content, positions[heavy], pose.ligand.name)
    around = neutralised(around, total_charge(assembly.parts), positions, pose.ligand.name)
    around.add_to(topology)
    system = combine([*assembly.parts, *surrounding_parts(around)])
    make_periodic(system, around.box, settings.cutoff.value_in("nm"))
    repartition(system, topology, settings.hydrogen_mass.value_in("amu"), skip=(WATER,))
    # A barostat scales the places of molecules from the origin: there it does not pull the receptor
    # against what holds it.
    positions = np.vstack([positions, around.positions]) - positions[everything].mean(axis=0)
    moves = np.ones(len(positions), dtype=bool)
    return ComplexSystem(
        "membrane", topology, system, positions, assembly.ligand, moves, everything, assembly.occupants
    )


def ligand_system(ligand: Ligand, charges: ChargeMethod = "am1-bcc") -> System:
    """Build a ligand alone in native OBC2, without cutoff.

    Raises
    ------
    ParameterError
        If the ligand cannot be parametrised.
    """
    from openmm.app import Topology

    topology = Topology()
    add_ligand(topology, ligand.mol, LIGAND_RESIDUE)
    system = combine([(ligand_parameters(ligand, charges), np.arange(topology.getNumAtoms()))])
    add_solvent(system, topology)
    return system


@dataclass(frozen=True, eq=False)
class _Assembly:
    """Receptor, ligand and occupants, not yet in any solvent."""

    parts: list[Part]
    topology: Topology
    positions: NDArray[np.float64]
    ligand: NDArray[np.int64]
    occupants: dict[str, NDArray[np.int64]]


def _assembled(receptor: Receptor, pose: Pose, kept: NDArray[np.int64], charges: ChargeMethod) -> _Assembly:
    """Put receptor atoms, the ligand and what lies in other sites one after the other."""
    _check_occupants(receptor, pose)
    _check_order(pose)
    parts = [(receptor_parameters(receptor), kept)]
    topology = subset_topology(receptor.topology, kept)
    positions = [receptor.positions[kept]]
    indices = []
    others = [Ligand(mol.GetProp("_Name"), mol) for mol in receptor.occupants.values()]
    for ligand, mol in [(pose.ligand, pose.mol), *((other, other.mol) for other in others)]:
        atoms = np.arange(mol.GetNumAtoms())
        indices.append(atoms + topology.getNumAtoms())
        add_ligand(topology, mol, OCCUPANT_RESIDUE if len(indices) > 1 else LIGAND_RESIDUE, len(indices))
        parts.append((ligand_parameters(ligand, charges), atoms))
        positions.append(mol.GetConformer().GetPositions() * A_TO_NM)
    occupants = dict(zip(receptor.occupants, indices[1:], strict=True))
    return _Assembly(parts, topology, np.vstack(positions), indices[0], occupants)


def _check_occupants(receptor: Receptor, pose: Pose) -> None:
    if pose.occupied and pose.occupied != receptor.occupied:
        raise ParameterError(
            pose.ligand.name,
            f"was docked beside {pose.occupied}, which the receptor lacks",
            "give the receptor with that ligand in it (Receptor.with_occupant)",
        )
    if pose.site in receptor.occupants:
        raise ParameterError(
            pose.ligand.name, f"lies in the {pose.site} site, which is occupied ({receptor.occupied})"
        )


def _check_order(pose: Pose) -> None:
    """Refuse a pose whose atoms come in another order than the ligand's: it would get others' parameters."""

    def order(mol: Mol) -> tuple[list[int], set[frozenset[int]]]:
        bonds = {frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())) for bond in mol.GetBonds()}
        return [atom.GetAtomicNum() for atom in mol.GetAtoms()], bonds

    if order(pose.mol) != order(pose.ligand.mol):
        raise ParameterError(
            pose.ligand.name,
            "its pose has the atoms in another order than the ligand",
            "renumber the atoms of one",
        )


def _implicit(
    kind: Kind,
    receptor: Receptor,
    pose: Pose,
    kept: NDArray[np.int64],
    mobile: NDArray[np.bool_],
    settings: SystemSettings,
) -> ComplexSystem:
    """Put part of a receptor and its ligands into native OBC2; ligands always move."""
    lost = severed(receptor_parameters(receptor), kept, mobile)
    if lost:
        names = [f"{a.residue.name}{a.residue.id} {a.name}" for a in receptor.topology.atoms()]
        raise ParameterError(
            receptor.name,
            f"{len(lost)} bonded terms of atoms that move would be cut, as {' - '.join(names[i] for i in lost[0])}",
            "keep their neighbours (dock.dynamics.region.close)",
        )
    assembly = _assembled(receptor, pose, kept, settings.charges)
    topology = assembly.topology
    system = combine(assembly.parts)
    add_solvent(system, topology)
    add_walls(system, receptor, kept)
    set_cutoff(system, settings.cutoff.value_in("nm"))
    moves = np.ones(len(assembly.positions), dtype=bool)
    moves[: len(kept)] = mobile
    repartition(system, topology, settings.hydrogen_mass.value_in("amu"))
    for index in np.flatnonzero(~moves):
        system.setParticleMass(int(index), 0.0)
    drop_frozen_constraints(system)
    return ComplexSystem(
        kind, topology, system, assembly.positions, assembly.ligand, moves, kept, assembly.occupants
    )


def _in_side_chain(topology: Topology) -> NDArray[np.bool_]:
    """Tell of each atom whether it is neither backbone, with its hydrogens, nor an ion."""
    held = np.array([a.name in BACKBONE or a.residue.name in ION_CHARGES for a in topology.atoms()])
    for one, two in topology.bonds():
        hydrogen, heavy = (one, two) if one.element.symbol == "H" else (two, one)
        if hydrogen.element.symbol == "H":
            held[hydrogen.index] = held[heavy.index]
    return ~held
