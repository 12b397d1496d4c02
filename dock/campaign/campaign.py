"""The campaign: settings, a plan, a run folder, and what came out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from math import inf
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

import yaml

from dock.campaign import tables
from dock.campaign.plan import Planner, read_plan, steps_of, write_plan
from dock.campaign.settings import CampaignSettings, read_settings
from dock.core.arguments import require
from dock.core.errors import ChangedError, OutputError, SettingsError
from dock.core.files import alone_in, cache_folder, output_folder, writable_cache, write_text
from dock.core.records import software_versions
from dock.core.workers import available_cores
from dock.forcefield.platforms import choose_processor, devices
from dock.steps.receptor import PrepareReceptor
from dock.workflow.execution import Event, execute
from dock.workflow.executors import NAMES, make_executor
from dock.workflow.step import Conditions, Step
from dock.workflow.store import RESULT, Store

if TYPE_CHECKING:
    import pandas as pd

LOCK, PLAN = "campaign.lock.yaml", "plan.json"
SCREEN_LOCK = "screen.lock.yaml"
LAYOUT = 2  # of a run folder


class Campaign:
    """Everything that one run does, and its results.

    Parameters
    ----------
    settings : CampaignSettings, optional
        The default campaign if None: both citalopram enantiomers in both sites of human SERT.
    folder : Path
        The run folder.
    platform : str
        OpenMM platform of the simulations, or ``auto``. It decides how they run, not what is simulated.
    accept_changes : bool
        Whether a run that other versions of the software began is continued all the same.
    share : bool
        Whether results are taken from, and given to, other runs through the cache.
    """

    def __init__(
        self,
        settings: CampaignSettings | None = None,
        folder: Path | str = "sertdock-run",
        platform: str = "auto",
        accept_changes: bool = False,
        share: bool = False,
    ) -> None:
        require(folder, (Path, str), "folder", "name the run folder")
        self.folder = Path(folder)
        self._given = CampaignSettings() if settings is None else settings
        advice = "make it with CampaignSettings(...), or read a file: Campaign.read(path)"
        require(self._given, (CampaignSettings,), "CampaignSettings", advice)
        self.platform = platform
        self.accept_changes = accept_changes
        self.share = share

    @classmethod
    def open(cls, folder: Path | str) -> Campaign:
        """Open the campaign that a run folder holds, with the steps as they were planned.

        Raises
        ------
        OutputError
            If the folder holds none, or its files cannot be read.
        """
        require(folder, (Path, str), "folder", "name the run folder")
        folder = Path(folder)
        if not (folder / LOCK).is_file() or not (folder / PLAN).is_file():
            raise OutputError(folder, "holds no campaign", "run 'dock run' first")
        locked = _read_lock(folder)
        try:
            campaign = cls(CampaignSettings(**locked["settings"]), folder)
            campaign.store = Store(folder, locked["begun_with"])
            campaign.steps = read_plan(folder / PLAN)
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
        share: bool = False,
    ) -> Campaign:
        """Make a campaign from a YAML file.

        Raises
        ------
        SettingsError
            If the file is missing or holds unknown or impossible settings.
        """
        require(path, (Path, str), "path", "name the campaign file")
        return cls(read_settings(Path(path)), folder, platform, accept_changes, share)

    @cached_property
    def settings(self) -> CampaignSettings:
        """As given, but for what nobody set and the run folder has begun with."""
        if not (self.folder / LOCK).exists():
            return self._given
        try:
            before = CampaignSettings(**_read_lock(self.folder)["settings"])
        except SettingsError:  # of another version, which is said where it matters
            return self._given
        simulation = self._given.simulation.continuing(before.simulation)
        return self._given.model_copy(update={"simulation": simulation})

    @cached_property
    def store(self) -> Store:
        """The results, under the versions of the software that began the run.

        Raises
        ------
        ChangedError
            If those are others than are installed, and that is not accepted.
        """
        shared = cache_folder() / "results" if self.share else None
        if not (self.folder / LOCK).exists():
            return Store(self.folder, software_versions(), shared)
        locked = _read_lock(self.folder)
        changes = _version_changes(locked["versions"])
        if changes and not self.accept_changes:
            raise ChangedError(
                self.folder,
                f"was begun with {'; '.join(changes)}",
                "install those versions, name another folder with -o, or go on with --accept-changes",
            )
        # What other software makes than the keys say is nobody else's.
        own = locked["begun_with"] != software_versions()
        return Store(self.folder, locked["begun_with"], None if own else shared)

    @cached_property
    def steps(self) -> list[Step[Any]]:
        """Every step of the campaign that is known, each after those it needs: more may follow on `to_follow`."""
        return self._planner.steps(lambda step: self.store.failure(step) is not None)

    @property
    def to_follow(self) -> list[Step[Any]]:
        """The steps that have not ended of which the results say what more is to be done."""
        needed = {self.store.key(need) for step in self.steps for need in step.needs}
        return [
            step
            for step in self.steps
            if step.expands and self.store.key(step) not in needed and self._left(step)
        ]

    def _left(self, step: Step[Any]) -> bool:
        return not self.store.is_done(step) and self.store.failure(step) is None

    @cached_property
    def _planner(self) -> Planner:
        return Planner(self.settings, self.store)

    @cached_property
    def changes(self) -> list[str]:
        """In words, what the settings change of those that the run folder was last run with, and what that costs.

        Raises
        ------
        OutputError
            If none of the results that are there would be used.
        """
        if not (self.folder / LOCK).exists():
            return []
        before = Campaign.open(self.folder)
        longer, shorter = (each.settings.simulation.production for each in (before, self))
        if shorter.value_in("ps") < longer.value_in("ps"):
            raise OutputError(
                self.folder,
                f"holds simulations of {longer}, longer than {shorter}",
                "raise production again, or name another folder with -o",
            )
        changed = list(_differences(before.locked()["settings"], self.locked_now()["settings"]))
        used = {self.store.key(step) for step in self.steps}
        there = [step for step in before.steps if (before.store.folder(step) / RESULT).exists()]
        lost = [step for step in there if before.store.key(step) not in used]
        if there and len(lost) == len(there):
            raise OutputError(
                self.folder,
                f"holds another campaign: none of its {len(there)} results would be used ({'; '.join(changed)})",
                "name another folder with -o",
            )
        counts = Counter(step.kind for step in lost)
        unless = f", unless after '{self.to_follow[0].label}'" if self.to_follow else ""
        not_used = [f"not used any more{unless}: {count} of {kind}" for kind, count in counts.items()]
        return [*changed, *not_used]

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
            Worker processes; if None, one for each core, but no more than steps of a kind.
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
        if executor not in NAMES:
            raise SettingsError(executor, "is no executor", f"known: {', '.join(NAMES)}")
        require(
            workers, (int, NoneType), "number of workers", "give one such as 4, or None for one each core"
        )
        _ = self.steps, self.changes
        cards = [None] if device is None else device.split(",")
        platform = {choose_processor(self.platform, device=card).platform for card in cards}.pop()
        output_folder(self.folder)
        writable_cache()
        if workers is None:
            kinds = Counter(step.kind for step in self.steps)
            workers = available_cores() if self.to_follow else min(available_cores(), max(kinds.values()))
        with alone_in(self.folder):
            self._lock()
            # Once accepted, a change stays so: a later run continues what was begun before it.
            accept_changes = self.accept_changes or bool(_version_changes(self.store.versions))
            conditions = Conditions(platform, 1, device, deadline, accept_changes)
            doer = make_executor(executor, self.store, conditions, workers, _cards(platform, device))
            for event in execute(self._plan, self.store, doer, deadline):
                watch(event)
            tables.write_results(self.steps, self.store)
        return self

    @property
    def succeeded(self) -> list[Step[Any]]:
        """The steps that have a result."""
        return self.store.done(self.steps)

    @property
    def failed(self) -> list[Step[Any]]:
        """The steps that failed when last tried."""
        return [step for step in self.steps if self.store.failure(step) is not None]

    @property
    def complete(self) -> bool:
        """Whether every step succeeded or failed."""
        return not self.to_follow and len(self.succeeded) + len(self.failed) == len(self.steps)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table: ligands, poses, searches, gate, occupancy, simulations, contacts, hydrogen_bonds, comparisons, failures.

        Raises
        ------
        UnknownNameError
            If there is no such table.
        """
        return tables.make_table(name, self.steps, self.store)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the simulations' averages, a row for each complex and quantity."""
        return self.table("simulations")

    def _repr_html_(self) -> str:
        state = f"{len(self.succeeded)} done, {len(self.failed)} failed of {len(self.steps)} steps"
        return f"<p><b>Campaign</b> in {self.folder}: {state}</p>"

    def locked(self) -> dict[str, Any]:
        """Return what `campaign.lock.yaml` holds: settings, versions, input hashes; of a run folder, what is there."""
        return _read_lock(self.folder) if (self.folder / LOCK).is_file() else self.locked_now()

    def locked_now(self) -> dict[str, Any]:
        """Return what `campaign.lock.yaml` holds once the campaign is run."""
        receptors = steps_of(self.steps, PrepareReceptor)
        return {
            "layout": LAYOUT,
            "settings": self.settings.model_dump(mode="json"),
            "versions": software_versions(),
            "begun_with": self.store.versions,
            "receptors": {receptor.name: receptor.content for receptor in receptors},
        }

    def _plan(self, failed: Collection[str]) -> list[Step[Any]]:
        """Plan as far as is known by now, and write that down."""
        self.steps = self._planner.steps(lambda step: self.store.key(step) in failed)
        write_plan(self.steps, self.store, self.folder / PLAN)
        return self.steps

    def _lock(self) -> None:
        """Write down what this run is."""
        if (self.folder / SCREEN_LOCK).exists():
            raise OutputError(self.folder, "holds a screen", "name another folder with -o")
        text = yaml.safe_dump(self.locked_now(), sort_keys=False, allow_unicode=True)
        write_plan(self.steps, self.store, self.folder / PLAN)  # first: with a lock there is a plan
        write_text(self.folder / LOCK, text)


