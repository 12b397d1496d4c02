"""Addresses that fit the PDB format: the author's, or letters and counts where a chain or a number is too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dock.core.errors import StructureError
from dock.receptors.segments import CHAIN_LETTERS

if TYPE_CHECKING:
    from openmm.app import Residue, Topology

MOST = 9999  # residues of a chain that four digits count


class Address(NamedTuple):
    """Chain, number and insertion code of a residue, as text."""

    chain: str
    number: str
    insertion: str = ""


def author_address(residue: Residue) -> Address:
    """Return the address that a residue has in its topology."""
    return Address(residue.chain.id, residue.id, residue.insertionCode.strip())


def fits_pdb(topology: Topology) -> bool:
    """Return whether all chain names and residue numbers fit the PDB format."""
    return all(len(r.chain.id) == 1 and len(r.id) <= 4 for r in topology.residues())


def pdb_addresses(topology: Topology) -> list[Address]:
    """Return for each residue an address that fits the PDB format: the author's, if all of these do.

    Raises
    ------
    StructureError
        If there are more residues than the format can tell apart.
    """
    if fits_pdb(topology):
        return [author_address(residue) for residue in topology.residues()]
    if topology.getNumResidues() > MOST * len(CHAIN_LETTERS):
        raise StructureError(
            "receptor", f"has more than {MOST * len(CHAIN_LETTERS)} residues", "choose fewer chains"
        )
    return [
        Address(CHAIN_LETTERS[index // MOST], str(index % MOST + 1))
        for index in range(topology.getNumResidues())
    ]


def readdressed(topology: Topology, addresses: Sequence[Address]) -> Topology:
    """Return a copy of a topology whose residues have other addresses; a chain ends where its name changes."""
    from openmm.app import Topology

    new = Topology()
    atoms = []
    for chain in topology.chains():
        part = None
        for residue in chain.residues():
            address = addresses[residue.index]
            if part is None or part.id != address.chain:
                part = new.addChain(address.chain)
            copy = new.addResidue(residue.name, part, address.number, address.insertion)
            atoms += [new.addAtom(atom.name, atom.element, copy) for atom in residue.atoms()]
    for first, second in topology.bonds():
        new.addBond(atoms[first.index], atoms[second.index])
    return new
