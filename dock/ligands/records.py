"""Records of SDF files: cut from a stream of lines, mended where it is plain what is meant, read.

A record ends with ``$$$$``, and its molecule with ``M  END``. Where a mark is missing, the next molecule's counts
line tells where the record ends, and the number of its bonds where the molecule does. What is left open is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError
from dock.ligands.bonds import flat_single_ring, with_bond_orders

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from dock.ligands.lines import Line

RECORD_END = "$$$$"
MOLECULE_END = "M  END"
V3000_END = "M  V30 END CTAB"
HEADER = 3  # lines of a molecule before its counts
MAX_RECORD_LINES = 20_000
COUNTS = re.compile(r"(?=.{6})[ \d]{2}\d[ \d]{2}\d( |$)")
TAGGED_COUNTS = re.compile(r"[ \d]{6}.*V[23]000\s*$")
ATOM = re.compile(r"[ \d.+-]{30} ?[A-Za-z*]")
FIELD = re.compile(r">.*<.*>")  # the title of a data field
PROPERTIES = ("M  ", "A  ", "G  ", "V  ", "S  ")


@dataclass
class SdfRecord:
    """A record of an SDF file as it stands there.

    Attributes
    ----------
    number : int
        From 1.
    lines : list of str
        Without the mark of its end.
    problem : str
        Why it cannot be read.
    followed : bool
        Whether anything came after it: its last line was not lost with the end of the file.
    """

    number: int
    lines: list[str] = field(default_factory=list)
    problem: str = ""
    followed: bool = True

    @property
    def title(self) -> str:
        """Its first line."""
        return self.lines[0].strip() if self.lines else ""

    @property
    def block(self) -> str:
        """Its text, with the mark of its end."""
        return "\n".join([*self.lines, RECORD_END, ""])

    def mended(self) -> SdfRecord:
        """Return the record with the mark of its molecule's end, or with what is wrong with it."""
        if self.problem or not any(line.strip() for line in self.lines):
            return self
        lines = [MOLECULE_END if line.split() == ["M", "END"] else line for line in self.lines]
        counts = next((n for n in range(len(lines)) if _is_counts(lines, n)), None)
        if counts is not None and counts > HEADER and not any(map(str.strip, lines[: counts - HEADER])):
            lines, counts = lines[counts - HEADER :], HEADER  # blank lines before it
        data = next((n for n, line in enumerate(lines) if line.startswith(">")), len(lines))
        if counts is not None and MOLECULE_END not in map(str.rstrip, lines[:data]):
            end = _end_of_molecule(lines, counts) if self.followed or data < len(lines) else None
            if end is None:
                problem = f"breaks off: its molecule has no end ('{MOLECULE_END}')"
                return SdfRecord(self.number, self.lines, problem, self.followed)
            lines = [*lines[:end], MOLECULE_END, *lines[end:]]
        return SdfRecord(self.number, lines, "", self.followed)


def sdf_records(lines: Iterable[Line]) -> Iterator[SdfRecord]:
    """Yield the records of an SDF file, mended."""
    for number, record in enumerate(_records(lines), 1):
        record.number = number
        yield record.mended()


def _records(lines: Iterable[Line]) -> Iterator[SdfRecord]:
    """Yield what stands between the ends of records, with or without their marks."""
    record, seen = SdfRecord(0), 0  # counts lines of the record
    inner: list[int] = []  # those that may stand in a data field
    for line in _unglued(lines):
        if line.problem:
            record.problem = record.problem or f"line {line.number} {line.problem}"
            continue
        if line.text.startswith(RECORD_END):
            yield from _parted(record, inner, closed=True)
            record, seen, inner = SdfRecord(0), 0, []
            continue
        if len(record.lines) >= MAX_RECORD_LINES:
            record.problem = record.problem or f"runs over more than {MAX_RECORD_LINES} lines"
            continue
        record.lines.append(line.text)
        counts = _counts_just_read(record.lines)
        if counts is None:
            continue
        seen += 1
        if seen == 1:
            continue
        if _in_data_field(record.lines, counts):
            inner.append(counts)
            continue
        start = _start_of_molecule(record.lines, counts)
        rest = record.lines[start:]
        del record.lines[start:]
        yield from _parted(record, inner, closed=False)
        record, seen, inner = SdfRecord(0, rest), 1, []
    if record.problem or any(text.strip() for text in record.lines):
        record.followed = False
        yield from _parted(record, inner, closed=False)


