"""Salts: what is written beside the drug is stripped, and what was stripped is told."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

# Acids of pharmaceutical salts that RDKit's own table of salts lacks: citric, succinic, malic,
# lactic, gluconic, benzoic, salicylic, benzenesulfonic, naphthalenedisulfonic, camphorsulfonic,
# xinafoic, pamoic, hibenzic, stearic, mandelic, ethanesulfonic, gluceptic, saccharin.
ACIDS = (
    "OC(=O)CC(O)(CC(=O)O)C(=O)O",
    "OC(=O)CCC(=O)O",
    "OC(=O)CC(O)C(=O)O",
    "CC(O)C(=O)O",
    "OCC(O)C(O)C(O)C(O)C(=O)O",
    "OC(=O)c1ccccc1",
    "OC(=O)c1ccccc1O",
    "OS(=O)(=O)c1ccccc1",
    "OS(=O)(=O)c1cccc2c1cccc2S(=O)(=O)O",
    "CC1(C)C2CCC1(CS(=O)(=O)O)C(=O)C2",
    "OC(=O)c1ccc2ccccc2c1O",
    "OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(=O)O)c1O",
    "OC(=O)c1ccccc1C(=O)c1ccc(O)cc1",
    "CCCCCCCCCCCCCCCCCC(=O)O",
    "OC(C(=O)O)c1ccccc1",
    "CCS(=O)(=O)O",
    "OCC(O)C(O)C(O)C(O)C(O)C(=O)O",
    "O=C1NS(=O)(=O)c2ccccc12",
)
SMALL = 8  # heavy atoms; an organic molecule below this, and half as large as the drug, is a solvent
IONIC_METALS = frozenset({"Li", "Na", "K", "Mg", "Ca"})


def strip_salts(name: str, mol: Mol) -> tuple[Mol, tuple[str, ...]]:
    """Return the drug of a salt, neutralised, and the SMILES of what was stripped.

    Inorganic ions, the acids of pharmaceutical salts, and solvents are stripped; of a drug
    that is written several times over, one is kept. A molecule that stands alone comes back as
    it is, with the charges that it was written with.

    Raises
    ------
    ChemistryError
        If nothing organic is left, or two molecules are that could each be the drug.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    with rdBase.BlockLogs():
        if any(atom.GetSymbol() in IONIC_METALS and atom.GetDegree() for atom in mol.GetAtoms()):
            mol = rdMolStandardize.MetalDisconnector().Disconnect(mol)
        parts = sorted(
            ((Chem.MolToSmiles(part), part) for part in Chem.GetMolFrags(mol, asMols=True)),
            key=lambda pair: (_is_salt_former(pair[1]), -pair[1].GetNumHeavyAtoms(), pair[0]),
        )
        if len(parts) == 1:
            return mol, ()
        uncharger = rdMolStandardize.Uncharger()
        organic = [(smiles, uncharger.uncharge(part)) for smiles, part in parts if _is_organic(part)]
    if not organic:
        raise ChemistryError(name, "holds no organic molecule", "check the structure")
    kept_smiles, kept = organic[0]
    neutral = Chem.MolToSmiles(kept)
    for smiles, part in organic[1:]:
        alike = Chem.MolToSmiles(part) == neutral
        solvent = part.GetNumHeavyAtoms() < SMALL and 2 * part.GetNumHeavyAtoms() <= kept.GetNumHeavyAtoms()
        if not (alike or solvent or _is_salt_former(part)):
            raise ChemistryError(
                name,
                f"holds several molecules that could each be meant ({kept_smiles} and {smiles})",
                "leave one of them",
            )
    stripped = [smiles for smiles, _ in parts]
    stripped.remove(kept_smiles)
    return kept, tuple(stripped)


def _is_organic(mol: Mol) -> bool:
    return any(atom.GetAtomicNum() == 6 for atom in mol.GetAtoms())


def _is_salt_former(mol: Mol) -> bool:
    """Return whether a whole molecule, whatever its charge, is a known partner of salts."""
    size = mol.GetNumAtoms()
    return any(pattern.GetNumAtoms() == size and mol.HasSubstructMatch(pattern) for pattern in _patterns())


@cache
def _patterns() -> tuple[Mol, ...]:
    from rdkit import Chem
    from rdkit.Chem.SaltRemover import SaltRemover

    acids = []
    for smiles in ACIDS:
        acid = Chem.MolFromSmiles(smiles)
        for atom in acid.GetAtoms():  # a salt former matches with and without its protons
            atom.SetNoImplicit(False)
        acids.append(Chem.MolFromSmarts(Chem.MolToSmiles(acid)))
    return (*SaltRemover().salts, *acids)
