"""Axes: single bonds that what is on both sides keeps from turning, so that the molecule has a hand (atropisomers).

RDKit labels such a bond, and makes conformers of its hand: the label is the sense of the torsion between the
neighbours of lowest number at both ends. It does not see to the label when atoms are renumbered, reads none from
coordinates in space, and writes it in extended SMILES only; this module does.

An axis is taken to be stable if both sides differ in their two directions and
- between two rings, at least three of the four positions beside it are substituted, a fluorine counting half;
- between an arene and the nitrogen or the carbon of a tertiary amide, or an alkene with substituents on the side of the
  arene, both positions of the arene are substituted, or one by a tertiary alkyl group:
rules of thumb. Stable is what takes years to turn at 37 degrees (class 3 of LaPlante et al. 2011,
doi:10.1021/jm200584g).

RDKit drops the labels of bonds in rings of up to eight atoms: axes in these (bridged biaryls) are for
`dock.ligands.unlabelled`.
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
BESIDE_AN_ARENE = 2.0  # groups beside an axis, on the arene's side, where the other side is no ring
BENZENE = 6  # atoms
LARGEST_UNLABELLED = 8  # atoms of a ring, for whose bonds RDKit keeps no label
BRIDGED = (7, 8)  # atoms of rings that an axis can be in and have a hand; smaller ones flap, or are flat
CROWDED = 4.0  # groups beside an axis in such a ring that keep it from turning whatever else is there


def labelled(mol: Mol) -> list[Bond]:
    """Return the bonds that carry the hand of an axis."""
    return [bond for bond in mol.GetBonds() if str(bond.GetStereo()).startswith("STEREOATROP")]


def forget_false(mol: Mol) -> Mol:
    """Clear the labels of bonds that are no axes, in place; return `mol`.

    A wedge at the nitrogen of an anilide says how its arene lies; RDKit reads it as one of the amide bond, which is
    flat, too, and then finds conformers of one hand only.
    """
    hands = labelled(mol)
    stable = {bond.GetIdx() for bond in _stable(mol)} if hands else set()
    for bond in hands:
        ends = bond.GetBeginAtom(), bond.GetEndAtom()
        besides = {other.GetIdx() for end in ends for other in end.GetBonds()} - {bond.GetIdx()}
        shared = bond.GetIdx() not in stable and any(other.GetIdx() in besides & stable for other in hands)
        if shared or _is_amide_bond(*ends) or _is_amide_bond(*reversed(ends)):
            _set(bond, None)
    return mol


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
    bonds = [written(bond) for bond in _stable(mol) if bond.GetIdx() not in hands]
    return f"no hand given for the hindered axis {', '.join(bonds)}: poses may show either" if bonds else ""


def written(bond: Bond) -> str:
    """Return what a message calls a bond, such as ``C11-N12``, its atoms numbered from 1."""
    ends = bond.GetBeginAtom(), bond.GetEndAtom()
    return "-".join(f"{end.GetSymbol()}{end.GetIdx() + 1}" for end in ends)


def holds(ring: Sequence[int], bond: Bond) -> bool:
    """Return whether a bond is part of a ring, which is given by its atoms."""
    return bond.GetBeginAtomIdx() in ring and bond.GetEndAtomIdx() in ring


def bridged(mol: Mol) -> list[Bond]:
    """Return the axes of high barriers that are in a ring of seven or eight atoms, so that no label is kept.

    With three groups beside it, such an axis between six-membered arenes is taken to be one unless a stereo centre of
    the bridging ring decides for it; five-membered ones turn (benzodiazepines with a triazole). With four it always is.
    """
    from rdkit.Chem import ChiralType

    rings = mol.GetRingInfo()
    found = []
    for bond in mol.GetBonds():
        if rings.MinBondRingSize(bond.GetIdx()) not in BRIDGED or not _joins_arenes(mol, bond):
            continue
        crowd = _crowd(mol, bond)
        bridge = min((set(ring) for ring in rings.AtomRings() if holds(ring, bond)), key=len)
        free = all(mol.GetAtomWithIdx(a).GetChiralTag() == ChiralType.CHI_UNSPECIFIED for a in bridge)
        six = all(
            rings.IsAtomInRingOfSize(a, BENZENE) for a in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        )
        if (crowd >= CROWDED or (crowd >= STABLE and free and six)) and _differs(bond, _ranks(mol)):
            found.append(bond)
    return found


def unlabelled(mol: Mol) -> list[Bond]:
    """Return the axes of high barriers that carry no hand, those that cannot carry one among them."""
    hands = {bond.GetIdx() for bond in labelled(mol)}
    return [bond for bond in [*_stable(mol), *bridged(mol)] if bond.GetIdx() not in hands]


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
    """Yield the bonds that are axes of high barriers and can carry a label."""
    from rdkit.Chem import BondType

    rings = mol.GetRingInfo()
    ranks: list[int] = []
    for bond in mol.GetBonds():
        size = rings.MinBondRingSize(bond.GetIdx())
        if bond.GetBondType() != BondType.SINGLE or 0 < size <= LARGEST_UNLABELLED:
            continue
        hindered = (_joins_flat_rings(mol, bond) and _crowd(mol, bond) >= STABLE) or (
            not size and _holds_an_arene(mol, bond)
        )
        if hindered:
            ranks = ranks or _ranks(mol)
            if _differs(bond, ranks):
                yield bond


def _ranks(mol: Mol) -> list[int]:
    from rdkit import Chem

    return list(Chem.CanonicalRankAtoms(mol, breakTies=False))


def _differs(bond: Bond, ranks: list[int]) -> bool:
    """Return whether both sides of an axis differ in their two directions."""
    begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
    return all(ranks[side[0]] != ranks[side[1]] for side in (_beside(begin, end), _beside(end, begin)))


def _joins_flat_rings(mol: Mol, bond: Bond) -> bool:
    from rdkit.Chem import HybridizationType

    begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
    return all(
        atom.GetDegree() == 3
        and atom.GetHybridization() == HybridizationType.SP2
        and any(atom.GetIdx() in ring and not holds(ring, bond) for ring in mol.GetRingInfo().AtomRings())
        for atom in (begin, end)
    )


def _joins_arenes(mol: Mol, bond: Bond) -> bool:
    from rdkit.Chem import BondType

    return (
        bond.GetBondType() == BondType.SINGLE
        and bond.GetBeginAtom().GetIsAromatic()
        and bond.GetEndAtom().GetIsAromatic()
        and _joins_flat_rings(mol, bond)
    )


def _holds_an_arene(mol: Mol, bond: Bond) -> bool:
    """Return whether an amide or alkene on one side and the groups of an arene on the other keep a bond from turning."""
    for arene, other in (
        (bond.GetBeginAtom(), bond.GetEndAtom()),
        (bond.GetEndAtom(), bond.GetBeginAtom()),
    ):
        if not arene.GetIsAromatic() or arene.GetDegree() != 3 or not arene.IsInRingSize(BENZENE):
            continue
        if not (_is_amide_nitrogen(other) or _is_amide_carbon(other) or _is_full_alkene(other, arene)):
            continue
        groups = sum(
            BESIDE_AN_ARENE if _has_tertiary_alkyl(mol, atom) else _crowding(mol, atom, arene.GetIdx(), bond)
            for atom in _beside(arene, other)
        )
        if groups >= BESIDE_AN_ARENE:
            return True
    return False


def _is_amide_bond(carbon: Atom, nitrogen: Atom) -> bool:
    """Return whether a bond is that of an amide, urea or carbamate, or of their sulfur analogues: flat."""
    from rdkit.Chem import BondType

    return (
        carbon.GetSymbol() == "C"
        and nitrogen.GetSymbol() == "N"
        and any(
            bond.GetBondType() == BondType.DOUBLE and bond.GetOtherAtom(carbon).GetSymbol() in ("O", "S")
            for bond in carbon.GetBonds()
        )
    )


def _is_amide_nitrogen(atom: Atom) -> bool:
    """Return whether an atom is the nitrogen of an amide without hydrogens."""
    return (
        atom.GetSymbol() == "N"
        and not atom.GetIsAromatic()
        and atom.GetFormalCharge() == 0
        and _heavy_degree(atom) == 3
        and any(_is_amide_bond(neighbour, atom) for neighbour in atom.GetNeighbors())
    )


def _is_amide_carbon(atom: Atom) -> bool:
    """Return whether an atom is the carbonyl carbon of an amide whose nitrogen has no hydrogens."""
    return any(
        _is_amide_bond(atom, neighbour) and _is_amide_nitrogen(neighbour) for neighbour in atom.GetNeighbors()
    )


def _is_full_alkene(atom: Atom, arene: Atom) -> bool:
    """Return whether an atom is that of a double bond between carbons that holds an arene and no hydrogen."""
    from rdkit.Chem import BondType

    if atom.GetSymbol() != "C" or atom.GetIsAromatic() or _heavy_degree(atom) != 3:
        return False
    others = [bond.GetOtherAtom(atom) for bond in atom.GetBonds() if bond.GetBondType() == BondType.DOUBLE]
    return (
        len(others) == 1
        and others[0].GetSymbol() == "C"
        and others[0].GetIdx() != arene.GetIdx()
        and _heavy_degree(others[0]) == 3
    )


def _heavy_degree(atom: Atom) -> int:
    return sum(neighbour.GetAtomicNum() > 1 for neighbour in atom.GetNeighbors())


def _has_tertiary_alkyl(mol: Mol, atom: int) -> bool:
    return any(
        not neighbour.IsInRing() and [n.GetSymbol() for n in neighbour.GetNeighbors()] == ["C"] * 4
        for neighbour in mol.GetAtomWithIdx(atom).GetNeighbors()
    )


def _crowd(mol: Mol, bond: Bond) -> float:
    """Return how much stands beside a bond between rings, of four at most."""
    begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
    return sum(
        _crowding(mol, atom, axis.GetIdx(), bond)
        for axis, side in ((begin, _beside(begin, end)), (end, _beside(end, begin)))
        for atom in side
    )


def _crowding(mol: Mol, atom: int, axis: int, bond: Bond) -> float:
    """Return how much an atom beside an axis stands in its way: 1 with a group or a fused ring, less with fluorine."""
    groups = [
        neighbour
        for neighbour in mol.GetAtomWithIdx(atom).GetNeighbors()
        if neighbour.GetIdx() != axis
        and neighbour.GetAtomicNum() > 1
        and not _in_ring_of(mol, {atom, axis, neighbour.GetIdx()}, bond)
    ]
    if not groups:
        return 0.0
    return FLUORINE if all(group.GetSymbol() == "F" for group in groups) else 1.0


def _in_ring_of(mol: Mol, atoms: set[int], bond: Bond) -> bool:
    """Return whether a neighbour goes on the ring that an axis' end and the atom beside it are in."""
    return any(atoms <= set(ring) and not holds(ring, bond) for ring in mol.GetRingInfo().AtomRings())
