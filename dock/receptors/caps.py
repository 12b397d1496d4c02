"""Caps of chain ends: put where the backbone wants them.

PDBFixer starts them from a random place and lets a soft force field pull them in; now and then they end
folded onto the peptide nitrogen, and no minimisation gets them out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dock.core.units import A_TO_NM

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Residue, Topology

    from dock.receptors.hetero import Hetero

# The peptide's geometry (Engh and Huber, 1991), lengths in nm and angles in degrees.
PEPTIDE_BOND, CA_C_N, C_N_CA, O_C_N = 0.133, 116.5, 121.7, 123.0
C_O, C_CH3, N_CH3 = 0.123, 0.151, 0.146
TRANS = 180.0
JOINED = 0.17  # nm: a peptide bond, if a distorted one
FILE_CAPS = {"ACE": ("ACE",), "NME": ("NME", "NMA")}  # what files call them
METHYL, METHYL_NAMES = {"ACE": "CH3", "NME": "C"}, ("CH3", "CA", "CT")  # what it is called here, and in files
DIRECTIONS = range(-180, 180, 15)  # of a free torsion


def place_caps(topology: Topology, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions with the heavy atoms of ACE and NME in ideal geometry.

    NME lies opposite to the oxygen of the residue that it caps. ACE turns about N-CA to where it is
    furthest from other atoms.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres; heavy atoms only.
    """
    placed = positions.copy()
    residues = list(topology.residues())
    for number, residue in enumerate(residues):
        if residue.name == "ACE":
            _place_ace(residue, residues[number + 1], placed)
        elif residue.name == "NME":
            _place_nme(residue, residues[number - 1], placed)
    return placed


@dataclass
class SeenCap:
    """A cap that the file has where one is built.

    Attributes
    ----------
    index : int
        Of the residue that is built.
    group : Hetero
    places : dict of str to (int, numpy.ndarray)
        Index of each heavy atom and its place in the file, in nanometres, by its name here.
    """

    index: int
    group: Hetero
    places: dict[str, tuple[int, NDArray[np.float64]]]

    def put(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions, in nanometres, with the cap where the file has it."""
        placed = positions.copy()
        for index, place in self.places.values():
            placed[index] = place
        return placed


def take_caps(topology: Topology, positions: NDArray[np.float64], hetero: Sequence[Hetero]) -> list[SeenCap]:
    """Return the caps of the file that lie, whole, where caps are built: at a peptide bond's length.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    hetero
        What the entry has besides protein.
    """
    found = []
    residues = list(topology.residues())
    for number, residue in enumerate(residues):
        if residue.name not in FILE_CAPS:
            continue
        neighbour, joint, end = (
            (residues[number + 1], "C", "N") if residue.name == "ACE" else (residues[number - 1], "N", "C")
        )
        place = positions[_indices(neighbour)[end]]
        for group in hetero:
            if group.name not in FILE_CAPS[residue.name]:
                continue
            own = {
                METHYL[residue.name] if atom.name in METHYL_NAMES else atom.name: np.array(atom.pos.tolist())
                * A_TO_NM
                for atom in group.residue
            }
            indices = _indices(residue)
            if own.keys() >= indices.keys() and np.linalg.norm(own[joint] - place) <= JOINED:
                places = {name: (index, own[name]) for name, index in indices.items()}
                found.append(SeenCap(residue.index, group, places))
                break
    return found


def _place_ace(cap: Residue, first: Residue, positions: NDArray[np.float64]) -> None:
    """Place an ACE, in place, with the trans peptide bond that lets it stand most freely."""
    from scipy.spatial import cKDTree

    n, ca, c = (positions[_indices(first)[name]] for name in ("N", "CA", "C"))
    own = {atom.index for residue in (cap, first) for atom in residue.atoms()}
    others = cKDTree(np.delete(positions, sorted(own), axis=0))

    def turned(phi: float) -> NDArray[np.float64]:
        carbon = _atom(c, ca, n, PEPTIDE_BOND, C_N_CA, phi)
        oxygen = _atom(ca, n, carbon, C_O, O_C_N, 0.0)
        methyl = _atom(ca, n, carbon, C_CH3, CA_C_N, TRANS)
        return np.array([carbon, oxygen, methyl])

    freest = max((turned(phi) for phi in DIRECTIONS), key=lambda atoms: float(others.query(atoms)[0].min()))
    _put(cap, ("C", "O", "CH3"), freest, positions)


def _place_nme(cap: Residue, last: Residue, positions: NDArray[np.float64]) -> None:
    """Place an NME, in place, opposite to the carbonyl oxygen."""
    indices = _indices(last)
    ca, c, o = (positions[indices[name]] for name in ("CA", "C", "O"))
    nitrogen = _atom(o, ca, c, PEPTIDE_BOND, CA_C_N, TRANS)
    methyl = _atom(ca, c, nitrogen, N_CH3, C_N_CA, TRANS)
    _put(cap, ("N", "C"), np.array([nitrogen, methyl]), positions)


def _indices(residue: Residue) -> dict[str, int]:
    return {atom.name: atom.index for atom in residue.atoms()}


def _put(
    cap: Residue, names: tuple[str, ...], places: NDArray[np.float64], positions: NDArray[np.float64]
) -> None:
    indices = _indices(cap)
    for name, place in zip(names, places, strict=True):
        positions[indices[name]] = place


def _atom(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
    length: float,
    angle: float,
    torsion: float,
) -> NDArray[np.float64]:
    """Return the place of an atom bound to c, by its length, angle (d-c-b) and torsion (d-c-b-a) in degrees."""
    bend, turn = np.radians(angle), np.radians(torsion)
    axis = (c - b) / np.linalg.norm(c - b)
    normal = np.cross(b - a, axis)
    normal /= np.linalg.norm(normal)
    frame = np.array([axis, np.cross(normal, axis), normal])
    local = length * np.array([-np.cos(bend), np.sin(bend) * np.cos(turn), np.sin(bend) * np.sin(turn)])
    return np.asarray(c + local @ frame)
