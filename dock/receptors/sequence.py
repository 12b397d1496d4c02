"""Sequences: which position each residue of a chain has, what differs from it, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dock.receptors.entry import ResidueKey

SAME_OFFSET = 0.95  # of the aligned residues


@dataclass(frozen=True)
class Mutation:
    """A residue that is not what the sequence has at its position.

    It is written as the field does: ``Y110A`` has Ala where the wild type has Tyr.

    Attributes
    ----------
    key : ResidueKey
    found : str
        What the structure has, as one letter.
    wild_type : str
        What the sequence has.
    """

    key: ResidueKey
    found: str
    wild_type: str

    def __str__(self) -> str:
        return f"{self.wild_type}{self.key.number}{self.key.insertion}{self.found}"


def one_letter(name: str) -> str:
    """Return the one-letter code of an amino acid, of its parent if it is modified; X if unknown."""
    import gemmi

    letter = gemmi.find_tabulated_residue(name).one_letter_code.upper()
    return letter if letter.strip() else "X"


def three_letter(letter: str) -> str:
    """Return the three-letter name of a standard amino acid."""
    import gemmi

    return str(gemmi.expand_one_letter(letter, gemmi.ResidueKind.AA))


def positions(keys: Sequence[ResidueKey], letters: str, sequence: str) -> list[int | None]:
    """Return the position in `sequence`, counted from 1, of each residue.

    Where nearly every residue has the same offset between its number and its aligned position,
    the numbers decide, since an alignment is ambiguous at the edges of gaps. Otherwise the
    alignment decides, and what it leaves out (tags, insertions) has None.

    Parameters
    ----------
    keys
        Author's addresses, in the order of the chain.
    letters
        One-letter codes of the residues.
    sequence
        The reference, such as UniProt's.
    """
    aligned = align(letters, sequence)
    offsets = Counter(
        position - key.number
        for key, position in zip(keys, aligned, strict=True)
        if position is not None and not key.insertion
    )
    if not offsets:
        return aligned
    offset, count = offsets.most_common(1)[0]
    if count < SAME_OFFSET * len(keys):
        return aligned
    return [
        key.number + offset if not key.insertion and 1 <= key.number + offset <= len(sequence) else None
        for key in keys
    ]


def align(letters: str, sequence: str) -> list[int | None]:
    """Align a chain globally with a sequence; gaps at the ends of either are free.

    Returns
    -------
    list of int or None
        The position in `sequence`, counted from 1, of each letter; None where it has none.
    """
    from Bio.Align import PairwiseAligner, substitution_matrices

    aligner = PairwiseAligner(mode="global")
    aligner.substitution_matrix = substitution_matrices.load("BLOSUM62")
    # A residue missing from the coordinates costs little, one that the sequence lacks much.
    aligner.open_gap_score, aligner.extend_gap_score = -11.0, -0.5
    aligner.end_gap_score = 0.0
    found: list[int | None] = [None] * len(letters)
    alignments = aligner.align(_plain(sequence), _plain(letters))
    for (start, end), (begin, _) in zip(*alignments[0].aligned, strict=True):
        for step in range(end - start):
            found[begin + step] = int(start) + step + 1
    return found


def identity(letters: str, places: Sequence[int | None], sequence: str) -> float:
    """Return the fraction of the placed residues that are as in the sequence."""
    placed = [(letter, place) for letter, place in zip(letters, places, strict=True) if place is not None]
    if not placed:
        return 0.0
    return sum(sequence[place - 1] == letter for letter, place in placed) / len(placed)


def mutations(
    keys: Sequence[ResidueKey], letters: str, places: Sequence[int | None], sequence: str
) -> list[Mutation]:
    """Return the residues that are not as in the sequence."""
    return [
        Mutation(key, letter, sequence[place - 1])
        for key, letter, place in zip(keys, letters, places, strict=True)
        if place is not None and letter not in (sequence[place - 1], "X")
    ]


def _plain(letters: str) -> str:
    """Return letters that the substitution matrix knows; selenocysteine and pyrrolysine become X."""
    return "".join(letter if letter in "ARNDCQEGHILKMFPSTWYVBZX" else "X" for letter in letters)
