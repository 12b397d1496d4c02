"""The screen: a library docked into one site, in a folder that knows what is done."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from dock.campaign.campaign import LOCK as CAMPAIGN_LOCK
from dock.campaign.campaign import SCREEN_LOCK
from dock.core.errors import (
    GateError,
    LibraryError,
    MissingDependencyError,
    OutputError,
    StructureError,
)
from dock.core.files import alone_in, atomic_path, output_folder, writable_cache, write_text
from dock.core.records import software_versions
from dock.docking.redocking import COLUMNS, known_ligand, off_by, redocking_gate
from dock.docking.screening import Screener, screen
from dock.ligands.names import unique_name
from dock.ligands.states import PreparationSettings
from dock.steps.dock import Dock
from dock.steps.ligand import PrepareLigand

if TYPE_CHECKING:
    from dock.core.workers import Outcome
    from dock.docking.pose import Pose
    from dock.docking.screening import Job
    from dock.docking.search import Search
    from dock.docking.settings import DockingSettings
    from dock.ligands import Ligand
    from dock.ligands.library import Library
    from dock.receptors import Receptor

DATABASE, RECEPTOR = "screen.sqlite", "receptors"
SCHEMA = """
create table if not exists ligands (
    entry integer, ligand text, name text, origin text, reason text, message text);
