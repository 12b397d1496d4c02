"""Salts: what is written beside the drug is stripped, and what was stripped is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError
from dock.ligands import axes, stereo
from dock.ligands.counter_ions import drug_rank, uncharged
from dock.ligands.protonation import neutral
from dock.ligands.unlabelled import open_hands_note

if TYPE_CHECKING:
    from rdkit.Chem import Mol

SMALL = 8  # heavy atoms; an organic molecule below this, and half as large as the drug, is a solvent
IONIC_METALS = frozenset({"Li", "Na", "K", "Mg", "Ca"})


@dataclass(frozen=True)
class Drug:
    """The molecule that is meant by what was written.

    Attributes
    ----------
    mol : rdkit.Chem.Mol
        One molecule that everything here can deal with, see `dock.ligands.stereo.drug_like`.
    stripped : tuple of str
        SMILES of what was written beside it.
    notes : str
        What else was not taken over, or is left open.
    """

    mol: Mol
    stripped: tuple[str, ...]
    notes: str


def drug_of(name: str, written: Mol) -> Drug:
    """Return the molecule that is meant by what was written: without salts and isotopes.

    Raises
    ------
    ChemistryError
        If several molecules could be meant, or it is none that can be dealt with.
    """
    mol, stripped = strip_salts(name, written)
    isotopes = stereo.isotope_note(mol)
    if stripped:  # an inner salt keeps its anion when a salt is neutralised
        mol = neutral(mol)
    mol = stereo.drug_like(name, mol)
    return Drug(
        mol, stripped, "; ".join(filter(None, (isotopes, axes.open_axes_note(mol), open_hands_note(mol))))
    )


def strip_salts(name: str, mol: Mol) -> tuple[Mol, tuple[str, ...]]:
    """Return the drug of a salt, neutralised, and the SMILES of what was stripped.

    Inorganic ions, the acids and bases of pharmaceutical salts, and solvents are stripped; where these alone
    are left, the one that is most likely the drug is kept, such as the salicylate of choline. Of a drug
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
        fragments = Chem.GetMolFrags(mol, asMols=True)
        if len(fragments) == 1:
            return mol, ()
        parts = [_Part(Chem.MolToSmiles(part), uncharged(part), drug_rank(part)) for part in fragments]
    organic = sorted((part for part in parts if part.organic), key=lambda part: part.order)
    if not organic:
        raise ChemistryError(name, "holds no organic molecule", "check the structure")
    kept = organic[0]
    for part in organic[1:]:
        if not (part.rank < kept.rank or part.neutral == kept.neutral or part.is_solvent_of(kept)):
            raise ChemistryError(
                name,
                f"holds several molecules that could each be meant ({kept.smiles} and {part.smiles})",
                "leave one of them",
            )
    stripped = [part.smiles for part in sorted(parts, key=lambda part: part.order)]
    stripped.remove(kept.smiles)
    return kept.mol, tuple(stripped)


@dataclass(frozen=True)
class _Part:
    """One molecule of several: as it was written, neutralised, and how likely it is the drug."""

    smiles: str
    mol: Mol
    rank: int

    @property
    def organic(self) -> bool:
        return any(bool(atom.GetAtomicNum() == 6) for atom in self.mol.GetAtoms())

    @property
    def neutral(self) -> str:
        from rdkit import Chem

        return str(Chem.MolToSmiles(self.mol))

    @property
    def order(self) -> tuple[int, int, str]:
        """What sorts parts: the drug first."""
        return -self.rank, -self.mol.GetNumHeavyAtoms(), self.smiles

    def is_solvent_of(self, other: _Part) -> bool:
        """Return whether it is small, and at most half as large as another."""
        size = self.mol.GetNumHeavyAtoms()
        return bool(size < SMALL and 2 * size <= other.mol.GetNumHeavyAtoms())
