"""Contacts: what the ends of an Asn, Gln or His lie near, and whether it suits them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dock.core.units import NM_TO_A

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Atom, Residue

# Atoms that change places when a side chain is turned; in amides the oxygen comes first.
ENDS = {
    "ASN": (("OD1", "ND2"),),
    "GLN": (("OE1", "NE2"),),
    "HIS": (("ND1", "CD2"), ("NE2", "CE1")),
}
CONTACT = 3.5  # angstrom between the polar atoms of a hydrogen bond
DONORS = frozenset({"N", "NZ", "NE", "NE1", "NH1", "NH2", "ND2", "NE2"})
ACCEPTORS = frozenset({"O", "OXT", "OD1", "OD2", "OE1", "OE2"})


@dataclass(frozen=True)
class Contact:
    """Two polar atoms within the reach of a hydrogen bond.

    Attributes
    ----------
    end : str
        The atom of the side chain.
    other : str
        The atom that it is near, such as ``LYS352 O``.
    kind : str
        Of the other: ``donor``, ``acceptor``, or ``either``.
    suits : bool
        Whether the two can bond: not two donors, nor two acceptors. A nitrogen of histidine is either.
    distance : float
        In angstrom.
    """

    end: str
    other: str
    kind: str
    suits: bool
    distance: float

    def __str__(self) -> str:
        return f"{self.end} {self.distance:.1f} A from {self.other}"


def contacts(residue: Residue, positions: NDArray[np.float64], labels: Sequence[str]) -> list[Contact]:
    """Return the contacts of the nitrogens and oxygens at the ends of a side chain.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    labels
        Name of each residue, in the order of the topology.
    """
    others = [
        atom
        for atom in residue.chain.topology.atoms()
        if atom.residue is not residue
        and atom.element.symbol in "NOS"
        and (atom.residue.name, atom.name) != ("PRO", "N")
    ]
    places = positions[[atom.index for atom in others]]
    ends = {name for pair in ENDS[residue.name] for name in pair if name[0] in "NO"}
    found = []
    for atom in residue.atoms():
        if atom.name not in ends:
            continue
        distances = np.linalg.norm(places - positions[atom.index], axis=1) * NM_TO_A
        for index in np.flatnonzero(distances <= CONTACT):
            other = others[index]
            name, kind = f"{labels[other.residue.index]} {other.name}", _kind(other)
            suits = "either" in (kind, own := _kind(atom)) or kind != own
            found.append(Contact(atom.name, name, kind, suits, float(distances[index])))
    return found


def _kind(atom: Atom) -> str:
    """Return whether an atom gives a proton, takes one, or may do either."""
    if atom.residue.name == "HIS" and atom.name not in ("N", "O"):
        return "either"
    return "donor" if atom.name in DONORS else "acceptor" if atom.name in ACCEPTORS else "either"


def balance(found: Iterable[Contact]) -> int:
    """Return how many contacts can be hydrogen bonds less how many cannot."""
    return sum(1 if contact.suits else -1 for contact in found)


def exchanged(positions: NDArray[np.float64], residues: Iterable[Residue]) -> NDArray[np.float64]:
    """Return positions with the ends of side chains exchanged.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
    """
    exchanged = positions.copy()
    for residue in residues:
        atoms = {atom.name: atom.index for atom in residue.atoms()}
        for end, other in ENDS[residue.name]:
            exchanged[[atoms[end], atoms[other]]] = positions[[atoms[other], atoms[end]]]
    return exchanged
