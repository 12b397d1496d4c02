"""Side chains: construct mutations reverted, and what is missing carried over from another entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import StructureError
from dock.receptors.entry import residue_key
from dock.receptors.names import HEAVY_ATOMS
from dock.receptors.polymer import SAME_PROTEIN, Polymer
from dock.receptors.sequence import Mutation, identity, one_letter, three_letter

if TYPE_CHECKING:
    import gemmi

BORROWED = "b"  # marks atoms that the entry itself does not have
STUMP = frozenset({"N", "CA", "C", "O", "OXT", "CB"})
CLASH = 1.9  # angstrom between heavy atoms of two residues; minimisation mends what is farther
MAX_REPACKING = 5  # rounds


def revert_mutations(polymer: Polymer) -> list[str]:
    """Rename residues to what the sequence has at their place, cut back to CB.

    Returns
    -------
    list of str
        The mutations that were turned back, as ``Y110A``: wild type, number, what the structure had.

    Raises
    ------
    StructureError
        If the chain is another protein than the sequence.
    """
    same = identity(polymer.letters, polymer.places, polymer.sequence)
    if polymer.sequence and same < SAME_PROTEIN:
        raise StructureError(
            f"chain {polymer.name}",
            f"{100 * same:.0f} % of it is as in the sequence: too little to revert the rest",
        )
    reverted = []
    for index, place in enumerate(polymer.places):
        residue = polymer.residues[index]
        wanted = three_letter(polymer.sequence[place - 1]) if place is not None else residue.name
        if wanted == residue.name or wanted not in HEAVY_ATOMS:
            continue
        reverted.append(
            str(Mutation(residue_key(polymer.name, residue), one_letter(residue.name), one_letter(wanted)))
        )
        _keep_stump(residue)
        residue.name = wanted
        if wanted == "GLY":
            _remove(residue, {"CB"})
    return reverted


def carry_over_side_chains(polymer: Polymer, donors: Mapping[int, gemmi.Residue]) -> dict[str, list[str]]:
    """Carry over side chains from a donor where a residue is truncated, in place.

    A neighbour that has moved into the gap is repacked as in the donor; a side chain that
    would overlap all the same is cut back to CB, to be rebuilt.

    Parameters
    ----------
    donors
        Residues of another entry of the same protein, by position in the sequence.

    Returns
    -------
    dict
        What was ``carried_over`` and ``repacked``.
    """
    residues = {place: polymer.residues[i] for i, place in enumerate(polymer.places) if place is not None}
    lacking = [
        place
        for place, donor in donors.items()
        if place in residues and _add_side_chain(residues[place], donor)
    ]
    lent = set(lacking)
    stuck = {place for place, _, backbone in _clashes(residues, lent) if backbone}
    for place in stuck:
        _keep_stump(residues[place])
    repacked: set[int] = set()
    for _ in range(MAX_REPACKING):
        movable = {other for _, other, _ in _clashes(residues, lent - stuck)} & set(donors) - lent
        for place in movable:
            _keep_stump(residues[place])
            _add_side_chain(residues[place], donors[place])
        lent |= movable
        repacked |= movable
    # What overlaps still: of each pair, the larger side chain gives way.
    for first, second, _ in _clashes(residues, lent - stuck):
        larger = max({first, second} & lent, key=lambda place: (len(donors[place]), place))
        stuck.add(larger)
        _keep_stump(residues[larger])
    return {
        "carried_over": [_label(residues[place]) for place in sorted(lent - repacked - stuck)],
        "repacked": [_label(residues[place]) for place in sorted(repacked - stuck)],
    }


def _label(residue: gemmi.Residue) -> str:
    return f"{residue.name}{residue.seqid}"


def _keep_stump(residue: gemmi.Residue) -> None:
    """Remove the side chain of a residue beyond CB."""
    _remove(residue, {atom.name for atom in residue} - STUMP)


def _remove(residue: gemmi.Residue, names: set[str]) -> None:
    for index in reversed(range(len(residue))):
        if residue[index].name in names:
            del residue[index]


def _add_side_chain(residue: gemmi.Residue, donor: gemmi.Residue) -> bool:
    """Add the donor's atoms that a residue lacks; return whether there were any.

    The donor is superposed on the backbone (N, CA, C, O), and on CB where both have it.
    """
    import gemmi

    if residue.name != donor.name:
        return False
    missing = [
        atom for atom in donor if atom.name not in residue and atom.name in HEAVY_ATOMS[donor.name] - {"OXT"}
    ]
    if not missing:
        return False
    shared = [name for name in ("N", "CA", "C", "O", "CB") if name in residue and name in donor]
    onto = gemmi.superpose_positions(
        [residue[name][0].pos for name in shared], [donor[name][0].pos for name in shared]
    )
    for atom in missing:
        added = atom.clone()
        added.flag = BORROWED
        added.pos = gemmi.Position(onto.transform.apply(atom.pos))
        residue.add_atom(added)
    return True


def _clashes(residues: Mapping[int, gemmi.Residue], lent: set[int]) -> list[tuple[int, int, bool]]:
    """Return which lent side chains overlap with what: ``(lent, other, other is backbone)``."""
    from scipy.spatial import cKDTree

    atoms = [(place, atom) for place, residue in residues.items() for atom in residue]
    pairs = cKDTree(np.array([atom.pos.tolist() for _, atom in atoms])).query_pairs(CLASH)
    found = []
    for first, second in pairs:
        for (place, atom), (other, hit) in ((atoms[first], atoms[second]), (atoms[second], atoms[first])):
            if place != other and place in lent and atom.name not in STUMP:
                found.append((place, other, hit.name in STUMP))
    return found
