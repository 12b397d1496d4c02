"""Hands that no label of ours can carry, so that a generated conformer would show either.

These are axes in rings of seven or eight atoms (bridged biaryls), allenes and what is built like them (rings and double
bonds in a row, of an even number: alkylidenecyclohexanes, spiro[3.3]heptanes), and spiranes of two like rings, such as
SPINOL. RDKit has no label for them, or drops it. A structure that shows such a hand, or has it written, is refused where
its conformer is generated; one that leaves it open gets a note.

Helicenes, cyclophanes and other molecules that are chiral as a whole are not found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError
from dock.ligands import axes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdkit.Chem import Atom, Bond, Mol

# Atoms of rings whose opposite atoms hold their groups at right angles, as a double bond does.
LEVERS = (4, 6, 8)
WEDGES = ("1", "6")  # of V2000 records
CONFIGURATIONS = ("1", "3")  # of V3000 records
EXTENSION_WEDGE = re.compile(r"w[UD]:((?:\d+\.\d+,?)+)")
KEEP = "keep its coordinates (dock ligand --keep-coordinates), or leave its hand open: give it as a SMILES without it"
LEAVE = "give it in space and keep its coordinates (dock ligand --keep-coordinates), or leave the hand out"


@dataclass(frozen=True)
class Hand:
    """What gives a molecule a hand that it cannot be labelled with.

    Attributes
    ----------
    text : str
        What a message calls it.
    atoms : frozenset of int
        Where a wedge or a label says its hand.
    """

    text: str
    atoms: frozenset[int]


def unlabelled_hands(mol: Mol) -> list[Hand]:
    """Return the elements of a molecule that give it a hand and cannot be labelled."""
    return [
        *(
            Hand(
                f"axis {axes.written(bond)} in a ring",
                frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())),
            )
            for bond in axes.bridged(mol)
        ),
        *_rows(mol),
        *_spiranes(mol),
    ]


def open_hands_note(mol: Mol) -> str:
    """Say which hands are left open since no label could carry them; empty if there are none or it has coordinates."""
    hands = [] if mol.GetNumConformers() else unlabelled_hands(mol)
    return (
        f"no hand given for the {', '.join(hand.text for hand in hands)}: poses may show either"
        if hands
        else ""
    )


def require_none_shown(name: str, mol: Mol) -> None:
    """Refuse a molecule whose coordinates show a hand that a generated conformer would not keep.

    Raises
    ------
    ChemistryError
        If they do.
    """
    hands = unlabelled_hands(mol)
    if hands:
        raise ChemistryError(name, f"shows a hand that a new conformer does not keep: {hands[0].text}", KEEP)


def require_none_drawn(name: str, mol: Mol) -> None:
    """Refuse a flat record whose wedges say a hand that was not read.

    Raises
    ------
    ChemistryError
        If they do.
    """
    wedged = [
        bond
        for bond in mol.GetBonds()
        if _property(bond, "_MolFileBondStereo") in WEDGES
        or _property(bond, "_MolFileBondCfg") in CONFIGURATIONS
    ]
    said = {bond.GetBeginAtomIdx() for bond in wedged}
    for bond in wedged:  # the bold edge of an arene that stands upright
        if bond.GetIsAromatic():
            said.update(*(ring for ring in mol.GetRingInfo().AtomRings() if axes.holds(ring, bond)))
    _require_none_written(name, mol, said)


def require_none_written(name: str, smiles: str, mol: Mol) -> None:
    """Refuse a SMILES that says a hand which was not read.

    Raises
    ------
    ChemistryError
        If it does.
    """
    from rdkit import Chem, rdBase

    body, _, extension = smiles.partition("|")
    groups = EXTENSION_WEDGE.findall(extension)
    if "@" not in body and not groups:
        return
    options = Chem.SmilesParserParams()
    options.sanitize, options.removeHs = False, False
    with rdBase.BlockLogs():
        raw = Chem.MolFromSmiles(smiles, options)
    if raw is None:
        return
    unset = Chem.ChiralType.CHI_UNSPECIFIED
    said = {atom.GetIdx() for atom in raw.GetAtoms() if atom.GetChiralTag() != unset}
    said |= {int(pair.split(".")[0]) for group in groups for pair in group.split(",") if pair}
    place = dict(
        zip(_heavy(raw), _heavy(mol), strict=True)
    )  # hydrogens that are written are atoms of one only
    _require_none_written(name, mol, {place[atom] for atom in said if atom in place})


def _heavy(mol: Mol) -> list[int]:
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() != 1]


def _require_none_written(name: str, mol: Mol, said: set[int]) -> None:
    """Refuse a molecule with an element whose hand is said at some atoms, but for those that it has from there."""
    from rdkit import Chem

    taken = {
        atom.GetIdx() for atom in mol.GetAtoms() if atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED
    } | {atom for bond in axes.labelled(mol) for atom in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())}
    lost = said - taken
    if not lost:
        return
    open_axes = (
        Hand(f"axis {axes.written(bond)}", frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())))
        for bond in axes.unlabelled(mol)
    )
    for hand in [*unlabelled_hands(mol), *open_axes]:
        if hand.atoms & lost:
            raise ChemistryError(name, f"a hand is written that cannot be read: of the {hand.text}", LEAVE)


def _property(bond: Bond, name: str) -> str:
    return str(bond.GetPropsAsDict(includePrivate=True, includeComputed=True).get(name, ""))


def _rows(mol: Mol) -> Iterator[Hand]:
    """Yield the pairs of double bonds or rings in a row whose two ends differ in their two directions."""
    ranks: list[int] = []
    for joint in mol.GetAtoms():
        ways = list(_ways(mol, joint))
        if len(ways) != 2:
            continue
        ranks = ranks or _ranks(mol)
        if all(_is_lever(mol, way, ranks) and _differs(mol, way, ranks) for way in ways):
            atoms = ways[0].end, joint.GetIdx(), ways[1].end
            kind = "spirane" if ways[0].ring and ways[1].ring else "axis"
            text = "-".join(f"{mol.GetAtomWithIdx(atom).GetSymbol()}{atom + 1}" for atom in atoms)
            yield Hand(f"{kind if any(way.ring for way in ways) else 'allene'} {text}", frozenset(atoms))


@dataclass(frozen=True)
class _Way:
    """A double bond, or a ring of even size, that leads from an atom to another, which holds its groups at right angles.

    Attributes
    ----------
    start, end : int
    ring : frozenset of int
        Atoms of the ring; empty for a double bond.
    """

    start: int
    end: int
    ring: frozenset[int] = frozenset()


def _ways(mol: Mol, joint: Atom) -> Iterator[_Way]:
    from rdkit.Chem import BondType

    start = joint.GetIdx()
    if joint.GetIsAromatic() or joint.GetTotalNumHs(includeNeighbors=True):
        return
    for bond in joint.GetBonds():
        if bond.GetBondType() == BondType.DOUBLE and not bond.IsInRing():
            yield _Way(start, bond.GetOtherAtomIdx(start))
    for ring in mol.GetRingInfo().AtomRings():
        if start in ring and len(ring) in LEVERS:
            end = ring[(ring.index(start) + len(ring) // 2) % len(ring)]
            yield _Way(start, end, frozenset(ring))


def _is_lever(mol: Mol, way: _Way, ranks: list[int]) -> bool:
    """Return whether both arms of a ring are alike, saturated and in no other ring; of a double bond it is said."""
    from rdkit.Chem import BondType, ChiralType

    if not way.ring:
        return True
    rings = mol.GetRingInfo()
    bonds = [bond for bond in mol.GetBonds() if {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= way.ring]
    return (
        all(
            bond.GetBondType() == BondType.SINGLE and rings.NumBondRings(bond.GetIdx()) == 1 for bond in bonds
        )
        and all(
            rings.NumAtomRings(atom) == 1
            and mol.GetAtomWithIdx(atom).GetChiralTag() == ChiralType.CHI_UNSPECIFIED
            for atom in way.ring - {way.start, way.end}
        )
        and all(
            len(
                {ranks[n.GetIdx()] for n in mol.GetAtomWithIdx(atom).GetNeighbors() if n.GetIdx() in way.ring}
            )
            == 1
            for atom in (way.start, way.end)
        )
    )


def _differs(mol: Mol, way: _Way, ranks: list[int]) -> bool:
    """Return whether the end of a way differs in its two directions; a free pair of electrons is one."""
    atom = mol.GetAtomWithIdx(way.end)
    inner = way.ring or {way.start}
    others = [n.GetIdx() for n in atom.GetNeighbors() if n.GetIdx() not in inner]
    if atom.GetSymbol() == "N" and not way.ring:
        return len(others) == 1 and atom.GetFormalCharge() == 0
    if atom.GetSymbol() != "C":
        return False
    return (
        len(others) + atom.GetTotalNumHs() == 2
        and len(others) > 0
        and len({ranks[other] for other in others}) == (len(others))
    )


def _spiranes(mol: Mol) -> Iterator[Hand]:
    """Yield the atoms of two rings that are alike and each differ in their two directions."""
    rings = mol.GetRingInfo()
    ranks: list[int] = []
    for atom in mol.GetAtoms():
        centre = atom.GetIdx()
        if atom.GetDegree() != 4 or rings.NumAtomRings(centre) != 2:
            continue
        first, second = (set(ring) for ring in rings.AtomRings() if centre in ring)
        if len(first & second) != 1:
            continue
        ranks = ranks or _ranks(mol)
        sides = [
            {ranks[n.GetIdx()] for n in atom.GetNeighbors() if n.GetIdx() in ring} for ring in (first, second)
        ]
        if sides[0] == sides[1] and len(sides[0]) == 2:
            yield Hand(f"spirane {atom.GetSymbol()}{centre + 1}", frozenset((centre,)))


def _ranks(mol: Mol) -> list[int]:
    """Return which atoms the constitution does not tell apart."""
    from rdkit import Chem

    flat = Chem.Mol(mol)
    Chem.RemoveStereochemistry(flat)
    return list(Chem.CanonicalRankAtoms(flat, breakTies=False, includeChirality=False))
