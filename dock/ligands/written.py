"""A ligand as people write it: a name of the catalogue, or a SMILES in the place of one."""

from __future__ import annotations

from dock.core import catalogue
from dock.core.errors import ChemistryError
from dock.ligands import stereo
from dock.ligands.names import safe_name

NEITHER = "ligand and no valid SMILES"


def written_smiles(text: str) -> str | None:
    """Return the SMILES that stands where a ligand is named, or None where it is a name of the catalogue.

    Raises
    ------
    UnknownNameError
        If it is more likely a misspelt name, or no text.
    ChemistryError
        If it is no valid SMILES.
    """
    if catalogue.find_ligand(text) is not None:
        return None
    if stereo.looks_like_name(text) or not text.strip():
        raise catalogue.unknown_ligand(text, NEITHER)
    try:
        stereo.parse_smiles(text, text)
    except ChemistryError as error:
        if catalogue.similar_ligands(text):
            raise catalogue.unknown_ligand(text, NEITHER) from error
        if stereo.is_smiles(text):  # but of what nothing here can deal with
            raise
        raise ChemistryError(stereo.shortened(text), f"is no known {NEITHER}", error.advice) from error
    return text.strip(stereo.BLANKS)


def smiles_name(smiles: str) -> str:
    """Return what a ligand is called that is given by its SMILES alone: that, as far as it can name a file."""
    return safe_name(smiles)
