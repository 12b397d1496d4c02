"""The campaign: settings, a plan, a run folder, and what came out of it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cached_property
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from dock.campaign import tables
from dock.campaign.executor import Event, execute
from dock.campaign.plan import Task, plan_campaign, read_plan, resolve_settings, tasks_of_kind, write_plan
from dock.campaign.settings import CampaignSettings, read_settings
from dock.campaign.tasks import Conditions, has_failed, is_done
from dock.core.errors import ChangedError, OutputError, SettingsError
from dock.core.files import alone_in, output_folder, write_text
from dock.core.records import settings_error, software_versions
from dock.core.workers import available_cores
from dock.dynamics.platforms import choose_processor

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
    platform : str
        OpenMM platform of the simulations, or ``auto``. Where the settings leave it open, it decides what
        is simulated: see `dock.dynamics.systems.default_kind`.
    accept_changes : bool
        Whether a run that other versions of the software began is continued all the same.
    """

    def __init__(
        self,
        settings: CampaignSettings | None = None,
        folder: Path | str = "sertdock-run",
        platform: str = "auto",
        accept_changes: bool = False,
    ) -> None:
        self.asked = settings or CampaignSettings()
        self.folder = Path(folder)
        self.platform = platform
        self.accept_changes = accept_changes

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
            campaign.settings = campaign.asked
            campaign.tasks = read_plan(folder / PLAN)
        except (KeyError, TypeError, ValueError) as error:
            raise OutputError(folder / LOCK, "cannot be read", "restore it, or run again with -o") from error
        return campaign

    @classmethod
    def read(
        cls,
        path: Path | str,
        folder: Path | str = "sertdock-run",
        platform: str = "auto",
        accept_changes: bool = False,
    ) -> Campaign:
        """Make a campaign from a YAML file.

        Raises
        ------
        SettingsError
            If the file is missing or holds unknown or impossible settings.
        """
        return cls(read_settings(Path(path)), folder, platform, accept_changes)

    @cached_property
    def settings(self) -> CampaignSettings:
        """The settings, with everything decided that was left open: of a run folder, as it was there.

        Raises
        ------
        InputError
            If a setting is wrong, or the folder holds another campaign.
        ChangedError
            If other software began the run, and that is not accepted.
        """
        if not (self.folder / LOCK).exists():
            return resolve_settings(self.asked, choose_processor(self.platform))
        locked = _read_lock(self.folder)
        changes = _version_changes(locked)
        if changes and not self.accept_changes:
            raise ChangedError(
                self.folder,
                f"was begun with {'; '.join(changes)}",
                "install those versions, name another folder with -o, or go on with --accept-changes",
            )
        # Whether a failed gate is accepted may be changed afterwards.
        accepted = {"accept_failed_gate": self.asked.accept_failed_gate}
        asked = self.asked.model_dump(mode="json")
        same = _agree if _begun_by_other_software(locked) else operator.eq
        if not any(same({**locked.get(name, {}), **accepted}, asked) for name in ("asked", "settings")):
            raise OutputError(
                self.folder, "holds a campaign with other settings", "name another folder with -o"
            )
        try:
            return CampaignSettings(**{**locked["settings"], **accepted})
        except ValidationError as error:  # settings of another version, which this one does not know
            raise settings_error(self.folder / LOCK, error) from error

    @cached_property
    def tasks(self) -> list[Task]:
        """Every task of the campaign, each after those it needs.

        Where a run of other software is continued they are those of then, so that what is done stays done.
        """
        settings = self.settings
        if not (self.folder / PLAN).exists():
            return plan_campaign(settings)
        locked = _read_lock(self.folder)
        if not _begun_by_other_software(locked):
            return plan_campaign(settings)
        tasks = read_plan(self.folder / PLAN)
        gates = tasks_of_kind(tasks, "gate")
        if all(gate.inputs["accept_failure"] == settings.accept_failed_gate for gate in gates):
            return tasks
        return plan_campaign(settings, [*locked.get("versions_before", []), locked["versions"]][0])

    def run(
        self,
        executor: str = "local",
        workers: int | None = None,
        watch: Callable[[Event], None] = lambda _: None,
        device: str | None = None,
        deadline: float = inf,
    ) -> Campaign:
        """Do what is left to do, and write poses, tables and trajectories.

        Parameters
        ----------
        executor
            ``local`` or ``inline``.
        workers
            Worker processes; if None, one for each core, but no more than tasks of a kind.
        watch
            Told of every event.
        device
            Indices of the cards to use, such as ``0,1``; all there are if None.
        deadline
            The time (`time.time()`) at which simulations save and stop, and nothing new is begun.

        Raises
        ------
        InputError
            If a setting is wrong, or the folder cannot be written to or holds another campaign.
        """
        if executor not in EXECUTORS:
            raise SettingsError(executor, "is no executor", f"known: {', '.join(EXECUTORS)}")
        tasks = self.tasks
        cards = [None] if device is None else device.split(",")
        processors = [choose_processor(self.platform, device=card) for card in cards]
        output_folder(self.folder)
        side_by_side = max(len(tasks_of_kind(tasks, kind)) for kind in ("dock", "simulate"))
        workers = workers or min(available_cores(), side_by_side)
        with alone_in(self.folder):
            self._lock()
            # Once accepted, a change stays so: a later run continues what was begun before it.
            accept_changes = self.accept_changes or _begun_by_other_software(self.locked())
            conditions = Conditions(
                processors[0], device=device, deadline=deadline, accept_changes=accept_changes
            )
            for event in execute(tasks, self.folder, executor, workers, conditions):
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
        """Return a table: ligands, poses, searches, gate, occupancy, simulations, contacts, hydrogen_bonds, comparisons, failures.

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
            "asked": self.asked.model_dump(mode="json"),
            "settings": self.settings.model_dump(mode="json"),
            "versions": software_versions(),
            "inputs": {receptor.inputs["source"]: receptor.inputs["sha256"]},
        }

    def _lock(self) -> None:
        """Write lock and plan."""
        if (self.folder / SCREEN_LOCK).exists():
            raise OutputError(self.folder, "holds a screen", "name another folder with -o")
        now = self._current()
        if (self.folder / LOCK).exists():
            locked = _read_lock(self.folder)
            now["asked"] = {**locked["asked"], "accept_failed_gate": self.asked.accept_failed_gate}
            before = locked.get("versions_before", [])
            if _version_changes(locked):
                before = [*before, locked["versions"]]
            now |= {"versions_before": before} if before else {}
        write_text(self.folder / LOCK, yaml.safe_dump(now, sort_keys=False, allow_unicode=True))
        write_plan(self.tasks, self.folder / PLAN)


def _version_changes(locked: dict[str, Any]) -> list[str]:
    """Return in words which versions are others than when a run was begun."""
    before, now = locked.get("versions", {}), software_versions()
    return [f"{name} {before.get(name)}, not {now[name]}" for name in now if before.get(name) != now[name]]


def _begun_by_other_software(locked: dict[str, Any]) -> bool:
    return bool(locked.get("versions_before") or _version_changes(locked))


def _agree(one: Any, two: Any) -> bool:
    """Return whether settings are equal in all that both versions of the software know."""
    if isinstance(one, dict) and isinstance(two, dict):
        return all(_agree(one[name], two[name]) for name in one.keys() & two.keys())
    return bool(one == two)


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
