"""What a prepared library is written to: ligands as SDF, one table of them, one of the failures."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from dock.core.errors import OutputError
from dock.core.files import atomic_path, output_file

if TYPE_CHECKING:
    from dock.core.workers import Outcome
    from dock.ligands.library import Entry
    from dock.ligands.ligand import Ligand

    Prepared = Outcome[Entry, tuple[Ligand, ...]]

LIGAND_COLUMNS = (
    "name", "input_name", "origin", "smiles", "cip", "charge", "share", "stripped", "tautomer", "conformers",
    "impossible_isomers", "notes", "constitution", "source", "measured",
)  # fmt: skip
FAILURE_COLUMNS = ("origin", "name", "reason", "problem", "message")
SUFFIXES = (".sdf", ".sdf.gz")


@dataclass
class Counts:
    """How many lines were read, and what became of them: read = prepared + failed."""

    read: int = 0
    prepared: int = 0
    failed: int = 0
    ligands: int = 0
    conformers: int = 0
    impossible_isomers: int = 0
    stripped: int = 0
    noted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Prepared) -> None:
        """Take in what became of a line."""
        self.read += 1
        if outcome.result is None:
            self.failed += 1
            self.reasons[type(outcome.error).__name__] += 1
            return
        self.prepared += 1
        self.ligands += len(outcome.result)
        self.conformers += sum(ligand.mol.GetNumConformers() for ligand in outcome.result)
        provenance = outcome.result[0].provenance
        self.impossible_isomers += provenance.impossible_isomers
        self.stripped += bool(provenance.stripped)
        self.noted += bool(provenance.notes)


@dataclass(frozen=True)
class OutputPaths:
    """The files that a library is written to."""

    ligands: Path
    table: Path
    failures: Path


def output_paths(path: Path, inputs: Sequence[Path] = ()) -> OutputPaths:
    """Return where a library is written to: ``OUT.sdf``, ``OUT.csv`` and ``OUT.failures.csv``.

    Raises
    ------
    OutputError
        If the path does not end in .sdf or .sdf.gz, cannot be written to, or if one of the three would
        replace an input.
    """
    suffix = next((suffix for suffix in reversed(SUFFIXES) if path.name.lower().endswith(suffix)), None)
    if suffix is None or len(path.name) == len(suffix):
        raise OutputError(path, "does not end in .sdf or .sdf.gz", "name such a file with -o")
    stem = path.name[: -len(suffix)]
    paths = OutputPaths(path, path.with_name(f"{stem}.csv"), path.with_name(f"{stem}.failures.csv"))
    for file in (paths.ligands, paths.table, paths.failures):
        output_file(file)
        if any(file.exists() and file.samefile(given) for given in inputs):
            raise OutputError(file, "is one of the inputs and would be replaced", "name another file with -o")
    return paths


def write_library(
    outcomes: Iterable[Prepared], paths: OutputPaths, watch: Callable[[Prepared, Counts], None]
) -> Counts:
    """Write the ligands and failures of a library as they come; the files appear when all are written.

    Parameters
    ----------
    watch
        Told of every line, with the counts so far.
    """
    counts = Counts()
    with ExitStack() as stack:
        ligands = stack.enter_context(_text_file(paths.ligands))
        table = _table(stack.enter_context(_text_file(paths.table)), LIGAND_COLUMNS)
        failures = _table(stack.enter_context(_text_file(paths.failures)), FAILURE_COLUMNS)
        for outcome in outcomes:
            counts.add(outcome)
            for ligand in outcome.result or ():
                ligands.writelines(ligand.sdf_records())
                table.writerow(_row(ligand))
            if outcome.error is not None:
                entry = outcome.item
                error = outcome.error
                row = (entry.origin, entry.name, type(error).__name__, error.problem, str(error))
                failures.writerow(dict(zip(FAILURE_COLUMNS, row, strict=True)))
            watch(outcome, counts)
    return counts


def _row(ligand: Ligand) -> dict[str, Any]:
    record = ligand.record()
    return {
        name: " ".join(value) if isinstance(value := record[name], list) else value for name in LIGAND_COLUMNS
    }


def _table(file: IO[str], columns: tuple[str, ...]) -> csv.DictWriter[str]:
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    return writer


@contextmanager
def _text_file(path: Path) -> Iterator[IO[str]]:
    """Yield a file to write text to, zipped if its name says so, that appears when all went well."""
    with atomic_path(path) as temporary, temporary.open("wb") as raw, ExitStack() as stack:
        target: IO[bytes] = raw
        if path.suffix.lower() == ".gz":  # no time stamp: the same ligands give the same bytes
            target = stack.enter_context(cast("IO[bytes]", gzip.GzipFile("", "wb", fileobj=raw, mtime=0)))
        text = io.TextIOWrapper(target, encoding="utf-8", errors="backslashreplace", newline="")
        stack.callback(text.detach)
        stack.callback(text.flush)
        yield text
