"""Parts of real structure files, and what people's programs make of their lines; the kinds about structures use it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from dock.core.errors import DockError
from dock.receptors.entry import Entry, read_entry
from dock.receptors.hetero import list_hetero
from dock.receptors.polymer import make_polymer
from dock.receptors.settings import ReceptorSettings

# Entry, chain, first and last residue, and the code of a ligand.
PIECES = (("5I71", "A", 90, 180, "68P"), ("6VRH", "A", 90, 180, "8PR"), ("6CM4", "A", 90, 139, "8NU"))
COLUMNS = [
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_entity_id",
    "label_seq_id",
    "pdbx_PDB_ins_code",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "auth_seq_id",
    "auth_asym_id",
    "pdbx_PDB_model_num",
]


def piece(number: int) -> tuple[list[str], list[str]]:
    """Return the lines of a stretch of protein and of a ligand."""
    code, chain, first, last, name = PIECES[number]
    folder = Path(os.environ["DOCK_STRUCTURES"].split(os.pathsep)[0])
    lines = (folder / f"{code}.pdb").read_text().splitlines()
    protein = [
        line for line in lines if line.startswith("ATOM") and line[21] == chain and first <= at(line) <= last
    ]
    return protein, [line for line in lines if line.startswith("HETATM") and line[17:20] == name]


def at(line: str) -> int:
    """Return the number of a line's residue."""
    return int(line[22:26])


def moved(lines: list[str], x: float) -> list[str]:
    """Return lines moved along an axis, in angstrom."""
    return [f"{line[:30]}{float(line[30:38]) + x:8.3f}{line[38:]}" for line in lines]


def named(lines: list[str], names: dict[str, str]) -> list[str]:
    """Return lines whose residues have other names, of up to four letters."""
    return [f"{line[:17]}{names.get(line[17:20], line[17:20]):<4}{line[21:]}" for line in lines]


def chained(lines: list[str], name: str) -> list[str]:
    """Return lines in another chain, whose name takes columns 21 and 22."""
    return [f"{line[:20]}{name:>2}{line[22:]}" for line in lines]


def rows(lines: list[str], chain: str = "A", asym: str = "A", shift: int = 0, code: str = "") -> list[str]:
    """Return lines as rows of an mmCIF file."""
    return [
        " ".join([
            line[:6].strip(), str(count), line[76:78].strip(), line[12:16].strip(), ".", code or line[17:20], asym,
            "1" if line.startswith("ATOM") else "2", str(at(line)) if line.startswith("ATOM") else ".", "?",
            *line[30:54].split(), "1.0", "50.0", str(at(line) + shift), chain, "1",
        ])
        for count, line in enumerate(lines, start=1)
    ]  # fmt: skip


def cif(*parts: list[str]) -> list[str]:
    """Return the lines of an mmCIF file."""
    return [
        "data_x",
        "loop_",
        *(f"_atom_site.{name}" for name in COLUMNS),
        *(row for part in parts for row in part),
    ]


def judged(path: Path, lines: list[str], right: Callable[[Entry], bool], name: str) -> Case:
    """Write lines, read them as `dock receptor` does, and judge what came of them."""
    path.write_text("\n".join(lines) + "\n")
    try:
        entry = read_entry(path)
        for chain in entry.polymers:
            make_polymer(entry, chain, ReceptorSettings())
        fine = right(entry)
    except DockError as error:
        return Case(name, "refused", str(error))
    except Exception as error:  # what would be a traceback
        return Case(name, "wrong", repr(error))
    return Case(name, "right") if fine else Case(name, "wrong", f"{content(entry)} {entry.notes}")


def content(entry: Entry) -> tuple[dict[str, int], list[str]]:
    """Return how many residues each protein chain has that can be used, and every other residue."""
    used = {name: len(make_polymer(entry, name, ReceptorSettings()).residues) for name in entry.polymers}
    return used, [f"{group.key.chain}:{group.name}:{group.key.number}" for group in list_hetero(entry, [])]


def same_places(entry: Entry, lines: list[str], chain: str = "A") -> bool:
    """Return whether a chain has the atoms of the lines, in their order and where they are."""
    found = [atom.pos.tolist() for residue in entry.polymers[chain] for atom in residue]
    wanted = [[float(line[start : start + 8]) for start in (30, 38, 46)] for line in lines]
    return len(found) == len(wanted) and all(
        abs(a - b) < 0.002
        for one, other in zip(found, wanted, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def residues(lines: list[str]) -> int:
    """Return how many residues lines have."""
    return len({line[22:27] for line in lines})


def every_piece() -> Iterator[tuple[str, list[str], list[str], int]]:
    """Yield code, lines of protein and ligand, and number of residues of each piece."""
    for number, (code, *_) in enumerate(PIECES):
        protein, ligand = piece(number)
        yield code, protein, ligand, residues(protein)
