"""Steps one after the other in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dock.core.errors import StoppedError
from dock.core.workers import available_cores
from dock.workflow.execution import Event, perform
from dock.workflow.step import Conditions, Step
from dock.workflow.store import Store


class InlineExecutor:
    """Does steps in this process, on every core."""

    def __init__(self, store: Store, conditions: Conditions) -> None:
        self._store, self._conditions = store, replace(conditions, threads=available_cores())
        self._waiting: list[Step[Any]] = []

    @property
    def idle(self) -> bool:
        """Whether nothing is left."""
        return not self._waiting

    def submit(self, step: Step[Any]) -> None:
        """Take in a step whose needs are done."""
        self._waiting.append(step)

    def events(self) -> Iterator[Event]:
        """Do the next step."""
        step = self._waiting.pop(0)
        if time.time() >= self._conditions.deadline:
            return
        try:
            yield perform(step, self._store, self._conditions)
        except StoppedError as error:
            yield Event("stopped", step, message=str(error))

    def close(self) -> None:
        """Forget what is left."""
        self._waiting.clear()
