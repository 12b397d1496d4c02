"""Strands: the nucleic acid that a protein binds, kept beside it where its residues have parameters."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import StructureError
from dock.core.units import NM_TO_A
from dock.receptors.entry import ResidueKey, residue_key
from dock.receptors.names import NUCLEOTIDES
from dock.receptors.polymer import coordinates
from dock.receptors.segments import CHAIN_LETTERS

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray
    from openmm.app import Topology

    from dock.receptors.hetero import Hetero
    from dock.receptors.polymer import Polymer

LINK = 2.2  # angstrom from O3' to P: what is farther is a gap
CONTACT = 5.0  # angstrom from a kept chain to the strands that it binds, and from those to their partners
SHORTEST = 2  # nucleotides of a strand; one alone is a ligand
SUGAR = ("C1'", "C3'", "C4'", "O3'", "O5'")  # what a nucleotide must have to be completed
OLD_NAMES = {"O1P": "OP1", "O2P": "OP2", "O3P": "OP3", "C5M": "C7"}
PHOSPHATE = frozenset({"P", "OP1", "OP2", "OP3"})


@dataclass
class Strand:
    """Linked nucleotides of one chain, from 5' to 3'.

    Attributes
    ----------
    chain : str
        The author's name of the chain.
    residues : list of gemmi.Residue
        Without hydrogens; the first without phosphate.
    groups : list of Hetero
        The same, as the entry has them.
    notes : list of str
        What was changed.
    """

    chain: str
    residues: list[gemmi.Residue]
    groups: list[Hetero]
    notes: list[str] = field(default_factory=list)

    @property
    def keys(self) -> list[ResidueKey]:
        """The author's address of each residue."""
        return [residue_key(self.chain, residue) for residue in self.residues]

    @property
    def places(self) -> NDArray[np.float64]:
        """Of all atoms, shape (n_atoms, 3), in angstrom."""
        return coordinates(self.residues)

    def __str__(self) -> str:
        first, last = self.keys[0], self.keys[-1]
        return f"{len(self.residues)} nucleotides of chain {self.chain}, {first.number} to {last.number}"


@dataclass
class Built:
    """Strands, complete but for their hydrogens.

    Attributes
    ----------
    topology : openmm.app.Topology
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    keys : list of ResidueKey
        The author's address of each residue.
    seen : set of (int, str)
        Index of the residue and name of each atom that the entry has.
    """

    topology: Topology
    positions: NDArray[np.float64]
    keys: list[ResidueKey]
    seen: set[tuple[int, str]]


def find_strands(
    hetero: Sequence[Hetero], polymers: Mapping[str, Polymer], unwanted: Sequence[Hetero]
) -> list[Strand]:
    """Return the strands that the kept protein binds, and those paired with them.

    Those with a nucleotide that the user drops are left out, as are nucleotides that the force field does not
    know: what is on their two sides are strands of their own.
    """
    dropped = {id(group) for group in unwanted}
    strands: list[Strand] = []
    for group in hetero:
        if group.kind != "nucleotide" or group.name not in NUCLEOTIDES:
            continue
        residue = _modern(group)
        if not all(name in residue for name in SUGAR):
            continue
        last = strands[-1] if strands and strands[-1].chain == group.key.chain else None
        if last is not None and _linked(last.residues[-1], residue):
            last.residues.append(residue)
            last.groups.append(group)
        else:
            strands.append(Strand(group.key.chain, [residue], [group]))
    usable = [
        strand
        for strand in strands
        if len(strand.residues) >= SHORTEST and not any(id(group) in dropped for group in strand.groups)
    ]
    kept = _bound(usable, np.vstack([coordinates(polymer.residues) for polymer in polymers.values()]))
    for strand in kept:
        _end(strand)
    return kept


def _modern(group: Hetero) -> gemmi.Residue:
    """Return a nucleotide with the names that it and its atoms have in the PDB today."""
    residue = group.residue.clone()
    residue.name = group.name
    for atom in residue:
        name = atom.name.replace("*", "'")
        atom.name = OLD_NAMES.get(name, name)
    return residue


