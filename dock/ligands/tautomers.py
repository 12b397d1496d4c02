"""Tautomers, by RDKit's rules and made only where they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MOST = 4
SCORE_WINDOW = 3  # of RDKit's score: a lactam scores 2 to 3 above its lactim
MAX_MADE = 200


def tautomers(name: str, mol: Mol) -> list[Mol]:
    """Return a neutral molecule as it is written, and up to three other tautomers.

    They are taken by RDKit's score, down to 3 points below the best: a rule of thumb and no energy, so
    no share is told. Stereochemistry that takes no part in the shift is kept.

    Raises
    ------
    ChemistryError
        If RDKit's rules fail on the molecule.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    parameters = rdMolStandardize.CleanupParameters()
    parameters.maxTautomers = MAX_MADE
    parameters.tautomerRemoveSp3Stereo = False
    parameters.tautomerRemoveBondStereo = False
    enumerator = rdMolStandardize.TautomerEnumerator(parameters)
    with rdBase.BlockLogs():
        try:
            made = {Chem.MolToSmiles(other): other for other in enumerator.Enumerate(mol).tautomers}
        except (RuntimeError, ValueError) as error:
            raise ChemistryError(name, "its tautomers could not be made", "leave tautomers out") from error
    made.pop(Chem.MolToSmiles(mol), None)
    score = rdMolStandardize.TautomerEnumerator.ScoreTautomer
    scores = {smiles: score(other) for smiles, other in made.items()}
    best = max([score(mol), *scores.values()])
    others = sorted(
        (smiles for smiles in made if scores[smiles] >= best - SCORE_WINDOW),
        key=lambda smiles: (-scores[smiles], smiles),
    )
    return [mol, *(made[smiles] for smiles in others[: MOST - 1])]
