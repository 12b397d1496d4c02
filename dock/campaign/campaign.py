"""The campaign: settings, a plan, a run folder, and what came out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from dock.campaign import tables
from dock.campaign.executor import Event, available_cores, execute
from dock.campaign.plan import Task, plan_campaign
from dock.campaign.settings import CampaignSettings, read_settings
from dock.campaign.tasks import FAILURE, is_done
from dock.core.errors import OutputError
from dock.core.files import output_folder, write_text
from dock.core.records import software_versions

if TYPE_CHECKING:
    import pandas as pd

LOCK = "campaign.lock.yaml"
EXECUTORS = ("local", "inline")


class Campaign:
    """Everything that one run does, and its results.

    Parameters
    ----------
    settings : CampaignSettings, optional
        The default campaign if None: both citalopram enantiomers in both sites of human SERT.
    folder : Path
        The run folder.
    """

    def __init__(self, settings: CampaignSettings | None = None, folder: Path | str = "sertdock-run") -> None:
        self.settings = settings or CampaignSettings()
        self.folder = Path(folder)

    @classmethod
    def open(cls, folder: Path | str) -> Campaign:
        """Open the campaign that a run folder holds.

        Raises
        ------
        OutputError
            If the folder holds none.
        """
        path = Path(folder) / LOCK
        if not path.is_file():
            raise OutputError(folder, "holds no campaign", "run 'dock run' first")
        locked = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(CampaignSettings(**locked["settings"]), folder)

    @classmethod
    def read(cls, path: Path | str, folder: Path | str = "sertdock-run") -> Campaign:
        """Make a campaign from a YAML file.

        Raises
        ------
        SettingsError
            If the file is missing or holds unknown or impossible settings.
        """
        return cls(read_settings(Path(path)), folder)

    @cached_property
    def tasks(self) -> list[Task]:
        """Every task of the campaign, each after those it needs."""
        return plan_campaign(self.settings)

    def run(
        self,
        executor: str = "local",
        workers: int | None = None,
        platform: str = "auto",
        watch: Callable[[Event], None] = lambda _: None,
    ) -> Campaign:
        """Do what is left to do, and write poses, tables and trajectories.

        Parameters
        ----------
        executor
            ``local`` or ``inline``.
        workers
            Worker processes; one for each core if None.
        platform
            OpenMM platform of the simulations.
        watch
            Told of every event.

        Raises
        ------
        InputError
            If a setting is wrong, or the folder cannot be written to or holds another campaign.
        """
        tasks = self.tasks
        output_folder(self.folder)
        with self._alone():
            self._lock()
            for event in execute(tasks, self.folder, executor, workers or available_cores(), platform):
                watch(event)
            tables.write_results(tasks, self.folder)
        return self

    @property
    def succeeded(self) -> list[Task]:
        """The tasks that have a result."""
        return [task for task in self.tasks if is_done(task, self.folder)]

    @property
    def failed(self) -> list[Task]:
        """The tasks that failed when last tried."""
        return [
            task
            for task in self.tasks
            if not is_done(task, self.folder) and (task.folder(self.folder) / FAILURE).exists()
        ]

    @property
    def complete(self) -> bool:
        """Whether every planned task succeeded or failed."""
        return len(self.succeeded) + len(self.failed) == len(self.tasks)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table: poses, gate, simulations, contacts, hydrogen_bonds, comparisons, failures.

        Raises
        ------
        UnknownNameError
            If there is no such table.
        """
        return tables.make_table(name, self.tasks, self.folder)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the simulations' averages, a row for each complex and quantity."""
        return self.table("simulations")

    def _repr_html_(self) -> str:
        state = f"{len(self.succeeded)} done, {len(self.failed)} failed of {len(self.tasks)} tasks"
        return f"<p><b>Campaign</b> in {self.folder}: {state}</p>"

    def locked(self) -> dict[str, Any]:
        """Return what `campaign.lock.yaml` holds: settings, versions, input hashes."""
        receptor = self.tasks[0]
        return {
            "settings": self.settings.model_dump(mode="json"),
            "versions": software_versions(),
            "inputs": {receptor.inputs["source"]: receptor.inputs["sha256"]},
        }

    def _lock(self) -> None:
        """Write the lock, or hold the one that is there against these settings."""
        path = self.folder / LOCK
        now = self.locked()
        if path.exists():
            before = yaml.safe_load(path.read_text(encoding="utf-8"))
            if before["settings"] != now["settings"]:
                raise OutputError(
                    self.folder, "holds a campaign with other settings", "name another folder with -o"
                )
            if before == now:
                return
        write_text(path, yaml.safe_dump(now, sort_keys=False, allow_unicode=True))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Refuse to work in a folder that another process works in."""
        from filelock import FileLock, Timeout

        try:
            with FileLock(self.folder / ".lock", timeout=0):
                yield
        except Timeout as error:
            raise OutputError(self.folder, "another 'dock run' is at work here", "wait, or use -o") from error
