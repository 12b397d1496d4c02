"""Smaller troubles of files of molecules and poses: bad records, names, headers, isotopes."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from benchmarks.inputs.molecules import given, pose, prepared, sdf
from dock.core.errors import DockError
from dock.ligands.library import Library

# Name of a file, its text, what is read of it: names and SMILES.
TEXTS = (
    ("a.smi", "CCO ethanol 96%\t46.07\n", [("ethanol 96%", "CCO")]),
    ("a.smi", "CCN\tethyl amine\t45.08\n", [("ethyl amine", "CCN")]),
    ("a.smi", "CC(C)O, isopropanol, dry\n", [("isopropanol, dry", "CC(C)O")]),
    ("a.smi", "SMILES,Name\nCCO,N,N-dimethyl\n", [("N,N-dimethyl", "CCO")]),
    ("a.smi", "CCO;ethanol\n", [("ethanol", "CCO")]),
    ("a.smi", "CCO   2,3-name\n", [("2,3-name", "CCO")]),
    ("a.csv", "sep=;\nname;smiles\na;CCO\n", [("a", "CCO")]),
    ("a.csv", '\ufeff"sep=,"\r\nname,smiles\r\na,CCO\r\n', [("a", "CCO")]),
    ("a.csv", "SEP=\t\nname\tsmiles\na\tCCO\n", [("a", "CCO")]),
    ("a.csv", "sep=|\nname|smiles\na|CCO\n", [("a", "CCO")]),
)
PHENOL, AMINE = "Oc1ccccc1", "[NH3+]CCc1ccccc1"


def cases(folder: Path) -> Iterator[Case]:
    for name, text, wanted in TEXTS:
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="")
        found = [(entry.name, entry.smiles) for entry in Library([path])]
        yield Case(repr(text), "right" if found == wanted else "wrong", str(found))
    for smiles in ("[2H]C([2H])([2H])Oc1ccccc1", "[13CH3]CO", "CC([18F])O"):
        (folder / "a.smi").write_text(smiles)
        ((_, made),) = prepared(folder / "a.smi")
        right = not isinstance(made, Exception) and made[0].provenance.notes.startswith("isotopes dropped")
        yield Case(smiles, "right" if right else "wrong", str(made))
    yield from _poses(folder)


def _poses(folder: Path) -> Iterator[Case]:
    good, other = sdf(pose(PHENOL, "good")), sdf(pose(AMINE, "other", 8))
    bad = "bad\n  x\n\n  2  1  0  0  0  0  0  0  0  0999 V2000\n    0.0 0.0 0.0 Xx  0\nM  END\n$$$$\n"
    path = folder / "poses.sdf"
    path.write_text(good + bad + other)
    steps = given(path)
    right = [bool(step.error) for step in steps] == [True, False, False] and steps[0].origin == "poses.sdf#2"
    yield Case("one bad record of three", "right" if right else "wrong", str([step.error for step in steps]))
    zipped = folder / "poses.sdf.gz"
    zipped.write_bytes(gzip.compress((good + other).encode()))
    yield Case("zipped poses", "right" if len(given(zipped)) == 2 else "wrong")
    at_origin = pose(AMINE, "x")
    places = at_origin.GetConformer().GetPositions()
    places[9:] = 0.0
    at_origin.GetConformer().SetPositions(places)
    far = pose(PHENOL, "x")
    places = far.GetConformer().GetPositions()
    places[-1] = 0.0
    far.GetConformer().SetPositions(places)
    for name, text in (
        ("no bytes", ""),
        ("empty lines", "\n\n\n"),
        ("no molecule", "some text\n"),
        ("hydrogens at one place", sdf(at_origin)),
        ("one hydrogen far away", sdf(far)),
        ("a record of no atoms", "x\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n$$$$\n"),
        ("an atom list", good.replace(" O   0", " L   0", 1)),
    ):
        path.write_text(text)
        try:
            yield Case(name, "wrong", str(given(path)))
        except DockError as error:
            yield Case(name, "right" if error.exit_code == 2 else "wrong", str(error))
