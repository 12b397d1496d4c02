"""A part of a file of ligands, read: which ligands its lines stand for."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from dock.core import catalogue
from dock.core.errors import ChangedError, DockError, TaskError
from dock.core.keys import content_key
from dock.core.records import Record
from dock.ligands import axes
from dock.ligands.library import Columns, Entry, Library
from dock.ligands.ligand import Provenance
from dock.ligands.names import safe_name
from dock.ligands.states import PreparationSettings, states
from dock.steps.ligand import LigandState
from dock.workflow.step import Context, Resources, Step

LOG = logging.getLogger(__name__)
LENGTH = 100  # entries of a part


class NamedState(Record):
    """A ligand of a library all but for its coordinates, or why there is none; its name may be another's, too."""

    name: str
    provenance: Provenance
    state: LigandState


class LibraryResult(Record):
    """What the lines stand for."""

    ligands: tuple[NamedState, ...]


class ReadLibrary(Step[LibraryResult]):
    """Makes the chemistry of a part of a file: protomers, and the isomers of each.

    A line that cannot be read or prepared is a ligand, too, which fails and is counted.

    Attributes
    ----------
    file : str
    columns : Columns
    first, last : int
        Entries, from 1; `last` is the last.
    content : str
        Hash of these entries.
    preparation : PreparationSettings
    """

    kind: ClassVar = "library"
    revision: ClassVar = 3
    result_type: ClassVar = LibraryResult
    unkeyed: ClassVar = frozenset({"file", "columns", "first", "last"})
    expands: ClassVar = True

    file: str
    columns: Columns
    first: int
    last: int
    content: str
    preparation: PreparationSettings

    @classmethod
    def parts(cls, file: Path, columns: Columns, preparation: PreparationSettings) -> Iterator[ReadLibrary]:
        """Plan the reading of a file, part by part.

        Raises
        ------
        InputError
            If it is missing or unreadable as a whole.
        """
        library = Library([file], columns)
        for remark in library.remarks:
            LOG.warning(remark)
        entries, first = iter(library), 1
        while part := list(islice(entries, LENGTH)):
            yield cls(
                file=str(file),
                columns=columns,
                first=first,
                last=first + len(part) - 1,
                content=_content(part),
                preparation=preparation,
            )
            first += len(part)

    @property
    def label(self) -> str:
        """What people call it."""
        return f"read {Path(self.file).name}, entries {self.first} to {self.last}"

    @property
    def resources(self) -> Resources:
        """By the number of entries."""
        return Resources(cost=0.1 * (self.last - self.first + 1))

    def run(self, context: Context) -> LibraryResult:
        """Read it."""
        library = Library([Path(self.file)], self.columns)
        part = list(islice(library, self.first - 1, self.last))
        if _content(part) != self.content:
            raise ChangedError(self.file, "was changed after it had been read", "run the command again")
        ligands = list[NamedState]()
        for number, entry in enumerate(part, start=1):
            ligands += _named_states(entry, self.preparation)
            context.progress(number / len(part))
        return LibraryResult(ligands=tuple(ligands))


def _content(entries: Iterable[Entry]) -> str:
    return content_key(
        [
            [entry.origin, entry.name, entry.smiles, entry.block, _catalogued(entry), str(entry.error)]
            for entry in entries
        ]
    )


def _catalogued(entry: Entry) -> list[Any]:
    """Return what the catalogue says of the ligand that an entry names: of it, of what it is an isomer of, of its isomers."""
    known = catalogue.find_ligand(entry.catalogue_name or "")
    if known is None:
        return []
    parent = [catalogue.ligand(known.isomer_of)] if known.isomer_of else []
    return [each.model_dump(mode="json") for each in (known, *parent, *catalogue.isomers_of(known.name))]


def _named_states(entry: Entry, preparation: PreparationSettings) -> list[NamedState]:
    """Return the states that an entry stands for, or one that holds its error."""
    try:
        made = states(entry, preparation)
    except DockError as error:
        return [_refused(entry, error)]
    except Exception as error:  # what the code did not foresee must not stop the other lines
        return [_refused(entry, TaskError(entry.name, f"{type(error).__name__}: {error}"))]
    return [
        NamedState(
            name=state.name,
            provenance=state.provenance,
            state=LigandState(
                smiles=axes.ordered_smiles(state.mol),
                source=state.source,
                measured=state.measured,
                ring_conformers=preparation.ring_conformers,
            ),
        )
        for state in made
    ]


def _refused(entry: Entry, error: DockError) -> NamedState:
    return NamedState(
        name=safe_name(entry.name),
        provenance=Provenance(input_name=" ".join(entry.name.split()), origin=entry.origin),
        state=LigandState(error=(type(error).__name__, error.subject, error.problem, error.advice)),
    )
