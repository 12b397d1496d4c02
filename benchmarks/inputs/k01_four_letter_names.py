"""Residue names of four letters in PDB files."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from benchmarks.inputs.structures import (
    PIECES,
    at,
    content,
    every_piece,
    judged,
    moved,
    named,
    piece,
    same_places,
)
from dock.receptors.entry import Entry

STYLES = {
    "GROMOS": {"HIS": "HISE", "LYS": "LYSH", "CYS": "CYSH"},
    "OPLS": {"HIS": "HISD", "ASP": "ASPH", "GLU": "GLUH", "ARG": "ARGN"},
    "both protons": {"HIS": "HISH", "CYS": "CYS2", "LYS": "LYSN"},
    "GROMOS 43a1": {"HIS": "HISB", "CYS": "CYS1", "GLU": "GLUP"},
    "Amber": {"HIS": "HIE", "CYS": "CYX", "ASP": "ASH", "GLU": "GLH", "LYS": "LYN"},
    "CHARMM": {"HIS": "HSD", "ASP": "ASPP", "LYS": "LSN"},
}


def cases(folder: Path) -> Iterator[Case]:
    """Yield every style on every piece, chain ends, solvents, lipids, ligands, and chains that only look alike."""
    for style, names in STYLES.items():
        for code, protein, _, count in every_piece():

            def right(
                entry: Entry, protein: list[str] = protein, count: int = count, names: dict[str, str] = names
            ) -> bool:
                given = {name for key, name in entry.named.items()}
                wanted = {new for old, new in names.items() if any(line[17:20] == old for line in protein)}
                return content(entry)[0] == {"A": count} and same_places(entry, protein) and given == wanted

            lines = named(protein, names)
            yield judged(folder / "x.pdb", lines, right, f"{style}, {code}")
            blank = [f"{line[:21]} {line[22:]}" for line in lines]
            yield judged(folder / "x.pdb", blank, right, f"{style}, {code}, no chain")
    protein, ligand = piece(0)
    first, last = PIECES[0][2:4]
    ends = [
        f"{line[:17]}{'N' if at(line) == first else 'C'}{line[17:20]}{line[21:]}"
        if at(line) in (first, last)
        else line
        for line in protein
    ]
    yield judged(folder / "x.pdb", ends, lambda e: content(e)[0] == {"A": 91}, "ends as of Amber")
    for name, label in (
        ("TIP3", "HOH"),
        ("SPCE", "HOH"),
        ("POPC", "POPC"),
        ("CHL1", "CHL1"),
        ("LIG1", "LIG1"),
        ("UNK1", "UNK1"),
    ):
        group = ligand[:1] if label == "HOH" else ligand
        lines = [*named(protein, STYLES["GROMOS"]), *named(group, {"68P": name})]
        yield judged(
            folder / "x.pdb",
            lines,
            lambda e, label=label: content(e) == ({"A": 91}, [f"A:{label}:701"]),
            name,
        )
    histidines = [f"{line[:20]}E{line[21:]}" for line in moved(protein, 60)]
    yield judged(
        folder / "x.pdb",
        [*protein, *histidines],
        lambda e: content(e)[0] == {"A": 91, "EA": 91},
        "a chain EA with histidines",
    )
