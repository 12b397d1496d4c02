"""Codes of structure predictors in sites and chemistry."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from benchmarks.inputs.structures import cif, named, piece, rows
from dock.core.errors import DockError
from dock.receptors.bound import bound_molecule
from dock.receptors.entry import read_entry
from dock.receptors.hetero import find_hetero, list_hetero
from dock.receptors.settings import ReceptorSettings, parse_site

CODES = ("LIG_B", "LIG1", "LIG2", "A1AAA", "A1H0Z", "l01", "LIG", "UNK1", "LIG-1", "L_1", "DRG1")
SMILES = "CN(C)CCCC1(OCc2cc(C#N)ccc12)c1ccc(F)cc1"


def cases(folder: Path) -> Iterator[Case]:
    """Yield each code in mmCIF, those that fit in PDB, as code, with its number, and with its chain."""
    protein, ligand = piece(0)
    for code in CODES:
        (folder / "x.cif").write_text(
            "\n".join(cif(rows(protein, "A"), rows(ligand, "B", "B", code=code))) + "\n"
        )
        for label in (code, f"{code}:701", f"B:{code}:701", f"B:{code}:*"):
            yield _named(folder / "x.cif", label, code)
        if len(code) in (3, 4):
            (folder / "x.pdb").write_text("\n".join([*protein, *named(ligand, {"68P": code})]) + "\n")
            yield _named(folder / "x.pdb", code, code)
        elif "-" not in code:
            lines = [*protein, *(f"{line[:17]}{code}{line[22:]}" for line in ligand)]
            (folder / "x.pdb").write_text("\n".join(lines) + "\n")
            yield _named(folder / "x.pdb", code, code)


def _named(path: Path, label: str, code: str) -> Case:
    name = f"{label} in {path.suffix}"
    try:
        _, site = parse_site(f"s={label}")
        settings = ReceptorSettings(sites={"s": site}, smiles={code: SMILES})
        entry = read_entry(path)
        (group,) = find_hetero(list_hetero(entry, []), settings.sites["s"].ligand or "", entry)
        mol = bound_molecule(group, settings.smiles[group.name])
    except DockError as error:
        return Case(name, "refused", str(error))
    except Exception as error:  # what would be a traceback
        return Case(name, "wrong", repr(error))
    return Case(name, "right" if mol.GetNumHeavyAtoms() == 24 else "wrong", str(group))
