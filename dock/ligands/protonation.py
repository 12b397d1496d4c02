"""Protonation of a user's molecule at a pH."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol


def protonate(name: str, mol: Mol, ph: float) -> Mol:
    """Return the protomer that molscrub's acid and base rules give at one pH.

    molscrub assigns one pKa to each acidic or basic group by SMARTS pattern; groups whose
    pKa depends on a neighbour (vilazodone, ibogaine, amoxapine's amidine) are beyond it, and
    the catalogue writes such protomers out.

    Parameters
    ----------
    mol
        A molecule without explicit hydrogens.
    ph
        The pH at which every group is in its major state.

    Raises
    ------
    ChemistryError
        If no protomer could be made.
    """
    from molscrub import Scrub
    from rdkit import Chem, rdBase

    scrub = Scrub(ph_low=ph, ph_high=ph, skip_tautomers=True, skip_gen3d=True, skip_ringfix=True)
    with rdBase.BlockLogs():
        states = list(scrub(mol))
    if not states:
        raise ChemistryError(
            name, f"no protonation state at pH {ph:g} could be made", "write the charged SMILES"
        )
    return Chem.MolFromSmiles(Chem.MolToSmiles(Chem.RemoveHs(states[0])))
