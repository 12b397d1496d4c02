"""`dock receptor` on the same file twice; structure files put together, encoded, damaged or without columns."""

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from benchmarks.inputs.structures import COLUMNS, cif, content, every_piece, judged, moved, piece, rows
from dock.dynamics.relaxation import relax
from dock.forcefield.platforms import choose_processor
from dock.receptors.preparation import prepare


def cases(folder: Path) -> Iterator[Case]:
    """Yield each trouble of each piece."""
    for code, protein, ligand, count in every_piece():
        own = [line for line in ligand if line[21:26] == ligand[0][21:26]]
        hetero = [f"A:{own[0][17:20]}:{int(own[0][22:26])}"]
        forms = {
            "protein and ligand put together": ([*protein, "END", *own, "END"], ({"A": count}, hetero)),
            "two chains of one name without TER": (
                [*protein, *moved(protein, 80)],
                ({"A": count, "B": count}, []),
            ),
            "the same chain twice": ([*protein, "TER", *protein], ({"A": count}, [])),
            "mmCIF under the name of PDB": (cif(rows(protein), rows(own, asym="B")), ({"A": count}, hetero)),
        }
        for form, (lines, right) in forms.items():
            yield judged(
                folder / "x.pdb", lines, lambda entry, right=right: content(entry) == right, f"{form}, {code}"
            )
    protein, _ = piece(0)
    for name in COLUMNS:
        at = COLUMNS.index(name)
        head, body = cif(), rows(protein)
        lines = [line for line in head if line != f"_atom_site.{name}"]
        lines += [" ".join(word for place, word in enumerate(row.split()) if place != at) for row in body]
        yield judged(
            folder / "x.cif", lines, lambda entry: content(entry)[0] == {"A": 91}, f"mmCIF without {name}"
        )
    (folder / "x.pdb").write_text("\n".join(protein[:200]) + "\n")
    found = []
    for seed in (1, 2):
        random.seed(seed)
        found.append(relax(prepare(str(folder / "x.pdb")), choose_processor("CPU"))[0].tobytes())
    yield Case("prepared twice", "right" if found[0] == found[1] else "wrong")
