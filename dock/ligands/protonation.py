"""Protonation of a user's molecule at a pH."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol


NEIGHBOURS = 3  # bonds; amines this near shift each other's pKa by units


def protonate(name: str, mol: Mol, ph: float) -> Mol:
    """Return the protomer that molscrub's acid and base rules give at one pH.

    A molecule that is written with charges is taken as it is written. molscrub assigns one pKa
    to each acidic or basic group by SMARTS pattern, whatever its neighbours; so a result with
    two charged amines within three bonds is refused.

    Parameters
    ----------
    mol
        A molecule without explicit hydrogens.
    ph
        The pH at which every group is in its major state.

    Raises
    ------
    ChemistryError
        If no protomer could be made, or the rules do not hold for the molecule.
    """
    from molscrub import Scrub
    from rdkit import Chem, rdBase

    if _written_charged(mol):
        return mol
    scrub = Scrub(ph_low=ph, ph_high=ph, skip_tautomers=True, skip_gen3d=True, skip_ringfix=True)
    with rdBase.BlockLogs():
        states = list(scrub(mol))
    if not states:
        raise ChemistryError(
            name, f"no protonation state at pH {ph:g} could be made", "write the charged SMILES"
        )
    protomer = Chem.MolFromSmiles(Chem.MolToSmiles(Chem.RemoveHs(states[0])))
    cations = [match[0] for match in protomer.GetSubstructMatches(Chem.MolFromSmarts("[#7+;!H0]"))]
    distances = Chem.GetDistanceMatrix(protomer)
    if any(distances[a][b] <= NEIGHBOURS for a, b in combinations(cations, 2)):
        raise ChemistryError(
            name,
            f"two neighbouring amines would both be charged ({Chem.MolToSmiles(protomer)})",
            "write the SMILES with the charge where it belongs",
        )
    return protomer


def _written_charged(mol: Mol) -> bool:
    """Return whether an atom has a charge that no neighbour balances, as in a nitro group."""
    return any(
        atom.GetFormalCharge() and not any(n.GetFormalCharge() for n in atom.GetNeighbors())
        for atom in mol.GetAtoms()
    )
