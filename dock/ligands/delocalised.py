"""Aromatic bonds outside rings: the delocalised groups that SYBYL and others write with them.

A carboxylate, a nitro group, a sulfonate, an amide or a guanidinium is one atom with such bonds to oxygens, sulfurs or
nitrogens. Where the double bonds go, and the charges, is then clear but for a choice between equals. Anything
else, such as two carbons joined by an aromatic bond, is refused: its order and its hydrogens are not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Bond, Mol

CHALCOGENS = ("O", "S", "Se")
# How many of its bonds to oxygens are double, by the central atom and all of its neighbours.
OXO = {("C", 2): 1, ("C", 3): 1, ("N", 3): 1, ("P", 3): 1, ("P", 4): 1, ("S", 3): 1, ("S", 4): 2}


def localised(name: str, mol: Mol) -> Mol:
    """Return a molecule with single and double bonds, and charges, in the place of aromatic bonds outside rings.

    Parameters
    ----------
    mol
        Read without sanitisation, its rings found. Where it has hydrogens as atoms, an oxygen of such a group without
        one is charged; else it may be an acid's as well, and is left to be one.

    Raises
    ------
    ChemistryError
        If it is not clear what is meant by such a bond.
    """
    from rdkit import Chem

    made = Chem.RWMol(mol)
    hydrogens = any(atom.GetAtomicNum() == 1 for atom in made.GetAtoms())
    for centre in made.GetAtoms():
        _write(centre, hydrogens)
    left = next((bond for bond in made.GetBonds() if is_delocalised(bond)), None)
    if left is not None:
        ends = f"{left.GetBeginAtom().GetSymbol()} to {left.GetEndAtom().GetSymbol()}"
        problem = f"its bond {left.GetIdx() + 1} ({ends}) is aromatic and in no ring"
        raise ChemistryError(name, problem, "write it as single or double")
    return made.GetMol()


def is_delocalised(bond: Bond) -> bool:
    """Return whether a bond is an aromatic one outside rings."""
    from rdkit import Chem

    return bond.GetBondType() == Chem.BondType.AROMATIC and not bond.IsInRing()


def _spokes(centre: Atom) -> dict[int, Atom]:
    """Return where such bonds of an atom lead, by the bond."""
    return {bond.GetIdx(): bond.GetOtherAtom(centre) for bond in centre.GetBonds() if is_delocalised(bond)}


def _write(centre: Atom, hydrogens: bool) -> None:
    """Write the bonds of a known group as single and double, in place, and leave those of any other."""
    from rdkit import Chem

    spokes = _spokes(centre)
    doubled = _doubled(centre, list(spokes.values())) if len(spokes) > 1 else set()
    if not doubled:
        return
    told = any(atom.GetFormalCharge() for atom in (centre, *spokes.values()))
    for index, end in spokes.items():
        bond, double = centre.GetOwningMol().GetBondWithIdx(index), end.GetIdx() in doubled
        bond.SetBondType(Chem.BondType.DOUBLE if double else Chem.BondType.SINGLE)
        bond.SetIsAromatic(False)
        end.SetIsAromatic(any(other.GetIsAromatic() for other in end.GetBonds()))
        if end.GetSymbol() == "N":
            crowded = double and end.GetDegree() == 3
            end.SetFormalCharge(max(end.GetFormalCharge(), 1) if crowded else end.GetFormalCharge() * double)
        elif double:
            end.SetFormalCharge(0)
        elif end.GetDegree() == 1 and (centre.GetSymbol() == "N" or (hydrogens and not told)):
            end.SetFormalCharge(-1)
    if centre.GetSymbol() == "N":
        centre.SetFormalCharge(1)
    centre.SetIsAromatic(any(other.GetIsAromatic() for other in centre.GetBonds()))


def _doubled(centre: Atom, ends: Sequence[Atom]) -> set[int]:
    """Return the atoms that a group's double bonds lead to; none if it is no known one."""
    nitrogens = [atom for atom in ends if atom.GetSymbol() == "N"]
    chalcogens = [atom for atom in ends if atom.GetSymbol() in CHALCOGENS]
    alone = all(len(_spokes(atom)) == 1 for atom in ends)
    single = all(
        bond.GetBondTypeAsDouble() == 1 for bond in centre.GetBonds() if bond.GetIdx() not in _spokes(centre)
    )
    number = OXO.get((centre.GetSymbol(), centre.GetDegree()), 0)
    if len(nitrogens) + len(chalcogens) < len(ends) or not (alone and single and number):
        return set()
    if centre.GetSymbol() == "N" and (nitrogens or len(chalcogens) != 2):
        return set()
    if chalcogens:
        bare = [atom for atom in chalcogens if atom.GetDegree() == 1]
        # An oxygen before a sulfur, and what has no charge before what has one.
        bare.sort(
            key=lambda atom: (-atom.GetFormalCharge(), CHALCOGENS.index(atom.GetSymbol()), atom.GetIdx())
        )
        return {atom.GetIdx() for atom in bare[:number]} if len(bare) >= number else set()
    if centre.GetSymbol() != "C":
        return set()
    best = min(nitrogens, key=lambda atom: (-atom.GetFormalCharge(), atom.GetDegree(), atom.GetIdx()))
    return {best.GetIdx()} if best.GetDegree() <= 3 else set()
