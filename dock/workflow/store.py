"""The store: the results of steps in a run folder, each under its key; one that is present is complete."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from weakref import ref

from pydantic import ValidationError

from dock.core.errors import DockError, OutputError
from dock.core.files import read_json, write_json
from dock.core.keys import content_key
from dock.core.records import Record
from dock.workflow.step import Step

RESULT, FAILURE, USED = "result.json", "failure.json", "used.json"
Result = TypeVar("Result", bound=Record)
StepType = TypeVar("StepType", bound=Step[Any])


class Completion(Record):
    """How a step came to its result.

    Attributes
    ----------
    seconds : float
        Working time.
    threads : int
    versions : dict of str to str
        Of the software that did it.
    used : dict of str to str
        Of each step that it read the result of, the stamp of that result.
    stamp : str
        Hash of the result.
    """

    kind: str
    label: str
    inputs: dict[str, Any]
    seconds: float
    threads: int
    versions: dict[str, str]
    used: dict[str, str]
    stamp: str


class Failure(Record):
    """Why a step failed.

    Attributes
    ----------
    subject : dict of str to str
        What the step is about.
    reason : str
        Type of the error.
    """

    kind: str
    label: str
    subject: dict[str, str]
    reason: str
    message: str


class Store:
    """The results of steps in a run folder.

    Parameters
    ----------
    run
        The run folder; those of a step lie in ``tasks/KIND/KEY``.
    versions
        Of the software, which keys depend on: those with which the run was begun.
    shared
        A folder through which runs share results, if they do.
    """

    def __init__(self, run: Path | str, versions: Mapping[str, str], shared: Path | None = None) -> None:
        self.run = Path(run)
        self.versions = dict(versions)
        self.shared = None if shared is None else Store(shared, versions)
        self._keys: dict[int, tuple[ref[Step[Any]], str]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_keys": {}}  # by the identity of objects of this process

    def key(self, step: Step[Any]) -> str:
        """Return the hash of everything that a step's result depends on."""
        if step.planned_key:
            return step.planned_key
        number = id(step)
        if number not in self._keys:
            inputs = step.inputs(self.key)
            left_out = step.unkeyed | step.extended
            kept = {field: value for field, value in inputs.items() if field not in left_out}
            key = content_key([step.kind, step.revision, kept, self.versions])
            self._keys[number] = ref(step, lambda _: self._keys.pop(number, None)), key
        return self._keys[number][1]

    def folder(self, step: Step[Any]) -> Path:
        """Return where a step keeps its files."""
        return self.run / "tasks" / step.kind / self.key(step)

    def is_done(self, step: Step[Any]) -> bool:
        """Return whether a step's result is there, of the results that its needs have now."""
        return self._is_good(step, self._completion(step))

    def fetch(self, step: Step[Any]) -> bool:
        """Take the result of a step that nothing is there of from a run that shares it; return whether there was one."""
        if self.shared is None or not self._is_good(step, self.shared._completion(step)):
            return False
        return _copied(self.shared.folder(step), self.folder(step))

    def share(self, step: Step[Any]) -> None:
        """Let other runs have the result of a step, if results are shared: of two, the first is kept."""
        if self.shared is not None:
            _copied(self.folder(step), self.shared.folder(step))

    def result(self, step: Step[Result]) -> Result:
        """Return the result of a step that is done.

        Raises
        ------
        OutputError
            If it is not there, or is not such a result.
        """
        path = self.folder(step) / RESULT
        try:
            return step.result_type.model_validate(read_json(path)["result"])  # type: ignore[return-value]
        except (OSError, ValueError, KeyError, ValidationError) as error:
            raise OutputError(path, "cannot be read", "remove it; the same command makes it anew") from error

    def completion(self, step: Step[Any]) -> Completion:
        """Return how a step that is done came to its result."""
        completion = self._completion(step)
        if completion is None:
            raise OutputError(self.folder(step), "holds no result", "the same command makes it")
        return completion

    def failure(self, step: Step[Any]) -> Failure | None:
        """Return why a step failed when it was last tried; None if it did not."""
        path = self.folder(step) / FAILURE
        if self.is_done(step) or not path.exists():
            return None
        return Failure.model_validate(read_json(path))

    def done(self, steps: Iterable[StepType]) -> list[StepType]:
        """Return those of the steps that are done."""
        return [step for step in steps if self.is_done(step)]

    def unique(self, steps: Iterable[Step[Any]]) -> list[Step[Any]]:
        """Return the steps, each once, in their order."""
        return list({self.key(step): step for step in steps}.values())

    def begin(self, step: Step[Any]) -> Path:
        """Make a step's folder ready for it to be done, and return it: no result, no failure, nothing half written.

        What was begun with other results of its needs is not gone on with: it is removed.
        """
        folder, used = self.folder(step), self._stamps(step)
        if folder.exists() and (not (folder / USED).exists() or read_json(folder / USED) != used):
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for stale in (folder / FAILURE, folder / RESULT, *folder.glob(".*")):
            stale.unlink(missing_ok=True)
        write_json(folder / USED, used)
        return folder

    def forget_failure(self, step: Step[Any]) -> None:
        """Forget that a step failed when it was last tried: it is tried again."""
        (self.folder(step) / FAILURE).unlink(missing_ok=True)

    def write(self, step: Step[Result], result: Result, started: float, threads: int) -> None:
        """Write the result of a step down, after all else that it wrote."""
        content = result.model_dump(mode="json")
        completion = Completion(
            kind=step.kind,
            label=step.label,
            inputs=step.inputs(self.key),
            seconds=round(time.perf_counter() - started, 3),
            threads=threads,
            versions=self.versions,
            used=self._stamps(step),
            stamp=content_key(content),
        )
        write_json(self.folder(step) / RESULT, completion.model_dump() | {"result": content})

    def fail(self, step: Step[Any], error: DockError) -> Failure:
        """Write down why a step failed, and return that."""
        failure = Failure(
            kind=step.kind,
            label=step.label,
            subject=step.subject,
            reason=type(error).__name__,
            message=str(error),
        )
        write_json(self.folder(step) / FAILURE, failure.model_dump())
        return failure

    def _is_good(self, step: Step[Any], completion: Completion | None) -> bool:
        """Return whether a result is one of all that a step reads now, and as long as it is to be."""
        return (
            completion is not None
            and self._is_as_long(step, completion)
            and completion.used == self._stamps(step)
        )

    def _is_as_long(self, step: Step[Any], completion: Completion) -> bool:
        inputs = step.inputs(self.key) if step.extended else {}
        return all(completion.inputs.get(field) == inputs[field] for field in step.extended)

    def _stamps(self, step: Step[Any]) -> dict[str, str]:
        """Return the stamps of the results that are there of those that a step reads, by key."""
        return {
            self.key(need): found.stamp
            for need in step.read
            if (found := self._completion(need)) and self._is_as_long(need, found)
        }

    def _completion(self, step: Step[Any]) -> Completion | None:
        path = self.folder(step) / RESULT
        try:
            record = read_json(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        record.pop("result")
        return Completion.model_validate(record)


def _copied(source: Path, target: Path) -> bool:
    """Copy a folder, all of it or nothing, to where no work is yet, and return whether that was done."""
    if target.is_dir() and {path.name for path in target.iterdir()} - {FAILURE, USED}:
        return False
    with suppress(OSError):  # the cache is full or not to be written to, or another run was faster
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as name:
            copy = shutil.copytree(source, Path(name) / target.name)
            for stale in (target / FAILURE, target / USED):
                stale.unlink(missing_ok=True)
            copy.rename(target)
            return True
    return False