def _cards(platform: str, device: str | None) -> tuple[str, ...]:
    """Return the indices of the cards that steps are spread over: those named, or all there are; none of the CPU."""
    return tuple(device.split(",")) if device is not None else tuple(devices(platform))


def _version_changes(before: Mapping[str, str]) -> list[str]:
    """Return in words which versions are others than when a run was begun."""
    now = software_versions()
    return [f"{name} {before.get(name)}, not {now[name]}" for name in now if before.get(name) != now[name]]


def _differences(before: Any, now: Any, where: str = "") -> Iterator[str]:
    """Yield in words which settings differ, each by its path."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in {**before, **now}:
            yield from _differences(before.get(name), now.get(name), f"{where}.{name}".lstrip("."))
    elif before != now:
        yield f"{where}: {_short(now)} instead of {_short(before)}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    if isinstance(value, dict):
        return str(value.get("name") or value.get("file") or value)
    return str(value)


def _read_lock(folder: Path) -> dict[str, Any]:
    damaged = OutputError(folder / LOCK, "is damaged", "restore it, or name another folder with -o")
    try:
        locked = yaml.safe_load((folder / LOCK).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise damaged from error
    if not isinstance(locked, dict) or not isinstance(locked.get("settings"), dict):
        raise damaged
    if locked.get("layout") != LAYOUT:
        raise OutputError(
            folder,
            "was made by another version, whose folders this one does not read",
            "name another with -o",
        )
    return locked
