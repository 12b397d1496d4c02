"""Chirality of a protein's backbone and of the side chains of Ile and Thr."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology

# Centre, then three neighbours whose signed volume is positive in L-amino acids, (2S,3S)-Ile
# and (2S,3R)-Thr.
CENTRES = {
    "CA": ("N", "C", "CB"),
    "CB ILE": ("CA", "CG1", "CG2"),
    "CB THR": ("CA", "OG1", "CG2"),
}


def wrong_hands(topology: Topology, positions: NDArray[np.float64]) -> list[str]:
    """Return the stereo centres of a protein that are of the wrong hand, as ``THR439 CB``.

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
                wrong.append(f"{residue.name}{residue.id} {centre}")
    return wrong
