"""The normal form of a molecule: everything but its atoms' order and places follows from its graph.

RDKit keeps how a molecule came about: in which order and direction its bonds were made, flags of the SMILES
that it was read from, what it was perceived to be in between. A file forgets some of that: an SDF file turns
a bond round to draw its wedge from the stereo centre. Distance geometry and force fields walk through a
molecule in that order, add up in it, and so end at other coordinates for the very same molecule; a docking
from those ends at other poses. In normal form there is nothing left of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.ligands.axes import copy_labels

if TYPE_CHECKING:
    from rdkit.Chem import Bond, Mol

# RDKit takes a double bond's label to be about the neighbours that CIP ranks highest, which it keeps beside it.
SAME_SIDE = ("STEREOZ", "STEREOCIS")
OTHER_SIDE = ("STEREOE", "STEREOTRANS")


def normal_form(mol: Mol) -> Mol:
    """Return a molecule anew from its atoms, their order, its bonds, its stereochemistry and its coordinates.

    Two molecules that are equal in these become equal in everything, whatever they were made from. Of
    properties the name is kept alone. A double bond of unknown configuration has none.
    """
    from rdkit import Chem

    new = Chem.RWMol()
    for atom in mol.GetAtoms():
        copy = Chem.Atom(atom.GetAtomicNum())
        copy.SetFormalCharge(atom.GetFormalCharge())
        copy.SetIsotope(atom.GetIsotope())
        copy.SetAtomMapNum(atom.GetAtomMapNum())
        copy.SetNumRadicalElectrons(atom.GetNumRadicalElectrons())
        copy.SetIsAromatic(atom.GetIsAromatic())
        copy.SetNoImplicit(True)
        copy.SetNumExplicitHs(atom.GetTotalNumHs())
        new.AddAtom(copy)
    bonds = {_ends(bond): bond for bond in mol.GetBonds()}
    for ends in sorted(bonds):
        new.AddBond(*ends, bonds[ends].GetBondType())
    unspecified = Chem.ChiralType.CHI_UNSPECIFIED
    for atom in mol.GetAtoms():
        if atom.GetChiralTag() != unspecified:
            copy = new.GetAtomWithIdx(atom.GetIdx())
            copy.SetChiralTag(atom.GetChiralTag())
            was = [neighbour.GetIdx() for neighbour in atom.GetNeighbors()]
            # A tag tells the sense of rotation of the neighbours in the order of the bonds to them.
            if _odd([was.index(neighbour.GetIdx()) for neighbour in copy.GetNeighbors()]):
                copy.InvertChirality()
    Chem.SanitizeMol(new)
    for ends, bond in bonds.items():
        _set_configuration(new.GetBondBetweenAtoms(*ends), bond)
    copy_labels(mol, new)
    for conformer in mol.GetConformers():
        new.AddConformer(conformer, assignId=True)
    if mol.HasProp("_Name"):
        new.SetProp("_Name", mol.GetProp("_Name"))
    made = new.GetMol()
    Chem.SetDoubleBondNeighborDirections(made)  # which the perception of stereochemistry goes by
    Chem.AssignStereochemistry(made, cleanIt=True, force=True)
    return made


def _ends(bond: Bond) -> tuple[int, int]:
    begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    return min(begin, end), max(begin, end)


def _odd(order: list[int]) -> bool:
    """Return whether a permutation is an odd one."""
    pairs = ((i, j) for i in range(len(order)) for j in range(i))
    return sum(order[j] > order[i] for i, j in pairs) % 2 == 1


def _set_configuration(new: Bond, old: Bond) -> None:
    """Say how the neighbours of lowest number lie about a double bond, if the old bond says how any do."""
    from rdkit import Chem

    label, about = str(old.GetStereo()), list(old.GetStereoAtoms())
    if label not in (*SAME_SIDE, *OTHER_SIDE) or len(about) != 2:
        return
    same = label in SAME_SIDE
    by_end = {old.GetBeginAtomIdx(): about[0], old.GetEndAtomIdx(): about[1]}
    lowest = []
    for end, other in ((new.GetBeginAtom(), new.GetEndAtom()), (new.GetEndAtom(), new.GetBeginAtom())):
        first = min(n.GetIdx() for n in end.GetNeighbors() if n.GetIdx() != other.GetIdx())
        same ^= first != by_end[end.GetIdx()]
        lowest.append(first)
    new.SetStereoAtoms(*lowest)
    new.SetStereo(Chem.BondStereo.STEREOCIS if same else Chem.BondStereo.STEREOTRANS)
