"""Placement: coordinates put onto a prepared molecule, its configuration checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ChemistryError
from dock.ligands import stereo
from dock.ligands.conformers import rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol


def place_atoms(template: Mol, coordinates: NDArray[np.float64]) -> Mol:
    """Return a copy of `template` at the given coordinates, rounded as an SDF file has them.

    Parameters
    ----------
    coordinates : numpy.ndarray, shape (n_atoms, 3)
        In angstrom, in the template's order, hydrogens included.

    Raises
    ------
    ChemistryError
        If the coordinates show another configuration than the template has.
    """
    from rdkit import Chem

    placed = Chem.Mol(template)
    placed.GetConformer().SetPositions(np.ascontiguousarray(coordinates, dtype=float))
    rounded(placed)
    seen = stereo.seen_in_coordinates(placed)
    shown, wanted = (Chem.MolToSmiles(Chem.RemoveHs(mol)) for mol in (seen, placed))
    if shown != wanted:
        raise ChemistryError(wanted, f"the coordinates show {shown} instead")
    return placed


def place_heavy_atoms(template: Mol, coordinates: NDArray[np.float64]) -> Mol:
    """Return a copy of `template` at the given heavy-atom coordinates, hydrogens rebuilt.

    Parameters
    ----------
    template
        Heavy atoms first, then explicit hydrogens.
    coordinates : numpy.ndarray, shape (n_heavy_atoms, 3)
        In angstrom, in the template's order.

    Raises
    ------
    ChemistryError
        If the coordinates show another configuration than the template has.
    """
    from rdkit import Chem

    bare = Chem.RemoveHs(template)
    bare.GetConformer().SetPositions(np.ascontiguousarray(coordinates, dtype=float))
    full = Chem.AddHs(bare, addCoords=True)
    return place_atoms(template, full.GetConformer().GetPositions())