create table if not exists poses (entry integer, ligand text, valid integer, merit real, record text, sdf text);
create table if not exists gate (record text);
create table if not exists searches (entry integer, record text);
create index if not exists of_entry on ligands (entry);
create index if not exists of_pose on poses (entry);
"""
FAILURES = ("ligand", "name", "origin", "reason", "message")
POSES = ("ligand", "input_name", "origin", "merit", "places")
SEARCHES = ("ligand", "input_name", "origin")
# What another machine, another day or more time may mend: tried again by the next call.
TRANSIENT = ("WorkerError", "EmbeddingError")
# What no ligand can survive.
FATAL = (MissingDependencyError, StructureError)


@dataclass
class Counts:
    """What became of the ligands of the entries done, of how many entries in all.

    `unphysical` are the docked ones of which no pose passes the physical checks; `outcomes` say of each engine
    how many of its searches failed (`dock.docking.search.Search.outcomes`).
    """

    total: int = 0
    entries: int = 0
    docked: int = 0
    failed: int = 0
    unphysical: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, reason: str, valid: bool) -> None:
        """Count a ligand, or an entry without one; the reason is empty if it was docked."""
        self.docked += not reason
        self.failed += bool(reason)
        self.unphysical += not reason and not valid
        if reason:
            self.reasons[reason] += 1

    def add_searches(self, outcomes: Iterable[Mapping[str, Any]]) -> None:
        """Count searches, by engine."""
        for row in outcomes:
            counted = self.outcomes.setdefault(
                row["engine"], {"engine": row["engine"], "searches": 0, "failed": 0}
            )
            counted["searches"] += row["searches"]
            counted["failed"] += row["failed"]
            if row["failed"]:
                counted.setdefault("first_failure", row["first_failure"])


class Screen:
    """A library docked into one site of a receptor.

    An entry of the library is written down when all its ligands are docked or have failed, in one
    transaction of a database; the same call goes on with the next. When the library is through, poses and
    tables are written.

    Parameters
    ----------
    folder
        Where everything is written.
    receptor
    site
        Its name, or a synonym.
    settings : DockingSettings
    preparation : PreparationSettings
    """

    def __init__(
        self,
        folder: Path,
        receptor: Receptor,
        site: str,
        settings: DockingSettings,
        preparation: PreparationSettings,
    ) -> None:
        self.folder = folder
        self.receptor = receptor
        self.site = receptor.site(site).name
        self.settings = settings
        self.preparation = preparation
        self.counts = Counts()

    def run(
        self,
        library: Library,
        workers: int | None = None,
        accept_failed_gate: bool = False,
        watch: Callable[[Outcome[Job, Search], Counts], None] = lambda *_: None,
    ) -> Counts:
        """Dock what is left of a library, and write poses and tables.

        Parameters
        ----------
        workers
            Worker processes that dock; one for each core if None. They change no result.
        accept_failed_gate
            Whether to go on although the site's known pose is not found again; it is written down.
        watch
            Told of every ligand, with the counts so far.

        Raises
        ------
        OutputError
            If the folder cannot be written to, is at work, or holds something else.
        LibraryError
            If the library is empty.
        GateError
            If the site's known pose is not found again.
        """
        output_folder(self.folder)
        writable_cache()
        with alone_in(self.folder):
            accepted = self._lock(library, accept_failed_gate)
            with closing(self._database()) as database:
                total = sum(1 for _ in library)
                if not total:
                    raise LibraryError("library", "holds no molecules", "check the files")
                known = self._known(database, accepted)
                done, used = self._done(database, total)
                screener = Screener(self.folder / RECEPTOR, self.site, self.settings)
                left = ((number, entry) for number, entry in enumerate(library, 1) if number not in done)
                with closing(screen(left, screener, self.preparation, workers, used, known)) as outcomes:
                    if known is not None:
                        self._judge(database, next(outcomes), accepted)
                    for entry in _by_entry(outcomes, watch, self.counts):
                        with database:
                            for outcome in entry:
                                _record(database, outcome)
                self._export(database)
        return self.counts

    def _database(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.folder / DATABASE)
        try:
            database.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            database.close()
            raise OutputError(
                self.folder / DATABASE, f"is damaged ({error})", "name another folder with -o"
            ) from error
        return database

    def _lock(self, library: Library, accept_failed_gate: bool) -> bool:
        """Write what this screen is, and return whether a failed gate is accepted, now or before.

        A folder that holds another screen, or a campaign, is refused.
        """
        now = {
            "library": library.described(),
            "receptor": {"name": self.receptor.name, "key": self.receptor.key},
            "site": self.receptor.site(self.site).to_entry(),
            "docking": self.settings.model_dump(mode="json", exclude={"time_limit"}),
            "preparation": self.preparation.model_dump(mode="json"),
            "versions": software_versions(),
            "revisions": {kind.kind: kind.revision for kind in (PrepareLigand, Dock)},
        }
        path = self.folder / SCREEN_LOCK
        before: Any = {}
        if (self.folder / CAMPAIGN_LOCK).exists():
            raise OutputError(self.folder, "holds a campaign", "name another folder with -o")
        if path.exists():
            before = _read_lock(path)
            other = [name for name in now if before.get(name) != now[name]]
            if other:
                raise OutputError(
                    self.folder,
                    f"holds a screen with other {', '.join(other)}",
                    "name another folder with -o",
                )
        else:
            self.receptor.save(output_folder(self.folder / RECEPTOR))
        accepted = accept_failed_gate or bool(before.get("accept_failed_gate"))
        lock = now | {"accept_failed_gate": accepted}
        write_text(path, yaml.safe_dump(lock, sort_keys=False, allow_unicode=True))
        return accepted

    def _known(self, database: sqlite3.Connection, accepted: bool) -> Ligand | None:
        """Return the site's known ligand where it is still to be redocked, as the library is docked.

        Raises
        ------
        GateError
            If that was done before, and failed.
        """
        if self.site not in self.receptor.references:
            return None
        rows = [json.loads(text) for (text,) in database.execute("select record from gate")]
        if not rows:
            return known_ligand(self.receptor, self.site)
        self._require(rows, accepted)
        return None

    def _judge(self, database: sqlite3.Connection, redocked: Outcome[Job, Search], accepted: bool) -> None:
        """Hold the redocked ligand against the known pose, and write the verdict down."""
        if isinstance(redocked.error, FATAL):
            raise redocked.error
        if redocked.result is None:
            lost = {"site": self.site, "ligand": redocked.item.name, "checks": str(redocked.error)}
            rows = [dict.fromkeys(COLUMNS) | lost | {"passed": False}]
            if type(redocked.error).__name__ in TRANSIENT:  # not for good
                return self._require(rows, accepted)
        else:
            reference = self.receptor.references[self.site]
            rows = redocking_gate(self.receptor, redocked.result, reference).records()
            self.counts.add_searches(redocked.result.outcomes())
        with database:
            _record_searches(database, redocked)
            database.executemany("insert into gate values (?)", [(json.dumps(row),) for row in rows])
        return self._require(rows, accepted)

    def _require(self, rows: Sequence[Mapping[str, Any]], accepted: bool) -> None:
        _write_table(self.folder / "tables" / "gate.csv", rows)
        if not accepted and not all(row["passed"] for row in rows):
            raise GateError(
                f"{rows[0]['ligand']} in {self.site}",
                f"the known pose was not found again ({off_by(rows)})",
                "results would mean little; to go on all the same add --accept-failed-gate",
            )

    def _done(self, database: sqlite3.Connection, total: int) -> tuple[set[int], dict[int, int]]:
        """Return which entries are done, and the names that are taken; count them.

        What failed for a reason that may pass is forgotten, and done again.
        """
        again = f"entry in (select entry from ligands where reason in {TRANSIENT})"
        with database:
            database.execute(f"delete from poses where {again}")
            database.execute(f"delete from searches where {again}")
            database.execute(f"delete from ligands where {again}")
        unphysical = "select count(*) = sum(valid = 0) from poses where entry = ? and ligand = ?"
        done, used = set[int](), dict[int, int]()
        self.counts = Counts(total)
        for entry, name, reason in list(
            database.execute("select entry, ligand, reason from ligands order by rowid")
        ):
            bad = not reason and database.execute(unphysical, (entry, name)).fetchone()[0]
            self.counts.add(reason, not bad)
            done.add(entry)
            if name:
                unique_name(name, used)
        self.counts.entries = len(done)
        for (text,) in database.execute("select record from searches order by entry, rowid"):
            self.counts.add_searches([json.loads(text)])
        return done, used

    def _export(self, database: sqlite3.Connection) -> None:
        with (
            atomic_path(self.folder / "poses" / f"{self.site}.sdf") as path,
            path.open("w", encoding="utf-8") as file,
        ):
            file.writelines(
                text for (text,) in database.execute("select sdf from poses order by entry, rowid")
            )
        tables = self.folder / "tables"
        _write_table(tables / "poses.csv", _records(database, "entry, rowid"), POSES)
        ranking = _records(database, "valid desc, merit desc, entry, rowid")
        _write_table(tables / "ranking.csv", (record for record in ranking if record["rank"] == 1), POSES)
        searches = database.execute("select record from searches order by entry, rowid")
        _write_table(tables / "searches.csv", (json.loads(text) for (text,) in searches), SEARCHES)
        failures = database.execute(
            f"select {', '.join(FAILURES)} from ligands where reason != '' order by entry, rowid"
        )
        _write_table(
            tables / "failures.csv", (dict(zip(FAILURES, row, strict=True)) for row in failures), FAILURES
        )


def _read_lock(path: Path) -> dict[str, Any]:
    try:
        before = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        before = None
    if not isinstance(before, dict):
        raise OutputError(path, "is damaged", "restore it, or name another folder with -o")
    return before


def _by_entry(
    outcomes: Iterable[Outcome[Job, Search]],
    watch: Callable[[Outcome[Job, Search], Counts], None],
    counts: Counts,
) -> Iterator[list[Outcome[Job, Search]]]:
    """Yield the outcomes of each entry together; raise what no ligand can survive."""
    entry = []
    for outcome in outcomes:
        if isinstance(outcome.error, FATAL):
            raise outcome.error
        entry.append(outcome)
        reason = "" if outcome.error is None else type(outcome.error).__name__
        counts.add(reason, outcome.result is not None and bool(outcome.result.best.valid))
        if outcome.result is not None:
            counts.add_searches(outcome.result.outcomes())
        counts.entries += outcome.item.last
        watch(outcome, counts)
        if outcome.item.last:
            yield entry
            entry = []


def _record(database: sqlite3.Connection, outcome: Outcome[Job, Search]) -> None:
    job, error = outcome.item, outcome.error
    ligand = job.ligand.name if job.ligand else ""
    reason, message = (type(error).__name__, str(error)) if error else ("", "")
    row = (job.entry, ligand, job.name, job.origin, reason, message)
    database.execute("insert into ligands values (?, ?, ?, ?, ?, ?)", row)
    if outcome.result is None:
        return
    _record_searches(database, outcome)
    places = " ".join(f"{place}:{count}" for place, count in outcome.result.places.items())
    for pose in outcome.result.kept:
        values = (ligand, job.name, job.origin, round(merit(pose), 4), places)
        text = json.dumps(dict(zip(POSES, values, strict=True)) | pose.row())
        stored = (job.entry, ligand, bool(pose.valid), merit(pose), text, pose.sdf_record())
        database.execute("insert into poses values (?, ?, ?, ?, ?, ?)", stored)


def _record_searches(database: sqlite3.Connection, outcome: Outcome[Job, Search]) -> None:
    job = outcome.item
    for row in outcome.result.outcomes() if outcome.result else ():
        values = (job.ligand.name if job.ligand else "", job.name, job.origin)
        record = dict(zip(SEARCHES, values, strict=False)) | row
        database.execute("insert into searches values (?, ?)", (job.entry, json.dumps(record)))


def merit(pose: Pose) -> float:
    """Return what ligands are ranked by: the network's pK times its pose probability; higher is better.

    Of rustina's scores it enriched actives most: 3.4-fold in the first percent of LIT-PCBA, against
    1.3-fold for the Vinardo energy (rustina 0.9.0, README). It is no affinity.
    """
    return pose.properties["cnn_affinity_pK"] * pose.properties["cnn_probability"]


def _records(database: sqlite3.Connection, order: str) -> Iterator[dict[str, Any]]:
    for (text,) in database.execute(f"select record from poses order by {order}"):
        yield json.loads(text)


def _write_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    """Write a table as its rows come; of an empty one, the columns that are known."""
    rows = iter(rows)
    first = next(rows, None)
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns if first is None else list(first), lineterminator="\n")
        writer.writeheader()
        if first is not None:
            writer.writerow(first)
            writer.writerows(rows)
