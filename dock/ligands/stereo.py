"""Stereochemistry: enantiomers made from the racemate and told apart by CIP labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol


def read_smiles(name: str, smiles: str) -> Mol:
    """Read one connected molecule from a SMILES, without explicit hydrogens.

    Raises
    ------
    ChemistryError
        If the SMILES cannot be read, is empty or holds several molecules.
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
    return mol


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

    copy = Chem.Mol(mol)
    rdCIPLabeler.AssignCIPLabels(copy)
    return tuple(
        atom.GetProp("_CIPCode")
        for atom in copy.GetAtoms()
        if atom.HasProp("_CIPCode") and atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED
    )


def isomers(mol: Mol) -> list[Mol]:
    """Return every stereoisomer of `mol`, keeping centres that are already defined."""
    from rdkit.Chem.EnumerateStereoisomers import (
        EnumerateStereoisomers,
        StereoEnumerationOptions,
    )

    options = StereoEnumerationOptions(onlyUnassigned=True, unique=True)
    return list(EnumerateStereoisomers(mol, options=options))


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


def require_defined(name: str, mol: Mol) -> None:
    """Refuse a molecule with undefined tetrahedral centres or double bonds.

    Raises
    ------
    ChemistryError
        If stereochemistry is left open.
    """
    from rdkit import Chem

    open_elements = [
        element
        for element in Chem.FindPotentialStereo(Chem.Mol(mol))
        if element.specified == Chem.StereoSpecified.Unspecified
    ]
    if open_elements:
        advice = "name one of: " + ", ".join(Chem.MolToSmiles(isomer) for isomer in isomers(mol)[:4])
        raise ChemistryError(name, f"leaves {len(open_elements)} stereo element(s) undefined", advice)


def constitution(mol: Mol) -> str:
    """Return the canonical SMILES without stereochemistry."""
    from rdkit import Chem

    flat = Chem.RemoveHs(mol)
    Chem.RemoveStereochemistry(flat)
    return str(Chem.MolToSmiles(flat))
