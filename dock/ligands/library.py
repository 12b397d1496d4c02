"""Libraries: a stream of entries from names, SMILES and files, each with where it stands.

Files are read lazily, a line at a time, so that their length costs no memory. What cannot be
read is an entry too, with its error in place of its structure: nothing is passed over in
silence but blank lines, comments and the header.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dock.core import catalogue
from dock.core.arguments import several
from dock.core.errors import ChemistryError, DockError, LibraryError
from dock.core.keys import file_sha256
from dock.ligands.lines import Line, file_lines
from dock.ligands.records import sdf_records

FORMATS = {
    ".smi": "smiles", ".smiles": "smiles", ".txt": "smiles", ".csv": "table", ".tsv": "table", ".sdf": "sdf", ".sd": "sdf",
}  # fmt: skip
SMILES_COLUMNS = ("smiles", "canonical_smiles", "isomeric_smiles", "smi", "structure")
NAME_COLUMNS = ("name", "id", "title", "compound", "compound_name", "molecule", "ligand")
SEPARATORS = ",;\t"
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
        the title line, if None.
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
        self._inputs = [_recognise(source) for source in several(inputs)]
        for path in self.files:
            self._file_entries(path)

    @property
    def files(self) -> list[Path]:
        """The files among the inputs."""
        return [source for source in self._inputs if isinstance(source, Path)]

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
        if kind == "smiles":
            return _smiles_entries(label, lines)
        if kind == "table":
            return _table_entries(path, label, lines, self._columns)
        return _sdf_entries(label, lines, self._columns)


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
        return Entry(origin, name or structure, catalogue_name=structure)
    return Entry(origin, name or origin, smiles=structure)


def _damaged(origin: str, line: Line) -> Entry:
    return Entry(origin, origin, error=LibraryError(origin, line.problem, line.advice))


def _smiles_entries(label: str, lines: Iterable[Line]) -> Iterator[Entry]:
    """Yield a SMILES file's entries: the SMILES, then white space, then the name."""
    first = True
    for line in lines:
        origin = f"{label}:{line.number}"
        if line.problem:
            yield _damaged(origin, line)
            continue
        text = line.text.strip()
        if not text or text.startswith("#"):
            continue
        smiles, name = _split_smiles(text)
        if first and smiles.lower() in SMILES_COLUMNS:
            first = False
            continue
        first = False
        yield _entry(origin, name, smiles)


def _split_smiles(text: str) -> tuple[str, str]:
    """Return SMILES and name of a line; a CXSMILES extension stays with the SMILES.

    The SMILES ends at white space, or at a comma or semicolon, which no SMILES holds. A name may hold spaces; it
    ends at the next tab, or at the next of such commas.
    """
    end = re.search(r"[\s,;]", text)
    if end is None:
        return text, ""
    smiles, separator, rest = text[: end.start()], end.group(), text[end.end() :]
    if separator in ",;" and rest[:1].isspace():
        separator = "\t"
    rest = rest.strip()
    if rest.startswith("|") and "|" in rest[1:]:
        extension, _, rest = rest[1:].partition("|")
        smiles = f"{smiles} |{extension}|"
    cells = _cells(rest.strip(), separator) if separator in ",;" else rest.split("\t")
    return smiles, cells[0].strip() if cells else rest.strip()


def _table_entries(path: Path, label: str, lines: Iterable[Line], columns: Columns) -> Iterator[Entry]:
    """Yield a table's entries; the header is read at once."""
    rows = iter(lines)
    header = next((line for line in rows if line.problem or line.text.strip()), None)
    told = "" if header is None else _told_separator(header.text)
    if told:
        header = next((line for line in rows if line.problem or line.text.strip()), None)
    if header is None:
        raise LibraryError(path, "is empty", "its first line has to name the columns")
    if header.problem:
        raise LibraryError(path, header.problem, header.advice)
    separator = told or (
        "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else _separator(header.text)
    )
    titles = [title.strip() for title in _cells(header.text, separator) or []]
    smiles_at = _column(path, titles, columns.smiles, SMILES_COLUMNS)
    if smiles_at is None:
        found = ", ".join(titles)
        raise LibraryError(
            path, f"has no column of SMILES (its columns: {found})", "name it: --smiles-column"
        )
    name_at = _column(path, titles, columns.name, NAME_COLUMNS)
    return _rows(label, rows, separator, smiles_at, name_at)


def _rows(
    label: str, lines: Iterable[Line], separator: str, smiles_at: int, name_at: int | None
) -> Iterator[Entry]:
    waiting: deque[Line] = deque()
    source = iter(lines)
    while (line := waiting.popleft() if waiting else next(source, None)) is not None:
        origin = f"{label}:{line.number}"
        if line.problem:
            yield _damaged(origin, line)
            continue
        if not line.text.strip():
            continue
        cells = _cells(line.text, separator)
        if cells is None:
            cells = _run_on(line.text, separator, waiting, source)
        if cells is None:
            error = LibraryError(origin, "has a quotation mark that is never closed", "close it")
            yield Entry(origin, origin, error=error)
            continue
        name = cells[name_at].strip() if name_at is not None and name_at < len(cells) else ""
        if smiles_at >= len(cells):
            problem = f"has {len(cells)} columns, the SMILES is in column {smiles_at + 1}"
            yield Entry(origin, name or origin, error=LibraryError(origin, problem, "check its separators"))
            continue
        yield _entry(origin, name, cells[smiles_at].strip())


def _cells(text: str, separator: str) -> list[str] | None:
    """Return the cells of a row, or None if a quotation mark is left open."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        pass
    if text.count('"') % 2 or "\n" in text:  # over several lines only what is quoted runs on
        return None
    return next(csv.reader([text], delimiter=separator, quoting=csv.QUOTE_NONE), [])


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
        cells = _cells(text, separator)
        if cells is not None:
            return cells
    waiting.extendleft(reversed(looked_at))
    return None


def _told_separator(line: str) -> str:
    """Return the separator that a first line such as Excel's ``sep=;`` tells, or nothing."""
    match = re.fullmatch(r'"?sep=(.)"?[,;\t]*', line.strip(" "), re.IGNORECASE)
    return match.group(1) if match else ""


def _separator(header: str) -> str:
    return max(SEPARATORS, key=header.count)


def _column(path: Path, titles: list[str], wanted: str | None, usual: tuple[str, ...]) -> int | None:
    """Return where a column is; refuse one that was asked for and is not there."""
    folded = [title.casefold() for title in titles]
    if wanted is not None:
        if wanted in titles:
            return titles.index(wanted)
        if wanted.strip().casefold() in folded:
            return folded.index(wanted.strip().casefold())
        raise LibraryError(path, f"has no column '{wanted}'", f"its columns: {', '.join(titles)}")
    return next((folded.index(name) for name in usual if name in folded), None)


def _sdf_entries(label: str, lines: Iterable[Line], columns: Columns) -> Iterator[Entry]:
    """Yield the records of an SDF file, numbered from 1."""
    for record in sdf_records(lines):
        origin = f"{label}#{record.number}"
        name = _data_field(record.lines, columns.name) if columns.name else record.title
        if record.problem:
            error = LibraryError(origin, record.problem, "check the record")
            yield Entry(origin, name or origin, error=error)
        else:
            yield Entry(origin, name or origin, block=record.block)


def _data_field(record: list[str], wanted: str) -> str:
    """Return the first line of a data field of an SDF record."""
    tag = f"<{wanted.casefold()}>"
    for header, value in itertools.pairwise(record):
        if header.startswith(">") and tag in header.casefold():
            return value.strip()
    return ""