def _unglued(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines, the mark of a molecule's end on one of its own: joined files may lack the end of a line there."""
    for line in lines:
        rest = line.text.removeprefix(MOLECULE_END) if line.text.startswith(MOLECULE_END) else ""
        if rest.strip():
            yield replace(line, text=MOLECULE_END)
        yield replace(line, text=rest) if rest.strip() else line


def _parted(record: SdfRecord, inner: Iterable[int], closed: bool) -> Iterator[SdfRecord]:
    """Yield a record, and as records of their own what looked like values of its data fields and are none.

    What is a value ends with a blank line. A molecule does not, which follows a field without a value.

    Parameters
    ----------
    inner
        The counts lines of molecules that follow a data field's title.
    closed
        Whether the record has the mark of its end.
    """
    begun = 0
    for counts in inner:
        rest = record.lines[counts:]
        end = next((n for n, line in enumerate(rest, counts) if line.rstrip() == MOLECULE_END), None)
        value = closed if end is None else any(not line.strip() for line in record.lines[end + 1 : end + 2])
        if not value:
            start = _start_of_molecule(record.lines, counts)
            yield SdfRecord(0, record.lines[begun:start], record.problem)
            begun = start
    yield SdfRecord(0, record.lines[begun:], record.problem, record.followed)


def read_molecule(name: str, block: str, hydrogens: bool = False) -> tuple[Mol, str]:
    """Read the molecule of a record, with the aromatic rings and groups that its bonds of open order mean.

    Parameters
    ----------
    hydrogens
        Whether hydrogens of the record stay atoms.

    Returns
    -------
    rdkit.Chem.Mol
    str
        What had to be decided; empty where nothing was.

    Raises
    ------
    ChemistryError
        If it cannot be read, holds no atoms, atoms or bonds that stand for several, or single bonds only where
        its coordinates show others.
    """
    from rdkit import Chem, rdBase

    ordered, note = with_bond_orders(name, block)
    mol = _parsed(ordered, hydrogens)
    if mol is None:
        raise ChemistryError(
            name, f"is no readable SDF record{_why(block)}", "check its counts, bonds and valences"
        )
    if mol.GetNumAtoms() == 0:
        raise ChemistryError(name, "the record holds no atoms", "check the record")
    odd = next((atom for atom in mol.GetAtoms() if atom.HasQuery()), None)
    if odd is not None:
        problem = f"its atom {odd.GetIdx() + 1} stands for several elements"
        raise ChemistryError(name, problem, "write a molecule, not a query")
    with rdBase.BlockLogs():
        if flat_single_ring(Chem.RemoveHs(mol)):
            raise ChemistryError(
                name,
                "its coordinates show an aromatic ring, its bonds are single",
                "write its bond orders and hydrogens",
            )
    return mol, note


def _parsed(block: str, hydrogens: bool) -> Mol | None:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        supplier = Chem.SDMolSupplier()
        try:
            supplier.SetData(block, removeHs=not hydrogens)
            return next(iter(supplier), None)
        except (RuntimeError, ValueError, OSError):
            return None


def _why(block: str) -> str:
    """Return what RDKit finds wrong with the atoms of a block that it can read as text."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        try:
            mol = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
            problems = Chem.DetectChemistryProblems(mol) if mol is not None else ()
        except (RuntimeError, ValueError):
            return ""
    return f" ({problems[0].Message()})" if problems else ""


def _is_counts(lines: list[str], number: int) -> bool:
    """Return whether a line tells a molecule's numbers of atoms and bonds: by its version, or by the atom after it."""
    if TAGGED_COUNTS.match(lines[number]):
        return True
    after = lines[number + 1] if number + 1 < len(lines) else ""
    return bool(COUNTS.match(lines[number]) and ATOM.match(after) and not ATOM.match(lines[number]))


def _counts_just_read(lines: list[str]) -> int | None:
    """Return which line is a molecule's counts, if the last line shows it."""
    last = len(lines) - 1
    if TAGGED_COUNTS.match(lines[last]):
        found = last
    elif last and not TAGGED_COUNTS.match(lines[last - 1]) and _is_counts(lines, last - 1):
        found = last - 1
    else:
        return None
    return found


def _in_data_field(lines: list[str], counts: int) -> bool:
    """Return whether a molecule's counts follow the title of a data field, and no blank line or molecule ends that."""
    for number in range(counts - 1, -1, -1):
        if lines[number].rstrip() == MOLECULE_END:
            return False
        if FIELD.match(lines[number]):
            return True
        if number < counts - HEADER and not lines[number].strip():
            return False
    return False


def _start_of_molecule(lines: list[str], counts: int) -> int:
    """Return the first line of a molecule that follows another in the same record."""
    for number in range(counts - 1, counts - 1 - HEADER, -1):
        if lines[number].rstrip() == MOLECULE_END or lines[number].startswith(">"):
            return number + 1
    return counts - HEADER


def _end_of_molecule(lines: list[str], counts: int) -> int | None:
    """Return the line after a molecule's last; None if what follows its bonds is no part of a record."""
    if "V3000" in lines[counts]:
        return next((n + 1 for n, line in enumerate(lines) if line.rstrip() == V3000_END), None)
    end = counts + 1 + int(lines[counts][:3]) + int(lines[counts][3:6])
    while end < len(lines) and lines[end].startswith(PROPERTIES):
        end += 1
    rest = next((line for line in lines[end:] if line.strip()), ">")
    return end if end <= len(lines) and rest.startswith(">") else None
