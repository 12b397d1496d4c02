"""The screen: a library docked into one site, in a folder that knows what is done."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from dock.core.errors import GateError, OutputError
from dock.core.files import alone_in, atomic_path, output_folder, write_text
from dock.core.keys import file_sha256
from dock.core.records import software_versions
from dock.core.workers import available_cores
from dock.docking.redocking import redock
from dock.docking.screening import Screener, screen
from dock.ligands.preparation import PreparationSettings, unique_name

if TYPE_CHECKING:
    from dock.core.workers import Outcome
    from dock.docking.engine import DockingSettings
    from dock.docking.pose import Pose
    from dock.docking.screening import Job
    from dock.ligands.library import Library
    from dock.receptors import Receptor

LOCK, DATABASE, RECEPTOR = "screen.lock.yaml", "screen.sqlite", "receptors"
SCHEMA = """
create table if not exists ligands (
    entry integer, ligand text, name text, origin text, reason text, message text);
create table if not exists poses (entry integer, merit real, record text, sdf text);
create index if not exists of_entry on ligands (entry);
"""
FAILURES = ("ligand", "name", "origin", "reason", "message")


@dataclass
class Counts:
    """What became of the ligands of the entries done, of how many entries in all."""

    total: int = 0
    entries: int = 0
    docked: int = 0
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, reason: str) -> None:
        """Count a ligand, or an entry without one; the reason is empty if it was docked."""
        self.docked += not reason
        self.failed += bool(reason)
        if reason:
            self.reasons[reason] += 1


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
        watch: Callable[[Outcome[Job, list[Pose]], Counts], None] = lambda *_: None,
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
            If the folder cannot be written to, is at work, or holds another screen.
        GateError
            If the site's known pose is not found again.
        """
        output_folder(self.folder)
        with alone_in(self.folder), closing(self._database()) as database:
            self._lock(library, accept_failed_gate)
            self._gate(accept_failed_gate)
            self.counts.total = sum(1 for _ in library)
            done, used = self._done(database)
            screener = Screener(self.folder / RECEPTOR, self.site, self.settings)
            entries = islice(library, done, None)
            outcomes = screen(entries, screener, self.preparation, workers, done + 1, used)
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

    def _lock(self, library: Library, accept_failed_gate: bool) -> None:
        """Write what this screen is; refuse a folder that holds another."""
        now = {
            "library": {path.name: file_sha256(path) for path in library.files} or library.names,
            "receptor": {"name": self.receptor.name, "key": self.receptor.key},
            "site": self.receptor.site(self.site).to_entry(),
            "docking": self.settings.model_dump(mode="json", exclude={"time_limit"}),
            "preparation": self.preparation.model_dump(mode="json"),
            "versions": software_versions(),
        }
        path = self.folder / LOCK
        if path.exists():
            before = yaml.safe_load(path.read_text(encoding="utf-8"))
            before = before if isinstance(before, dict) else {}
            other = [name for name in now if before.get(name) != now[name]]
            if other:
                raise OutputError(
                    self.folder,
                    f"holds a screen with other {', '.join(other)}",
                    "name another folder with -o",
                )
        else:
            self.receptor.save(output_folder(self.folder / RECEPTOR))
        lock = now | {"accept_failed_gate": accept_failed_gate}
        write_text(path, yaml.safe_dump(lock, sort_keys=False, allow_unicode=True))

    def _gate(self, accepted: bool) -> None:
        """Redock the site's known ligand as the library is docked."""
        path = self.folder / "tables" / "gate.csv"
        if self.site not in self.receptor.references:
            return
        if not path.exists():
            gate = redock(self.receptor, self.site, self.settings, available_cores())
            write_text(path, gate.to_dataframe().to_csv(index=False))
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if not accepted and any(row["passed"] != "True" for row in rows):
            worst = max(float(row["top_rmsd_A"]) for row in rows)
            raise GateError(
                f"{rows[0]['ligand']} in {self.site}",
                f"the known pose was not found again (top pose off by up to {worst:.1f} A)",
                "results would mean little; to go on all the same add --accept-failed-gate",
            )

    def _done(self, database: sqlite3.Connection) -> tuple[int, dict[int, int]]:
        """Return how many entries are done, and the names that are taken; count them."""
        used: dict[int, int] = {}
        for name, reason in database.execute("select ligand, reason from ligands order by rowid"):
            self.counts.add(reason)
            if name:
                unique_name(name, used)
        (done,) = database.execute("select coalesce(max(entry), 0) from ligands").fetchone()
        self.counts.entries = done
        return done, used

    def _export(self, database: sqlite3.Connection) -> None:
        with atomic_path(self.folder / "poses" / f"{self.site}.sdf") as path, path.open("w") as file:
            file.writelines(text for (text,) in database.execute("select sdf from poses order by rowid"))
        tables = self.folder / "tables"
        _write_table(tables / "poses.csv", _records(database, "rowid"))
        ranking = _records(database, "merit desc, rowid")
        _write_table(tables / "ranking.csv", (record for record in ranking if record["rank"] == 1))
        failures = database.execute(
            f"select {', '.join(FAILURES)} from ligands where reason != '' order by rowid"
        )
        rows = (dict(zip(FAILURES, row, strict=True)) for row in failures)
        _write_table(tables / "failures.csv", rows, FAILURES)


def _by_entry(
    outcomes: Iterable[Outcome[Job, list[Pose]]],
    watch: Callable[[Outcome[Job, list[Pose]], Counts], None],
    counts: Counts,
) -> Iterator[list[Outcome[Job, list[Pose]]]]:
    """Yield the outcomes of each entry together."""
    entry = []
    for outcome in outcomes:
        entry.append(outcome)
        counts.add("" if outcome.error is None else type(outcome.error).__name__)
        counts.entries += outcome.item.last
        watch(outcome, counts)
        if outcome.item.last:
            yield entry
            entry = []


def _record(database: sqlite3.Connection, outcome: Outcome[Job, list[Pose]]) -> None:
    job, error = outcome.item, outcome.error
    ligand = job.ligand.name if job.ligand else ""
    reason, message = (type(error).__name__, str(error)) if error else ("", "")
    row = (job.entry, ligand, job.name, job.origin, reason, message)
    database.execute("insert into ligands values (?, ?, ?, ?, ?, ?)", row)
    for pose in outcome.result or ():
        record = {
            "ligand": ligand,
            "input_name": job.name,
            "origin": job.origin,
            "merit": round(merit(pose), 4),
        }
        text = json.dumps(record | pose.record())
        database.execute(
            "insert into poses values (?, ?, ?, ?)", (job.entry, merit(pose), text, pose.sdf_record())
        )


def merit(pose: Pose) -> float:
    """Return what ligands are ranked by: the network's pK times its pose probability; higher is better.

    Of rustina's scores it enriched actives most: 3.4-fold in the first percent of LIT-PCBA, against
    1.3-fold for the Vinardo energy (rustina 0.9.0, README). It is no affinity.
    """
    return pose.properties["cnn_affinity_pK"] * pose.properties["cnn_probability"]


def _records(database: sqlite3.Connection, order: str) -> Iterator[dict[str, Any]]:
    for (text,) in database.execute(f"select record from poses order by {order}"):
        yield json.loads(text)


def _write_table(path: Path, rows: Iterable[dict[str, Any]], columns: Sequence[str] = ()) -> None:
    """Write a table as its rows come."""
    rows = iter(rows)
    first = next(rows, None)
    names = columns or list(first or ())
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        if first is not None:
            writer.writerow(first)
            writer.writerows(rows)
