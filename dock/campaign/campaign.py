"""The campaign: settings, a plan, a run folder, and what came out of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from dock.campaign import tables
from dock.campaign.executor import Event, execute
from dock.campaign.plan import Task, plan_campaign, read_plan, tasks_of_kind, write_plan
from dock.campaign.settings import CampaignSettings, read_settings
from dock.campaign.tasks import has_failed, is_done
from dock.core.errors import OutputError, SettingsError
from dock.core.files import alone_in, output_folder, write_text
from dock.core.records import software_versions
from dock.core.workers import available_cores

if TYPE_CHECKING:
    import pandas as pd

LOCK, PLAN = "campaign.lock.yaml", "plan.json"
SCREEN_LOCK = "screen.lock.yaml"
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
        """Open the campaign that a run folder holds, with the tasks as they were planned.

        Raises
        ------
        OutputError
            If the folder holds none, or its files cannot be read.
        """
        folder = Path(folder)
        if not (folder / LOCK).is_file() or not (folder / PLAN).is_file():
            raise OutputError(folder, "holds no campaign", "run 'dock run' first")
        try:
            campaign = cls(CampaignSettings(**_read_lock(folder)["settings"]), folder)
            campaign.tasks = read_plan(folder / PLAN)
        except (KeyError, TypeError, ValueError) as error:
            raise OutputError(folder / LOCK, "cannot be read", "restore it, or run again with -o") from error
        return campaign

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
            Worker processes; if None, one for each core, but no more than tasks of a kind.
        platform
            OpenMM platform of the simulations.
        watch
            Told of every event.

        Raises
        ------
        InputError
            If a setting is wrong, or the folder cannot be written to or holds another campaign.
        """
        if executor not in EXECUTORS:
            raise SettingsError(executor, "is no executor", f"known: {', '.join(EXECUTORS)}")
        tasks = self.tasks
        output_folder(self.folder)
        side_by_side = max(len(tasks_of_kind(tasks, kind)) for kind in ("dock", "simulate"))
        workers = workers or min(available_cores(), side_by_side)
        with alone_in(self.folder):
            self._lock()
            for event in execute(tasks, self.folder, executor, workers, platform):
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
        return [task for task in self.tasks if has_failed(task, self.folder)]

    @property
    def complete(self) -> bool:
        """Whether every planned task succeeded or failed."""
        return len(self.succeeded) + len(self.failed) == len(self.tasks)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table: ligands, poses, gate, occupancy, simulations, contacts, hydrogen_bonds, comparisons, failures.

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
        """Return what `campaign.lock.yaml` holds: settings, versions, input hashes.

        Of a run folder, that is what was locked there.
        """
        if (self.folder / LOCK).is_file():
            return _read_lock(self.folder)
        return self._current()

    def _current(self) -> dict[str, Any]:
        receptor = tasks_of_kind(self.tasks, "receptor")[0]
        return {
            "settings": self.settings.model_dump(mode="json"),
            "versions": software_versions(),
            "inputs": {receptor.inputs["source"]: receptor.inputs["sha256"]},
        }

    def _lock(self) -> None:
        """Write lock and plan; refuse a folder that holds a campaign with other settings.

        Whether a failed gate is accepted may be changed afterwards.
        """
        if (self.folder / SCREEN_LOCK).exists():
            raise OutputError(self.folder, "holds a screen", "name another folder with -o")
        now = self._current()
        if (self.folder / LOCK).exists():
            before = _read_lock(self.folder)["settings"]
            if {**before, "accept_failed_gate": None} != {**now["settings"], "accept_failed_gate": None}:
                raise OutputError(
                    self.folder, "holds a campaign with other settings", "name another folder with -o"
                )
        write_text(self.folder / LOCK, yaml.safe_dump(now, sort_keys=False, allow_unicode=True))
        write_plan(self.tasks, self.folder / PLAN)


def _read_lock(folder: Path) -> dict[str, Any]:
    try:
        locked = yaml.safe_load((folder / LOCK).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OutputError(
            folder / LOCK, "is damaged", "restore it, or name another folder with -o"
        ) from error
    if not isinstance(locked, dict) or not isinstance(locked.get("settings"), dict):
        raise OutputError(folder / LOCK, "is damaged", "restore it, or name another folder with -o")
    return locked
