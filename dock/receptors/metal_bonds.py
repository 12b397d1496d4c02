"""Metal bonds: which atoms of a hetero residue coordinate a metal, or are one that the receptor coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.units import NM_TO_A
from dock.receptors.hetero import Hetero, coordinates_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology

# Angstrom: below, two atoms overlap; the longest bonds are those of calcium, sodium and potassium.
SHORTEST, LONGEST = 1.5, 2.8
CARBON = 2.2  # angstrom: carbon monoxide and cyanide; rings at a haem have carbons from 2.7 on
DONORS = frozenset({"N", "O", "S", "P", "Se", "F", "Cl", "Br", "I"})


@dataclass(frozen=True)
class Surface:
    """Heavy atoms that a ligand may touch.

    Attributes
    ----------
    names : list of str
        As ``HIS93 NE2``; of an ion, ``ZN301``.
    elements : list of str
    places : numpy.ndarray, shape (n_atoms, 3)
        In angstrom.
    """

    names: list[str]
    elements: list[str]
    places: NDArray[np.float64]

    @classmethod
    def of_receptor(
        cls, topology: Topology, positions: NDArray[np.float64], labels: Sequence[str]
    ) -> Surface:
        """Return a receptor's.

        Parameters
        ----------
        positions : numpy.ndarray, shape (n_atoms, 3)
            In nanometres.
        labels
            Name of each residue.
        """
        atoms = [atom for atom in topology.atoms() if atom.element.symbol != "H"]
        return cls(
            [_name(atom, labels) for atom in atoms],
            [atom.element.symbol for atom in atoms],
            positions[[atom.index for atom in atoms]] * NM_TO_A,
        )

    @classmethod
    def of_hetero(cls, group: Hetero) -> Surface:
        """Return that of a hetero residue, which the receptor lacks."""
        names = [f"{atom.name} of {group}" for atom in group.residue]
        return cls(names, [atom.element.name for atom in group.residue], coordinates_of(group.residue))

    @property
    def metallic(self) -> NDArray[np.bool_]:
        """Which of the atoms are metals."""
        return np.array([is_metal(element) for element in self.elements], dtype=bool)


def _name(atom: Any, labels: Sequence[str]) -> str:
    label = labels[atom.residue.index]
    return label if is_metal(atom.element.symbol) else f"{label} {atom.name}"


def is_metal(symbol: str) -> bool:
    """Return whether an element is a metal."""
    import gemmi

    return bool(gemmi.Element(symbol).is_metal)


def coordination(group: Hetero, around: Surface) -> list[str]:
    """Say of each bond between a metal and what coordinates it, of a hetero residue and its surroundings, how long it is.

    Returns
    -------
    list of str
        As ``N1 coordinates ZN301 (2.0 A)``, or ``HIS93 NE2 coordinates its FE (2.1 A)``.
    """
    own = Surface.of_hetero(group)
    found = []
    for index, atom in enumerate(group.residue):
        apart = np.linalg.norm(around.places - own.places[index], axis=1)
        for other in np.flatnonzero((apart >= SHORTEST) & (apart <= LONGEST)):
            pair = own.elements[index], around.elements[other]
            metals = [is_metal(element) for element in pair]
            if sum(metals) != 1 or not _donates(pair[metals.index(False)], apart[other]):
                continue
            length = f"({apart[other]:.1f} A)"
            if metals[0]:
                found.append(f"{around.names[other]} coordinates its {atom.name} {length}")
            else:
                found.append(f"{atom.name} coordinates {around.names[other]} {length}")
    return found


def _donates(element: str, distance: float) -> bool:
    return element in DONORS or (element == "C" and distance <= CARBON)


def closest(group: Hetero, around: Surface) -> float:
    """Return the shortest distance, in angstrom, between two atoms of which none coordinates the other.

    Metals count with all that lies nearer to them than any bond.
    """
    own = Surface.of_hetero(group)
    apart = np.linalg.norm(own.places[:, None] - around.places[None], axis=2)
    bonds = (own.metallic[:, None] | around.metallic[None]) & (apart >= SHORTEST)
    return float(np.where(bonds, np.inf, apart).min())
