"""Axes: single bonds that rings on both sides keep from turning, so that the molecule has a hand (atropisomers).

RDKit labels such a bond, and makes conformers of its hand: the label is the sense of the torsion between the
neighbours of lowest number at both ends. It does not see to the label when atoms are renumbered, reads none from
coordinates in space, and writes it in extended SMILES only; this module does.

An axis is taken to be stable if both rings differ in their two directions and at least three of the four positions
beside it are substituted, a fluorine counting half: a rule of thumb. Stable is what takes years to turn at 37 degrees
(class 3 of LaPlante et al. 2011, doi:10.1021/jm200584g).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError, EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rdkit.Chem import Atom, Bond, Mol

STABLE = 3.0  # groups beside an axis
FLUORINE = 0.5  # of a group
LEAST_TURN = 0.05  # sine of the torsion, under which coordinates show no hand


def labelled(mol: Mol) -> list[Bond]:
    """Return the bonds that carry the hand of an axis."""
    return [bond for bond in mol.GetBonds() if str(bond.GetStereo()).startswith("STEREOATROP")]


def label_shown(mol: Mol) -> Mol:
    """Label the stable axes, and those that are labelled, by the coordinates, in place; return `mol`."""
    for bond in {bond.GetIdx(): bond for bond in [*_stable(mol), *labelled(mol)]}.values():
        _set(bond, _shown(mol, bond))
    return mol


def relabelled(mol: Mol) -> Mol:
    """Give the labelled axes the hands that the coordinates show, in place; return `mol`."""
    for bond in labelled(mol):
        _set(bond, _shown(mol, bond))
    return mol


def require_hands(name: str, mol: Mol) -> None:
    """Refuse conformers that show other hands than the labels.

    Raises
    ------
    EmbeddingError
        If one does.
    """
    for conformer in mol.GetConformers():
        if not shows_hands(mol, conformer.GetId()):
            raise EmbeddingError(name, "no conformer has the hand of its axis", "check its stereochemistry")


def require_as_many(name: str, mol: Mol, made: Iterable[Mol]) -> None:
    """Refuse what was made of a molecule if axes have lost their hands on the way.

    Raises
    ------
    ChemistryError
        If some have.
    """
    if any(len(labelled(each)) != len(labelled(mol)) for each in made):
        raise ChemistryError(
            name, "the hand of its axis is lost in a tautomer or protomer", "leave tautomers out"
        )


def shows_hands(mol: Mol, conformer: int) -> bool:
    """Return whether a conformer shows the hands that the axes are labelled with."""
    return all(_shown(mol, bond, conformer) == _is_right(bond) for bond in labelled(mol))


def renumbered(mol: Mol, order: Sequence[int]) -> Mol:
    """Return a molecule with its atoms in another order, every axis with the hand that it had.

    Parameters
    ----------
    order
        The atoms by their present numbers.
    """
    from rdkit import Chem

    made = Chem.RenumberAtoms(mol, [int(atom) for atom in order])
    place = {int(atom): number for number, atom in enumerate(order)}
    for old in labelled(mol):
        new = made.GetBondBetweenAtoms(place[old.GetBeginAtomIdx()], place[old.GetEndAtomIdx()])
        _carry(old, new, place)
    return made


def copy_labels(source: Mol, target: Mol) -> None:
    """Give the bonds of a molecule the hands of another with the same atoms in the same order."""
    for bond in labelled(source):
        _set(target.GetBondBetweenAtoms(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()), _is_right(bond))


def invert(mol: Mol) -> Mol:
    """Turn every labelled axis to the other hand, in place; return `mol`."""
    for bond in labelled(mol):
        _set(bond, not _is_right(bond))
    return mol


def smiles(mol: Mol) -> str:
    """Return the canonical SMILES of a molecule without hydrogen atoms, extended where axes carry hands."""
    from rdkit import Chem

    plain = str(Chem.MolToSmiles(mol))
    if not labelled(mol):
        return plain
    order = list(mol.GetPropsAsDict(includePrivate=True, includeComputed=True)["_smilesAtomOutputOrder"])
    place = {atom: number for number, atom in enumerate(order)}
    written = Chem.MolFromSmiles(plain)
    for old in labelled(mol):
        ends = place[old.GetBeginAtomIdx()], place[old.GetEndAtomIdx()]
        _carry(old, written.GetBondBetweenAtoms(*ends), place)
    return ordered_smiles(written)


def ordered_smiles(mol: Mol) -> str:
    """Return a SMILES in the order of the atoms, extended where axes carry hands."""
    from rdkit import Chem

    if not labelled(mol):
        return str(Chem.MolToSmiles(mol, canonical=False))
    options = Chem.SmilesWriteParams()
    options.canonical = False
    return str(Chem.MolToCXSmiles(mol, options, int(Chem.CXSmilesFields.CX_BOND_ATROPISOMER)))


def open_axes_note(mol: Mol) -> str:
    """Say which stable axes carry no hand; empty if there are none."""
    hands = {bond.GetIdx() for bond in labelled(mol)}
    bonds = [
        f"{bond.GetBeginAtom().GetSymbol()}{bond.GetBeginAtomIdx() + 1}"
        f"-{bond.GetEndAtom().GetSymbol()}{bond.GetEndAtomIdx() + 1}"
        for bond in _stable(mol)
        if bond.GetIdx() not in hands
    ]
    return f"no hand given for the hindered axis {', '.join(bonds)}: poses may show either" if bonds else ""


def axis_bonds(mol: Mol) -> tuple[str, ...]:
    """Return the labelled axes as pairs of atoms, numbered from 1, such as ``11-12``."""
    return tuple(f"{bond.GetBeginAtomIdx() + 1}-{bond.GetEndAtomIdx() + 1}" for bond in labelled(mol))


def mark(mol: Mol, pairs: Sequence[str]) -> Mol:
    """Label the axes that `axis_bonds` named by the coordinates, in place; return `mol`."""
    for pair in pairs:
        begin, end = (int(number) - 1 for number in pair.split("-"))
        bond = mol.GetBondBetweenAtoms(begin, end)
        if bond is not None:
            _set(bond, _shown(mol, bond))
    return mol


def _carry(old: Bond, new: Bond, place: dict[int, int]) -> None:
    """Give a bond the hand of the one that it was, whose atoms have other numbers now."""
    right = _is_right(old)
    for end, other in ((old.GetBeginAtom(), old.GetEndAtom()), (old.GetEndAtom(), old.GetBeginAtom())):
        beside = _beside(end, other)
        right ^= beside[0] != min(beside, key=lambda atom: place[atom])
    _set(new, right)


def _set(bond: Bond, right: bool | None) -> None:
    from rdkit.Chem import BondStereo

    if right is None:
        bond.SetStereo(BondStereo.STEREONONE)
    else:
        bond.SetStereo(BondStereo.STEREOATROPCW if right else BondStereo.STEREOATROPCCW)


def _is_right(bond: Bond) -> bool:
    return str(bond.GetStereo()) == "STEREOATROPCW"


def _shown(mol: Mol, bond: Bond, conformer: int = -1) -> bool | None:
    """Return whether the torsion about an axis is positive, or None where it is flat."""
    from math import radians, sin

    from rdkit.Chem import rdMolTransforms

    begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
    torsion = rdMolTransforms.GetDihedralDeg(
        mol.GetConformer(conformer),
        _beside(begin, end)[0],
        begin.GetIdx(),
        end.GetIdx(),
        _beside(end, begin)[0],
    )
    turn = sin(radians(torsion))
    return None if abs(turn) < LEAST_TURN else turn > 0


def _beside(end: Atom, other: Atom) -> list[int]:
    """Return the neighbours of an end of an axis but for the other end, by number."""
    return sorted(n.GetIdx() for n in end.GetNeighbors() if n.GetIdx() != other.GetIdx())


def _stable(mol: Mol) -> Iterator[Bond]:
    """Yield the bonds that are axes of high barriers."""
    from rdkit import Chem

    candidates = [bond for bond in mol.GetBonds() if _joins_flat_rings(bond)]
    if not candidates:
        return
    ranks = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
    for bond in candidates:
        begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
        sides = _beside(begin, end), _beside(end, begin)
        crowd = sum(
            _crowding(mol, atom, axis.GetIdx())
            for axis, side in zip((begin, end), sides, strict=True)
            for atom in side
        )
        if crowd >= STABLE and all(ranks[side[0]] != ranks[side[1]] for side in sides):
            yield bond


def _joins_flat_rings(bond: Bond) -> bool:
    from rdkit.Chem import BondType, HybridizationType

    return (
        bond.GetBondType() == BondType.SINGLE
        and not bond.IsInRing()
        and all(
            atom.IsInRing() and atom.GetDegree() == 3 and atom.GetHybridization() == HybridizationType.SP2
            for atom in (bond.GetBeginAtom(), bond.GetEndAtom())
        )
    )


def _crowding(mol: Mol, atom: int, axis: int) -> float:
    """Return how much an atom beside an axis stands in its way: 1 with a group or a fused ring, less with fluorine."""
    groups = [
        neighbour
        for neighbour in mol.GetAtomWithIdx(atom).GetNeighbors()
        if neighbour.GetIdx() != axis
        and neighbour.GetAtomicNum() > 1
        and not _in_ring_of(mol, atom, axis, neighbour.GetIdx())
    ]
    if not groups:
        return 0.0
    return FLUORINE if all(group.GetSymbol() == "F" for group in groups) else 1.0


def _in_ring_of(mol: Mol, atom: int, axis: int, neighbour: int) -> bool:
    """Return whether a neighbour goes on the ring that an axis' end and the atom beside it are in."""
    rings = mol.GetRingInfo().AtomRings()
    return any({atom, axis, neighbour} <= set(ring) for ring in rings)
