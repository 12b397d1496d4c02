"""Libraries: a stream of entries from names, SMILES and files, each with where it stands.

Files are read lazily, a line at a time, so that their length costs no memory. What cannot be
read is an entry too, with its error in place of its structure: nothing is passed over in
silence but blank lines, comments and the header.
"""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dock.core import catalogue
from dock.core.arguments import several
from dock.core.errors import ChemistryError, DockError, LibraryError
from dock.core.keys import file_sha256
from dock.ligands.columns import (
    NAME_COLUMNS,
    SMILES_COLUMNS,
    cells,
    folded,
    found,
    names_columns,
    separator_of,
    told_separator,
)
from dock.ligands.lines import Line, file_lines
from dock.ligands.records import sdf_records

FORMATS = {
    ".smi": "smiles", ".smiles": "smiles", ".txt": "smiles", ".csv": "table", ".tsv": "table", ".sdf": "sdf", ".sd": "sdf",
}  # fmt: skip
MAX_ROW_LINES = 20  # lines that a quoted field of a table may run over


@dataclass(frozen=True)
class Entry:
    """One molecule of the input as it stands there, or why it cannot be read.

    Attributes
    ----------
    origin : str
        Where it stands: ``library.smi:12`` (line), ``library.sdf#3`` (record) or ``argument 1``. The
        folder is named too where two files have one name.
    name : str
        As given; made of the origin where there is none.
    smiles, block, catalogue_name : str, optional
        The structure: one of a SMILES, an SDF record or the name of a catalogue entry.
    error : DockError, optional
        Why there is none.
    """

    origin: str
    name: str
    smiles: str | None = None
    block: str | None = None
    catalogue_name: str | None = None
    error: DockError | None = None


@dataclass(frozen=True)
class Columns:
    """The columns of a table, or the data fields of an SDF file, that are read.

    Attributes
    ----------
    smiles : str, optional
        Column with the SMILES; found by its usual names if None.
    name : str, optional
        Column, or SDF data field, with the name; found by its usual names, and of an SDF file
        the title line if it has one, if None.
    """

    smiles: str | None = None
    name: str | None = None


class Library:
    """The molecules that a list of inputs names, read anew each time they are gone through.

    Parameters
    ----------
    inputs
        Names of the catalogue, SMILES, and .smi, .smiles, .txt, .csv, .tsv and .sdf files,
        gzipped or not; one of them, or several in a list.
    columns
        Which columns of tables are read.

    Raises
    ------
    InputError
        If a name is unknown, a SMILES cannot be read, or a file is missing, unreadable or
        without the columns. Every input is looked at before the first molecule is read.
    """

    def __init__(self, inputs: Sequence[str | Path] | str | Path, columns: Columns | None = None) -> None:
        if isinstance(inputs, str | Path):  # one alone, not its letters
            inputs = [inputs]
        self._columns = columns or Columns()
        self._read: dict[Path, int] = {}
        self._remarks: dict[Path, str] = {}
        self._inputs = [_recognise(source) for source in several(inputs)]
        for path in self.files:
            self._file_entries(path)

    @property
    def files(self) -> list[Path]:
        """The files among the inputs."""
        return [source for source in self._inputs if isinstance(source, Path)]

    @property
    def remarks(self) -> list[str]:
        """What a user should know of the files: tables whose molecules are named by their lines."""
        return list(self._remarks.values())

    def described(self) -> dict[str, Any]:
        """Return what tells the library from others, as plain values: its inputs in order, and the columns."""
        inputs = [
            {"file": source.name, "sha256": file_sha256(source)}
            if isinstance(source, Path)
            else {"text": source}
            for source in self._inputs
        ]
        return {"inputs": inputs, "smiles_column": self._columns.smiles, "name_column": self._columns.name}

    @cached_property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(path.stat().st_size for path in self.files)

    @property
    def fraction(self) -> float:
        """How much of the files has been read, from 0 to 1."""
        return min(1.0, sum(self._read.values()) / self.size) if self.size else 0.0

    def __iter__(self) -> Iterator[Entry]:
        for number, source in enumerate(self._inputs, 1):
            if isinstance(source, Path):
                yield from self._file_entries(source)
            else:
                yield _entry(f"argument {number}", source, source)

    def _file_entries(self, path: Path) -> Iterator[Entry]:
        """Open a file, which finds what is wrong with it as a whole, and return its entries."""

        def progress(position: int) -> None:
            self._read[path] = position

        lines = file_lines(path, progress)
        alone = sum(other.name == path.name for other in self.files) == 1
        label = path.name if alone else str(path)
        kind = file_format(path)
        if kind == "sdf":
            return _sdf_entries(label, lines, self._columns)
        table = _table(path, lines) if kind == "table" else _table_of_smiles(lines)
        if isinstance(table, _Table):
            return self._rows(path, label, table)
        return _smiles_entries(label, table)

    def _rows(self, path: Path, label: str, table: _Table) -> Iterator[Entry]:
        """Find the columns of a table, and return its entries."""
        titles = ", ".join(table.titles)
        smiles_at = _column(path, table.titles, self._columns.smiles, SMILES_COLUMNS)
        if not smiles_at:
            raise LibraryError(
                path, f"has no column of SMILES (its columns: {titles})", "name it: --smiles-column"
            )
        names_at = _column(path, table.titles, self._columns.name, NAME_COLUMNS)
        if not names_at:
            self._remarks[path] = (
                f"{path}: none of its columns ({titles}) is known to hold names, so that its molecules are named by their "
                "lines; name one: --name-column"
            )
        return _table_entries(label, table, smiles_at[0], names_at)


