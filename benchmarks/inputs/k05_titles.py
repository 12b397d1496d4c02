"""Several molecules of one title in a file of poses."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from benchmarks.inputs.molecules import given, pose, sdf

# Name, titles and SMILES of the records, how many are to be simulated.
FILES = {
    "three molecules": ([("LIG", "CCc1ccc(F)cc1"), ("LIG", "[NH3+]CCc1ccccc1"), ("LIG", "Oc1ccccc1")], 3),
    "enantiomers": ([("LIG", "C[C@H]([NH3+])c1ccccc1"), ("LIG", "C[C@@H]([NH3+])c1ccccc1")], 2),
    "protomers": ([("LIG", "NCCc1ccccc1"), ("LIG", "[NH3+]CCc1ccccc1")], 2),
    "one molecule twice": ([("LIG", "Oc1ccccc1"), ("LIG", "Oc1ccccc1")], 1),
    "a name that is made is there": ([("A", "Oc1ccccc1"), ("A", "Cc1ccccc1"), ("A_2", "Clc1ccccc1")], 3),
    "no titles": ([("", "Oc1ccccc1"), ("", "Cc1ccccc1")], 2),
    "in other cases": ([("lig", "Oc1ccccc1"), ("LIG", "Cc1ccccc1")], 2),
    "only spaces": ([("   ", "Oc1ccccc1"), (" ", "Cc1ccccc1")], 2),
    "different beyond the cut": ([("x" * 90 + "a", "Oc1ccccc1"), ("x" * 90 + "b", "Cc1ccccc1")], 2),
    "different in what is replaced": (
        [("a/b", "Oc1ccccc1"), ("a_b", "Cc1ccccc1"), ("a\\b", "Clc1ccccc1")],
        3,
    ),
}


def cases(folder: Path) -> Iterator[Case]:
    for name, (records, number) in FILES.items():
        path = folder / f"{name}.sdf"
        path.write_text("".join(sdf(pose(smiles, title, 7 + n)) for n, (title, smiles) in enumerate(records)))
        steps = given(path)
        names = {step.name.casefold() for step in steps}
        counted = len(steps) + max(step.passed_over for step in steps) == len(records)
        right = len(steps) == len(names) == number and counted and not any(step.error for step in steps)
        yield Case(name, "right" if right else "wrong", str([step.name for step in steps]))