def _linked(before: gemmi.Residue, after: gemmi.Residue) -> bool:
    return "P" in after and before["O3'"][0].pos.dist(after["P"][0].pos) <= LINK


def _bound(strands: Sequence[Strand], protein: NDArray[np.float64]) -> list[Strand]:
    """Return the strands near the protein, and near one that is."""
    from scipy.spatial import cKDTree

    chosen: list[int] = []
    around = protein
    while True:
        tree = cKDTree(around)
        more = [
            number
            for number, strand in enumerate(strands)
            if number not in chosen and tree.query(strand.places)[0].min() <= CONTACT
        ]
        if not more:
            return [strands[number] for number in sorted(chosen)]
        chosen += more
        around = np.vstack([strands[number].places for number in more])


def _end(strand: Strand) -> None:
    """Take the phosphate off the 5' end: the force field has a hydroxyl there."""
    first = strand.residues[0]
    present = [atom.name for atom in first if atom.name in PHOSPHATE]
    for index in reversed(range(len(first))):
        if first[index].name in PHOSPHATE:
            del first[index]
    if present:
        strand.notes.append(f"the 5' phosphate of {strand.keys[0].label(first.name, True)} became a hydroxyl")


def build_strands(strands: Sequence[Strand]) -> Built:
    """Complete strands by the atoms that they lack, with PDBFixer.

    Raises
    ------
    StructureError
        If PDBFixer cannot.
    """
    from openmm import Platform, unit
    from pdbfixer import PDBFixer

    origin = np.round(np.vstack([strand.places for strand in strands]).mean(axis=0))
    try:
        fixer = PDBFixer(
            pdbfile=io.StringIO(_pdb_block(strands, origin)), platform=Platform.getPlatformByName("CPU")
        )
        fixer.missingResidues, fixer.nonstandardResidues = {}, []
        fixer.findMissingAtoms()
        fixer.missingTerminals = {}
        notes = {residue.index: atoms for residue, atoms in fixer.missingAtoms.items()}
        fixer.addMissingAtoms(seed=1)
    except Exception as error:  # PDBFixer raises whatever an odd residue causes
        raise StructureError(
            strands[0], f"PDBFixer cannot complete it ({error})", "drop it (drop: CHAIN:CODE:NUMBER)"
        ) from error
    keys = [key for strand in strands for key in strand.keys]
    for index, atoms in notes.items():
        built = " ".join(atom.name for atom in atoms)
        _strand_of(strands, index).notes.append(f"{keys[index].label('', True)}: {built} built")
    residues = [residue for strand in strands for residue in strand.residues]
    seen = {
        (atom.residue.index, atom.name)
        for atom in fixer.topology.atoms()
        if atom.name in residues[atom.residue.index]
    }
    positions = np.array(fixer.positions.value_in_unit(unit.nanometer), dtype=float) + origin / NM_TO_A
    return Built(fixer.topology, positions, keys, seen)


def _strand_of(strands: Sequence[Strand], index: int) -> Strand:
    for strand in strands:
        if index < len(strand.residues):
            return strand
        index -= len(strand.residues)
    raise IndexError(index)


def _pdb_block(strands: Sequence[Strand], origin: NDArray[np.float64]) -> str:
    """Return PDB text, moved by an origin in angstrom, with residues counted in each chain."""
    import gemmi

    structure = gemmi.Structure()
    model = gemmi.Model(1)
    for letter, strand in zip(CHAIN_LETTERS, strands, strict=False):
        chain = gemmi.Chain(letter)
        for number, residue in enumerate(strand.residues, start=1):
            added = chain.add_residue(residue)
            added.seqid, added.het_flag = gemmi.SeqId(number, " "), "A"
            for atom in added:
                atom.pos -= gemmi.Position(*origin)
        model.add_chain(chain)
    structure.add_model(model)
    structure.setup_entities()
    return str(structure.make_pdb_string(gemmi.PdbWriteOptions(minimal=True)))


def strand_notes(strands: Iterable[Strand]) -> list[str]:
    """Say which strands are kept and what was done to them, for the record."""
    return [f"{strand}{''.join(f'; {note}' for note in strand.notes)}" for strand in strands]