def file_format(path: Path) -> str | None:
    """Return ``smiles``, ``table`` or ``sdf`` by a file's suffix, with or without ``.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return FORMATS.get(suffixes[-1]) if suffixes else None


def _readable_file(path: Path) -> Path:
    if not _exists(str(path)):
        raise LibraryError(path, "is not there", "check the path")
    if not path.is_file():
        raise LibraryError(path, "is no file", "name the files themselves")
    if file_format(path) is None:
        known = ", ".join(FORMATS)
        raise LibraryError(path, "is of no known format", f"known: {known}, each with or without .gz")
    return path


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long, or with a null character
        return False


def _recognise(source: str | Path) -> str | Path:
    """Return the path of a file, or the text of a name or SMILES; refuse what is neither."""
    from dock.ligands import stereo

    text = str(source)
    if isinstance(source, Path) or file_format(Path(text)):
        return _readable_file(Path(text))
    if catalogue.find_ligand(text):
        return text
    if stereo.looks_like_name(text) and not _exists(text):
        catalogue.ligand(text)  # which says what is known
    try:
        stereo.parse_smiles(text, text)
    except ChemistryError:
        if _exists(text):
            return _readable_file(Path(text))
        raise
    return text


def _entry(origin: str, name: str, structure: str) -> Entry:
    """Return the entry of a SMILES, or of a name of the catalogue in the place of one."""
    if catalogue.find_ligand(structure):
        if name != structure and _is_smiles(name):
            problem = f"has the name {structure} where its SMILES should stand, and a SMILES for a name"
            return Entry(origin, structure, error=LibraryError(origin, problem, "write the SMILES first"))
        return Entry(origin, name or structure, catalogue_name=structure)
    return Entry(origin, name or origin, smiles=structure)


def _is_smiles(text: str) -> bool:
    from dock.ligands import stereo

    try:
        return bool(stereo.parse_smiles(text, text).GetNumAtoms() > 1)
    except ChemistryError:
        return False


def _damaged(origin: str, line: Line) -> Entry:
    return Entry(origin, origin, error=LibraryError(origin, line.problem, line.advice))


@dataclass(frozen=True)
class _Table:
    """A table whose header was read: its titles, what separates its cells, and the lines that follow."""

    titles: list[str]
    separator: str
    rows: Iterator[Line]


def _table(path: Path, lines: Iterable[Line]) -> _Table:
    """Read the header of a table, by the separator that the first line may tell."""
    rows = iter(lines)
    written = (line for line in rows if line.problem or line.text.strip())
    header = next(written, None)
    told = "" if header is None else told_separator(header.text)
    if told:
        header = next(written, None)
    if header is None:
        raise LibraryError(path, "is empty", "its first line has to name the columns")
    if header.problem:
        raise LibraryError(path, header.problem, header.advice)
    tabbed = path.name.lower().removesuffix(".gz").endswith(".tsv")
    return _headed(header, told or ("\t" if tabbed else separator_of(header.text)), rows)


def _headed(header: Line, separator: str, rows: Iterator[Line]) -> _Table:
    titles = [title.strip() for title in cells(header.text, separator) or []]
    return _Table(titles, separator, rows)


def _table_of_smiles(lines: Iterable[Line]) -> _Table | Iterator[Line]:
    """Return the lines of a SMILES file, or the table that it is if its first line names columns."""
    rows = (line for line in lines if line.problem or not re.match(r"\s*(#|$)", line.text))
    first = next(rows, None)
    told = "" if first is None else told_separator(first.text)
    if told:
        first = next(rows, None)
    if first is None:
        return iter(())
    if names_columns(first.text, told):
        return _headed(first, told or separator_of(first.text), rows)
    if folded(_split_smiles(first.text)[0]) in SMILES_COLUMNS:
        return rows
    return itertools.chain([first], rows)


def _smiles_entries(label: str, lines: Iterable[Line]) -> Iterator[Entry]:
    """Yield a SMILES file's entries: the SMILES, then white space, then the name."""
    for line in lines:
        origin = f"{label}:{line.number}"
        if line.problem:
            yield _damaged(origin, line)
        else:
            smiles, name = _split_smiles(line.text)
            yield _entry(origin, name, smiles)


