"""Side chains carried over from another entry of the same protein."""

from __future__ import annotations

from typing import TYPE_CHECKING

from Bio.Data.PDBData import protein_letters_1to3

if TYPE_CHECKING:
    from Bio.PDB.Residue import Residue

STUMP = frozenset({"N", "CA", "C", "O", "OXT", "CB"})
CLASH = 1.9  # angstrom between heavy atoms of two residues; minimisation mends what is farther
MAX_REPACKING = 5  # rounds


def complete_side_chains(
    polymer: list[Residue], donors: dict[int, Residue], sequence: str
) -> tuple[list[Residue], dict[str, list[str]]]:
    """Carry over side chains from a donor where a residue is mutated or truncated.

    A neighbour that has moved into the gap is repacked as in the donor; a side chain that
    would overlap all the same is cut back to CB, to be rebuilt.

    Parameters
    ----------
    polymer
        Residues numbered as in the sequence.
    donors
        Residues of another entry of the same protein, by number.
    sequence
        The wanted sequence, its first letter being residue 1.

    Returns
    -------
    residues : list of Bio.PDB.Residue.Residue
        Copies, renamed to the sequence; atoms may still be missing.
    changes : dict
        What was ``reverted``, ``carried_over`` and ``repacked``.
    """
    wanted = {residue.id[1]: protein_letters_1to3[sequence[residue.id[1] - 1]].upper() for residue in polymer}
    reverted = [
        f"{residue.resname}-{residue.id[1]}-{wanted[residue.id[1]]}"
        for residue in polymer
        if residue.resname != wanted[residue.id[1]]
    ]
    residues = {residue.id[1]: residue.copy() for residue in polymer}
    for number, residue in residues.items():
        if residue.resname != wanted[number]:
            _keep_stump(residue)
            residue.resname = wanted[number]
    lacking = [
        number
        for number, donor in donors.items()
        if number in residues and donor.resname == wanted[number] and _add_side_chain(residues[number], donor)
    ]
    lent = set(lacking)
    stuck = {number for number, _, backbone in _clashes(residues, lent) if backbone}
    for number in stuck:
        _keep_stump(residues[number])
    repacked: set[int] = set()
    for _ in range(MAX_REPACKING):
        movable = {other for _, other, _ in _clashes(residues, lent - stuck)} & set(donors) - lent
        for number in movable:
            _keep_stump(residues[number])
            _add_side_chain(residues[number], donors[number])
        lent |= movable
        repacked |= movable
    # What overlaps still: of each pair, the larger side chain gives way.
    for one, other, _ in _clashes(residues, lent - stuck):
        larger = max({one, other} & lent, key=lambda number: (len(donors[number]), number))
        stuck.add(larger)
        _keep_stump(residues[larger])
    changes = {
        "reverted": reverted,
        "carried_over": [f"{wanted[n]} {n}" for n in sorted(lent - repacked - stuck)],
        "repacked": [f"{wanted[n]} {n}" for n in sorted(repacked - stuck)],
    }
    return list(residues.values()), changes


def _keep_stump(residue: Residue) -> None:
    """Remove the side chain of a residue beyond CB."""
    for atom in list(residue):
        if atom.name not in STUMP:
            residue.detach_child(atom.id)


def _add_side_chain(residue: Residue, donor: Residue) -> bool:
    """Add the donor's atoms that a residue lacks; return whether there were any.

    The donor is superposed on the backbone (N, CA, C, O), and on CB where both have it.
    """
    from Bio.PDB.Superimposer import Superimposer

    missing = [atom for atom in donor if atom.element != "H" and atom.name not in residue]
    if not missing or residue.resname != donor.resname:
        return False
    shared = [name for name in ("N", "CA", "C", "O", "CB") if name in residue and name in donor]
    superimposer = Superimposer()
    superimposer.set_atoms([residue[name] for name in shared], [donor[name] for name in shared])
    rotation, translation = superimposer.rotran
    for atom in missing:
        added = atom.copy()
        added.coord = atom.coord @ rotation + translation
        residue.add(added)
    return True


def _clashes(residues: dict[int, Residue], lent: set[int]) -> list[tuple[int, int, bool]]:
    """Return which lent side chains overlap with what: ``(lent, other, other is backbone)``."""
    from scipy.spatial import cKDTree

    atoms = [(n, atom) for n, residue in residues.items() for atom in residue if atom.element != "H"]
    pairs = cKDTree([atom.coord for _, atom in atoms]).query_pairs(CLASH)
    found = []
    for one, two in pairs:
        for (n, atom), (other, hit) in ((atoms[one], atoms[two]), (atoms[two], atoms[one])):
            if n != other and n in lent and atom.name not in STUMP:
                found.append((n, other, hit.name in STUMP))
    return found
