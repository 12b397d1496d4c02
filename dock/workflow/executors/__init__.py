"""Executors: how steps are done, here or by worker processes on this machine."""

from __future__ import annotations

from dock.core.errors import SettingsError
from dock.workflow.execution import Executor
from dock.workflow.executors.inline import InlineExecutor
from dock.workflow.executors.local import LocalExecutor
from dock.workflow.step import Conditions
from dock.workflow.store import Store

NAMES = ("local", "inline")


def make_executor(
    name: str, store: Store, conditions: Conditions, workers: int = 1, cards: tuple[str, ...] = ()
) -> Executor:
    """Make the executor called `name`.

    Parameters
    ----------
    name
        ``inline`` (in this process, one after the other) or ``local`` (worker processes).
    conditions
        Of which the threads are set by the executor: the cores are shared between the workers.
    workers
        Number of worker processes.
    cards
        Indices of the GPUs over which the steps that use one are spread.

    Raises
    ------
    SettingsError
        If there is no such executor.
    """
    if name == "inline":
        return InlineExecutor(store, conditions)
    if name == "local":
        return LocalExecutor(store, conditions, workers, cards)
    raise SettingsError(name, "is no executor", f"known: {', '.join(NAMES)}")