def _split_smiles(text: str) -> tuple[str, str]:
    """Return SMILES and name of a line; a CXSMILES extension stays with the SMILES.

    The SMILES ends at white space, or at a comma or semicolon, which no SMILES holds, or with the quotation mark that
    it may begin with. A name may hold spaces; it ends at the next tab, or at the next of such commas.
    """
    text = text.strip()
    quoted = re.match(r'"((?:[^"]|"")+)"', text)
    end = quoted or re.match(r"[^\s,;]*", text)
    smiles = quoted.group(1).replace('""', '"').strip() if quoted else end.group()  # type: ignore[union-attr]
    rest = text[end.end() :]  # type: ignore[union-attr]
    extension = re.match(r"[\s,;]\s*\|([^|]*)\|", rest)
    if extension:
        smiles, rest = f"{smiles} |{extension.group(1)}|", rest[extension.end() :]
    separator, blank = re.match(r"\s*([,;]?)(\s?)", rest).groups()  # type: ignore[union-attr]
    rest = rest.strip().removeprefix(separator).strip()
    if (separator and not blank) or quoted:
        named = cells(rest, separator if separator and not blank else "\t")
    else:
        named = rest.split("\t")
    return smiles, named[0].strip() if named else rest


def _table_entries(label: str, table: _Table, smiles_at: int, names_at: Sequence[int]) -> Iterator[Entry]:
    """Yield a table's entries; the name is in the first of its columns that is not empty."""
    waiting: deque[Line] = deque()
    while (line := waiting.popleft() if waiting else next(table.rows, None)) is not None:
        origin = f"{label}:{line.number}"
        if line.problem:
            yield _damaged(origin, line)
            continue
        if not line.text.strip():
            continue
        row = cells(line.text, table.separator)
        if row is None:
            row = _run_on(line.text, table.separator, waiting, table.rows)
        if row is None:
            error = LibraryError(origin, "has a quotation mark that is never closed", "close it")
            yield Entry(origin, origin, error=error)
            continue
        width = len(table.titles)
        if any(cell.strip() for cell in row[width:]):
            if names_at[:1] != [width - 1]:
                problem = f"has {len(row)} columns, the header {width}"
                advice = "put what holds a separator into quotation marks"
                yield Entry(origin, origin, error=LibraryError(origin, problem, advice))
                continue
            row[width - 1 :] = [table.separator.join(row[width - 1 :])]  # a name that nobody quoted
        name = next((row[at].strip() for at in names_at if at < len(row) and row[at].strip()), "")
        if smiles_at >= len(row):
            problem = f"has {len(row)} columns, the SMILES is in column {smiles_at + 1}"
            yield Entry(origin, name or origin, error=LibraryError(origin, problem, "check its separators"))
            continue
        yield _entry(origin, name, row[smiles_at].strip())


def _run_on(text: str, separator: str, waiting: deque[Line], source: Iterator[Line]) -> list[str] | None:
    """Return the cells of a row that runs over several lines; lines that are no part of it wait."""
    looked_at: list[Line] = []
    while len(looked_at) < MAX_ROW_LINES:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            break
        looked_at.append(line)
        if line.problem:
            break
        text = f"{text}\n{line.text}"
        row = cells(text, separator)
        if row is not None:
            return row
    waiting.extendleft(reversed(looked_at))
    return None


def _column(path: Path, titles: list[str], wanted: str | None, usual: tuple[str, ...]) -> list[int]:
    """Return where columns of a kind are, the one to be read first; refuse one that was asked for and is not there."""
    if wanted is None:
        return found(titles, usual)
    if wanted in titles:
        return [titles.index(wanted)]
    plain = [title.casefold() for title in titles]
    if wanted.strip().casefold() in plain:
        return [plain.index(wanted.strip().casefold())]
    raise LibraryError(path, f"has no column '{wanted}'", f"its columns: {', '.join(titles)}")


def _sdf_entries(label: str, lines: Iterable[Line], columns: Columns) -> Iterator[Entry]:
    """Yield the records of an SDF file, numbered from 1."""
    for record in sdf_records(lines):
        origin = f"{label}#{record.number}"
        if columns.name:
            name = _data_fields(record.lines).get(columns.name.casefold(), "")
        else:
            name = record.title or _name_among(_data_fields(record.lines))
        if record.problem:
            error = LibraryError(origin, record.problem, "check the record")
            yield Entry(origin, name or origin, error=error)
        else:
            yield Entry(origin, name or origin, block=record.block)


def _data_fields(record: Iterable[str]) -> dict[str, str]:
    """Return the first line of each data field of an SDF record."""
    fields: dict[str, str] = {}
    for header, value in itertools.pairwise(record):
        tag = re.match(r">.*?<([^>]+)>", header)
        if tag:
            fields.setdefault(tag.group(1).casefold(), value.strip())
    return fields


def _name_among(fields: Mapping[str, str]) -> str:
    """Return the name that data fields hold under its usual titles, or nothing."""
    titles = list(fields)
    values = (fields[titles[at]] for at in found(titles, NAME_COLUMNS))
    return next((value for value in values if value), "")
