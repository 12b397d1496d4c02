"""mmCIF chains of more than one letter, residue numbers over 9999."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.inputs.base import Case
from benchmarks.inputs.structures import at, cif, piece, rows
from dock.core.errors import DockError
from dock.docking.pdbqt import receptor_pdbqt
from dock.receptors import Receptor
from dock.receptors.preparation import prepare
from dock.receptors.receptor import residue_labels
from dock.receptors.settings import ReceptorSettings, parse_site

LENGTH = 50  # residues
FORMS = (
    ("AAA", 0, 0), ("A-2", 12_000, 1), ("A", 20_000, 0), ("AA", -12_000, 1), ("H1", 100_000, 0), ("aB", 9_900, 1),
    ("A_1", 9_850, 0), ("1", 12_000, 1), ("A", -2_000, 0), ("A", -12_000, 1),
)  # fmt: skip


def cases(folder: Path) -> Iterator[Case]:
    """Yield each form of names, prepared, typed for docking and named in a site."""
    for chain, shift, number in FORMS:
        protein, ligand = piece(number)
        last = at(protein[0]) + LENGTH
        protein = [line for line in protein if at(line) < last]
        code = ligand[0][17:20]
        own = ligand[: sum(line[22:26] == ligand[0][22:26] for line in ligand)]
        (folder / "x.cif").write_text(
            "\n".join(cif(rows(protein, chain, shift=shift), rows(own, "LL", "B"))) + "\n"
        )
        name = f"chain {chain}, numbers + {shift}"
        try:
            settings = ReceptorSettings(
                sites=dict([parse_site("s=0,0,0"), parse_site(f"s={code}")]), add_ions=False
            )
            made = prepare(str(folder / "x.cif"), settings)
            receptor = Receptor(
                "x", made.topology, made.positions, made.sites, made.bound.references, made.record
            )
            text = receptor_pdbqt(receptor, receptor.site("s"))
        except DockError as error:
            yield Case(name, "refused", str(error))
            continue
        except Exception as error:  # what would be a traceback
            yield Case(name, "wrong", repr(error))
            continue
        wanted = {line[17:20] + str(int(line[22:26]) + shift) for line in protein}
        labels = set(residue_labels(receptor.topology))
        places = {
            tuple(float(line[start : start + 8]) for start in (30, 38, 46)) for line in text.splitlines()
        }
        alphas = [
            tuple(np.round(receptor.positions[a.index] * 10, 3)) for a in receptor.topology.atoms()
            if a.name == "CA" and a.residue.name + a.residue.id in receptor.site("s").residues
        ]  # fmt: skip
        near = set(receptor.site("s").residues) <= wanted and all(
            tuple(map(float, place)) in places for place in alphas
        )
        fine = wanted <= labels and near and {r.chain.id for r in receptor.topology.residues()} == {chain}
        yield Case(name, "right" if fine else "wrong", str(sorted(wanted - labels)[:5]))
