"""Centres that only the place of a proton makes: the two arms of phenobarbital, or of a bisphosphonate, are alike.

A charge on one of them tells them apart on paper. In water the proton moves between the two in no time, so such an atom
has no configuration, whatever its label or coordinates say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.ligands.protonation import neutral

if TYPE_CHECKING:
    from rdkit.Chem import Mol


def mobile_centres(mol: Mol) -> tuple[int, ...]:
    """Return the atoms that would be no stereo centres, were every charge that titrates taken away."""
    from rdkit import Chem

    if not any(atom.GetFormalCharge() for atom in mol.GetAtoms()):
        return ()
    numbered = Chem.Mol(mol)
    for atom in numbered.GetAtoms():
        atom.SetIntProp("number", atom.GetIdx())
    bare = Chem.RemoveHs(numbered, sanitize=False)
    uncharged = neutral(bare)
    if uncharged is bare:
        return ()
    only_charged = _centres(bare) - _centres(uncharged)
    return tuple(sorted(bare.GetAtomWithIdx(atom).GetIntProp("number") for atom in only_charged))


def _centres(mol: Mol) -> set[int]:
    """Return the atoms that could be stereo centres, whether they are labelled or not."""
    from rdkit import Chem

    flat = Chem.Mol(mol)
    Chem.RemoveStereochemistry(flat)
    return {
        element.centeredOn
        for element in Chem.FindPotentialStereo(flat)
        if element.type == Chem.StereoType.Atom_Tetrahedral
    }
