"""Two copies of a ligand with one chain and number, no TER."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.inputs.base import Case
from benchmarks.inputs.structures import cif, every_piece, judged, moved, rows
from dock.receptors.entry import Entry
from dock.receptors.hetero import list_hetero


def cases(folder: Path) -> Iterator[Case]:
    """Yield copies one after the other, by turns, incomplete, apart, three, in mmCIF, and the same one twice."""
    for code, protein, ligand, _ in every_piece():
        own = [line for line in ligand if line[21:26] == ligand[0][21:26]]
        turns = [line for pair in zip(own, moved(own, 30), strict=True) for line in pair]
        other = [f"{line[:17]}GOL{line[20:22]} 950{line[26:]}" for line in moved(own[:1], 9)]
        forms = {
            "one after the other": ([*own, *moved(own, 30)], (0, 30)),
            "by turns": (turns, (0, 30)),
            "the second incomplete": ([*own, *moved(own, 30)[:-4]], (0, 30)),
            "another between": ([*own, *other, *moved(own, 30)], (0, 30)),
            "three": ([*own, *moved(own, 30), *moved(own, -30)], (0, 30, -30)),
            "the same twice": (own * 2, (0,)),
        }
        for form, (lines, shifts) in forms.items():
            yield judged(folder / "x.pdb", [*protein, *lines], _at(own, shifts), f"{form}, {code}")
        for asym in ("B", "C"):
            lines = cif(rows(protein), rows(own, asym="B"), rows(moved(own, 30), asym=asym))
            yield judged(folder / "x.cif", lines, _at(own, (0, 30)), f"mmCIF, {asym}, {code}")


def _at(ligand: list[str], shifts: tuple[int, ...]):  # type: ignore[no-untyped-def]
    """Return what tells whether the copies of a ligand lie where they are."""
    centre = np.mean([float(line[30:38]) for line in ligand])

    def right(entry: Entry) -> bool:
        code = ligand[0][17:20]
        found = [group for group in list_hetero(entry, []) if group.name == code]
        apart = len({group.key for group in found}) == len(found) == len(shifts)
        close = 2.0  # angstrom: of the copy that lacks atoms
        return apart and all(
            abs(group.centroid[0] - centre - shift) < close
            for group, shift in zip(sorted(found, key=lambda group: group.key), shifts, strict=True)
        )

    return right
