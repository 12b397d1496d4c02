"""Screening: a stream of ligands, each prepared, docked into one site and checked by worker processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from dock.core.errors import DockError
from dock.core.units import Quantity
from dock.core.workers import Outcome, in_order
from dock.docking.checks import forget_ensembles
from dock.docking.search import Search, search_site
from dock.docking.settings import DockingSettings
from dock.ligands import Ligand
from dock.ligands.states import PreparationSettings, prepare_library

if TYPE_CHECKING:
    from dock.ligands.library import Entry
    from dock.receptors import Receptor

SCREENING = DockingSettings(seeds=(1,), ring_conformers=1, keep=1, time_limit=Quantity("10 min"))


KNOWN = 0


@dataclass(frozen=True)
class Job:
    """A ligand to be docked, or an entry of the library that gave none.

    Attributes
    ----------
    entry : int
        Its place in the library, from 1; `KNOWN` for the site's known ligand, which is redocked.
    last : bool
        Whether it is the last of its entry.
    origin, name : str
        Where the entry stands, and what it is called there.
    ligand : Ligand, optional
    error : DockError, optional
        Why there is no ligand.
    """

    entry: int
    last: bool
    origin: str
    name: str
    ligand: Ligand | None = None
    error: DockError | None = None


@dataclass(frozen=True)
class Screener:
    """Docking into one site, as worker processes take it.

    Attributes
    ----------
    receptor : Path
        Folder of a prepared receptor; a process reads it once.
    site : str
    settings : DockingSettings
    """

    receptor: Path
    site: str
    settings: DockingSettings

    def __call__(self, job: Job) -> Search:
        """Return a ligand's search: of the known ligand whole, of others with the poses kept alone.

        Raises
        ------
        DockError
            If there is no ligand, or it cannot be docked.
        """
        if job.ligand is None:
            raise job.error or DockError(job.name, "holds no ligand")
        receptor = _receptor(self.receptor)
        try:
            search = search_site(receptor, job.ligand, receptor.site(self.site), self.settings)
            return search if job.entry == KNOWN else replace(search, found={})
        finally:
            forget_ensembles()


def screen(
    entries: Iterable[tuple[int, Entry]],
    screener: Screener,
    preparation: PreparationSettings | None = None,
    workers: int | None = None,
    used: dict[int, int] | None = None,
    known: Ligand | None = None,
) -> Generator[Outcome[Job, Search]]:
    """Yield the search for each ligand of a library, or why there is none, in the library's order.

    Memory is bounded whatever the library's length. The results do not depend on the number of
    workers. A ligand whose worker dies or exceeds the time limit is lost alone.

    Parameters
    ----------
    entries
        Each with its place in the library, from 1.
    workers
        Worker processes that dock; one for each core if None. One more prepares ligands.
    used
        Names that are taken, as of `dock.ligands.names.unique_name`.
    known
        The site's known ligand: it is docked first.
    """
    jobs = _jobs(entries, preparation or PreparationSettings(), used)
    if known is not None:
        jobs = chain([Job(KNOWN, True, "known ligand", known.name, known)], jobs)
    limit = screener.settings.time_limit.value_in("s")
    return in_order(
        screener,
        jobs,
        lambda job: job.ligand.name if job.ligand else job.name,
        workers,
        limit,
        slow_source=True,
    )


def _jobs(
    entries: Iterable[tuple[int, Entry]], preparation: PreparationSettings, used: dict[int, int] | None
) -> Iterator[Job]:
    numbers = deque[int]()

    def library() -> Iterator[Entry]:
        for number, entry in entries:
            numbers.append(number)
            yield entry

    for outcome in prepare_library(library(), preparation, workers=1, used=used):
        number = numbers.popleft()
        origin, name = outcome.item.origin, outcome.item.name
        if outcome.result is None:
            yield Job(number, True, origin, name, error=outcome.error)
            continue
        for place, ligand in enumerate(outcome.result, start=1):
            yield Job(number, place == len(outcome.result), origin, name, ligand)


@lru_cache(maxsize=1)
def _receptor(folder: Path) -> Receptor:
    from dock.receptors import Receptor

    return Receptor.from_folder(folder)
