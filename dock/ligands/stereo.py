"""Stereochemistry: enantiomers made from the racemate and told apart by CIP labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dock.core.errors import ChemistryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol


# What GAFF2 has atom types for, and the engines' scoring functions too.
ELEMENTS = frozenset({"H", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I"})
MAX_HEAVY_ATOMS = 120
MAX_ISOMERS = 32


def read_smiles(name: str, smiles: str) -> Mol:
    """Read one connected, drug-like molecule from a SMILES, without explicit hydrogens.

    Raises
    ------
    ChemistryError
        If the SMILES cannot be read, is empty, holds several molecules, dummy atoms, radicals or
        elements without parameters, or has more than 120 heavy atoms.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise ChemistryError(
            name, f"'{smiles}' is not a valid SMILES", "check brackets, ring digits and valences"
        )
    if mol.GetNumAtoms() == 0:
        raise ChemistryError(name, "the SMILES is empty", "give a SMILES or a catalogue name")
    if len(Chem.GetMolFrags(mol)) > 1:
        raise ChemistryError(name, f"'{smiles}' holds several molecules", "remove the salt or solvent")
    odd = sorted({atom.GetSymbol() for atom in mol.GetAtoms()} - ELEMENTS)
    if odd:
        raise ChemistryError(name, f"holds {', '.join(odd)}, which no force field here covers")
    if any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()):
        raise ChemistryError(name, f"'{smiles}' is a radical", "check the hydrogens in brackets")
    if mol.GetNumHeavyAtoms() > MAX_HEAVY_ATOMS:
        raise ChemistryError(name, f"has {mol.GetNumHeavyAtoms()} heavy atoms, more than {MAX_HEAVY_ATOMS}")
    return mol


def forget_invertible(mol: Mol) -> Mol:
    """Clear the stereochemistry of nitrogens that carry a hydrogen, in place, and return `mol`.

    A protonated amine loses its proton and inverts within milliseconds: it is no stereo centre,
    although RDKit finds one in its coordinates.
    """
    from rdkit import Chem

    for atom in mol.GetAtoms():
        if atom.GetSymbol() == "N" and atom.GetTotalNumHs(includeNeighbors=True):
            atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
            atom.ClearProp("_CIPCode")
    return mol


def seen_in_coordinates(mol: Mol) -> Mol:
    """Return a copy of a molecule with the stereochemistry that its conformer shows."""
    from rdkit import Chem

    copy = Chem.Mol(mol)
    Chem.AssignStereochemistryFrom3D(copy)
    return forget_invertible(copy)


def looks_like_name(text: str) -> bool:
    """Return whether a text is more likely a misspelt name than a SMILES.

    Names of this field run to several lower-case letters that are no aromatic atoms.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        readable = Chem.MolFromSmiles(text, sanitize=False) is not None
    return not readable and text.replace("-", "").replace(" ", "").isalnum() and len(text) > 3


def cip_labels(mol: Mol) -> tuple[str, ...]:
    """Return the CIP labels (R, S) of the tetrahedral centres in the order of the atoms.

    The labels come from RDKit's implementation of the full CIP rules (`rdCIPLabeler`).
    """
    from rdkit import Chem
    from rdkit.Chem import rdCIPLabeler

    copy = forget_invertible(Chem.Mol(mol))
    rdCIPLabeler.AssignCIPLabels(copy)
    return tuple(
        atom.GetProp("_CIPCode")
        for atom in copy.GetAtoms()
        if atom.HasProp("_CIPCode") and atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED
    )


def isomers(mol: Mol) -> list[Mol]:
    """Return every stereoisomer of `mol` that can exist, keeping centres that are already defined.

    Nitrogens that invert are no centres, and an isomer that cannot be embedded, such as a cage
    turned inside out, is left out. At most 32 are made.
    """
    from rdkit import rdBase
    from rdkit.Chem import MolToSmiles
    from rdkit.Chem.EnumerateStereoisomers import (
        EnumerateStereoisomers,
        StereoEnumerationOptions,
    )

    options = StereoEnumerationOptions(
        onlyUnassigned=True, unique=True, tryEmbedding=True, maxIsomers=MAX_ISOMERS, rand=1
    )
    with rdBase.BlockLogs():
        found = [forget_invertible(isomer) for isomer in EnumerateStereoisomers(mol, options=options)]
    return list({MolToSmiles(isomer): isomer for isomer in found}.values())


def isomer_with_labels(name: str, mol: Mol, labels: tuple[str, ...]) -> Mol:
    """Return the one stereoisomer of `mol` that carries exactly these CIP labels.

    Raises
    ------
    ChemistryError
        If none or several isomers do.
    """
    found = [isomer for isomer in isomers(mol) if cip_labels(isomer) == labels]
    if len(found) != 1:
        have = sorted({"".join(cip_labels(isomer)) for isomer in isomers(mol)})
        raise ChemistryError(
            name, f"{len(found)} isomers have the CIP labels {''.join(labels)}", f"isomers: {have}"
        )
    return found[0]


def with_defined_stereo(name: str, mol: Mol) -> Mol:
    """Return a molecule whose every centre and double bond is defined, or refuse it.

    A molecule that leaves elements open but can exist as one isomer only, such as
    amantadine, is that isomer.

    Raises
    ------
    ChemistryError
        If several isomers are meant, or none can exist.
    """
    from rdkit import Chem

    mol = forget_invertible(Chem.Mol(mol))
    open_elements = [
        element
        for element in Chem.FindPotentialStereo(Chem.Mol(mol))
        if element.specified == Chem.StereoSpecified.Unspecified and not _inverts(mol, element)
    ]
    if not open_elements:
        return mol
    possible = isomers(mol)
    if len(possible) == 1:
        return possible[0]
    advice = "name one of: " + ", ".join(Chem.MolToSmiles(isomer) for isomer in possible[:4])
    raise ChemistryError(
        name, f"leaves {len(open_elements)} stereo element(s) undefined", advice if possible else ""
    )


def _inverts(mol: Mol, element: Any) -> bool:
    from rdkit import Chem

    if element.type != Chem.StereoType.Atom_Tetrahedral:
        return False
    atom = mol.GetAtomWithIdx(element.centeredOn)
    return atom.GetSymbol() == "N" and bool(atom.GetTotalNumHs(includeNeighbors=True) or atom.GetDegree() < 4)


def constitution(mol: Mol) -> str:
    """Return the canonical SMILES without stereochemistry."""
    from rdkit import Chem

    flat = Chem.RemoveHs(mol)
    Chem.RemoveStereochemistry(flat)
    return str(Chem.MolToSmiles(flat))


def relation(one: str, two: str) -> str | None:
    """Return what two isomeric SMILES are to each other.

    Returns
    -------
    str or None
        ``enantiomer`` for mirror images, ``diastereomer`` for other stereoisomers of the same
        constitution, None for the same molecule or another constitution.
    """
    from rdkit import Chem

    first, second = Chem.MolFromSmiles(one), Chem.MolFromSmiles(two)
    names = Chem.MolToSmiles(first), Chem.MolToSmiles(second)
    if names[0] == names[1] or constitution(first) != constitution(second):
        return None
    for atom in first.GetAtoms():
        atom.InvertChirality()
    return "enantiomer" if Chem.CanonSmiles(Chem.MolToSmiles(first)) == names[1] else "diastereomer"
