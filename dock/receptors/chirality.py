"""Chirality of a protein's backbone and of the side chains of Ile and Thr."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Residue, Topology

# Centre, then three neighbours whose signed volume is positive in L-amino acids, (2S,3S)-Ile
# and (2S,3R)-Thr.
CENTRES = {
    "CA": ("N", "C", "CB"),
    "CB ILE": ("CA", "CG1", "CG2"),
    "CB THR": ("CA", "OG1", "CG2"),
}
BACKBONE = frozenset({"N", "CA", "C", "O", "OXT", "H", "H2", "H3", "HA"})
# Branches that change places to turn a side chain's centre round.
BRANCHES = {"ILE": ("CG1", "CG2"), "THR": ("OG1", "CG2")}


def wrong_hands(topology: Topology, positions: NDArray[np.float64]) -> list[tuple[Residue, str]]:
    """Return the stereo centres of a protein that are of the wrong hand: residue and atom.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In any unit of length.
    """
    wrong = []
    for residue in topology.residues():
        places = {atom.name: positions[atom.index] for atom in residue.atoms()}
        for key, names in CENTRES.items():
            centre, _, only = key.partition(" ")
            if (only and residue.name != only) or not {centre, *names} <= set(places):
                continue
            a, b, c = (places[name] - places[centre] for name in names)
            if np.dot(np.cross(a, b), c) <= 0:
                wrong.append((residue, centre))
    return wrong


def mend_hands(
    topology: Topology, positions: NDArray[np.float64], built: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[str]]:
    """Turn round centres that were built with the wrong hand.

    At CA the side chain is mirrored in the plane of the backbone; at CB of Ile and Thr the two
    branches change places. Bond lengths and angles are left to the minimisation that every built
    atom undergoes. Deposited atoms stay where they are.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
    built : numpy.ndarray of bool, shape (n_atoms,)
        Which atoms have no deposited place.

    Returns
    -------
    positions : numpy.ndarray, shape (n_atoms, 3)
    mended : list of str
        Residue and centre of each.
    """
    mended = []
    positions = positions.copy()
    for wanted in ("CA", "CB"):  # mirroring at CA turns CB round, too
        for residue, centre in wrong_hands(topology, positions):
            atoms = {atom.name: atom.index for atom in residue.atoms()}
            moving = [i for name, i in atoms.items() if name not in BACKBONE]
            if centre != wanted or not built[[i for i in moving if centre == "CA" or i != atoms["CB"]]].all():
                continue
            if centre == "CA":
                positions[moving] = _mirrored(positions, moving, [atoms[name] for name in ("N", "CA", "C")])
            else:
                first, second = (atoms[name] for name in BRANCHES[residue.name])
                if "CD1" in atoms:
                    positions[atoms["CD1"]] += positions[second] - positions[first]
                positions[[first, second]] = positions[[second, first]]
            mended.append(f"{residue.index} {centre}")
    return positions, mended


def _mirrored(positions: NDArray[np.float64], moving: list[int], plane: list[int]) -> NDArray[np.float64]:
    """Return atoms mirrored in the plane of three others."""
    first, second, third = positions[plane]
    normal = np.cross(first - second, third - second)
    normal /= np.linalg.norm(normal)
    heights = (positions[moving] - second) @ normal
    return np.asarray(positions[moving] - 2 * heights[:, None] * normal)
