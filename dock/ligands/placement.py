"""Placement: coordinates put onto a prepared molecule, its configuration checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ChemistryError
from dock.ligands import axes, stereo
from dock.ligands.conformers import rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

SAME_PLACE = 0.4  # angstrom; bonded atoms are at least 0.9 apart
LONGEST_BOND = 3.0  # angstrom; that of carbon to iodine has 2.1


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
    shown, wanted = (axes.smiles(Chem.RemoveHs(mol)) for mol in (seen, placed))
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


def require_sound_places(name: str, mol: Mol) -> None:
    """Refuse a molecule of which atoms lie at one place, or bonded ones far apart.

    Raises
    ------
    ChemistryError
        If two atoms are nearer than 0.4 A, a bond is longer than 3 A, or a coordinate is no number.
    """
    from rdkit.Chem import rdmolops

    if not np.isfinite(mol.GetConformer().GetPositions()).all():
        raise ChemistryError(name, "has coordinates that are no numbers", "write it again")
    distances = rdmolops.Get3DDistanceMatrix(mol)
    first, second = np.triu_indices(len(distances), 1)
    near = np.flatnonzero(distances[first, second] < SAME_PLACE)
    if near.size:
        pair = f"{_label(mol, first[near[0]])} and {_label(mol, second[near[0]])}"
        raise ChemistryError(
            name, f"its atoms {pair} lie at one place", "write it with coordinates for every atom"
        )
    for bond in mol.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if distances[ends] > LONGEST_BOND:
            pair = " and ".join(_label(mol, end) for end in ends)
            raise ChemistryError(
                name,
                f"its atoms {pair} are bonded at {distances[ends]:.1f} A",
                "check its bonds and coordinates",
            )


def _label(mol: Mol, atom: int) -> str:
    return f"{mol.GetAtomWithIdx(int(atom)).GetSymbol()}{atom + 1}"
