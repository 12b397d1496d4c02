"""Execution: every step that is not done yet, in the order that they need each other, by an executor."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Literal, Protocol

from dock.core.errors import DockError, StoppedError, TaskError
from dock.workflow.step import Conditions, Context, Step
from dock.workflow.store import Store


@dataclass(frozen=True)
class Event:
    """Something that happened: a step ``started``, has ``progress``, is ``done``, ``kept``, ``failed`` or ``stopped``."""

    kind: Literal["started", "progress", "done", "kept", "failed", "stopped"]
    step: Step[Any]
    fraction: float = 0.0
    message: str = ""


class Executor(Protocol):
    """Does steps, in any order, and tells what happens."""

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, or what is will not be waited for any longer."""

    def submit(self, step: Step[Any]) -> None:
        """Take in a step whose needs are done."""

    def events(self) -> Iterator[Event]:
        """Yield what has happened since, after waiting a little."""

    def close(self) -> None:
        """End what is under way."""


SHARE_OF_PLANNING = 10.0  # of the time that a plan takes, at least, passes before the next one

# Plans what can be planned by now: called with the keys of what failed.
Plan = Callable[[Collection[str]], Sequence[Step[Any]]]


def execute(plan: Plan, store: Store, executor: Executor, deadline: float) -> Iterator[Event]:
    """Do every step that is not done yet, telling what happens.

    A step whose needs failed is recorded as failed, too. Whatever is interrupted leaves no result, and is done
    again by the next call. At the deadline (`time.time()`) nothing new is begun.

    Parameters
    ----------
    plan
        Called at the start, and again whenever a step has ended that more are planned after.
    """
    begun, ended, failed = set[str](), set[str](), set[str]()
    grown, planned_at, planning = True, 0.0, 0.0
    by_key: dict[str, Step[Any]] = {}
    try:
        while True:
            # A plan of thousands of steps takes seconds, in which workers are not fed.
            if grown and (executor.idle or time.monotonic() - planned_at > SHARE_OF_PLANNING * planning):
                started = time.monotonic()
                known = by_key
                by_key = {store.key(step): step for step in plan(failed)}
                for key in by_key.keys() - known.keys():
                    store.forget_failure(by_key[key])
                order = _order(by_key, store, ended)
                grown, planned_at = False, time.monotonic()
                planning = planned_at - started
            ready = [key for key in order.get_ready() if key not in begun] if order.is_active() else []
            here = list[Event]()
            for key in ready:
                step = by_key[key]
                lost = _lost_need(step, store, failed)
                if store.is_done(step) or (lost is None and store.fetch(step)):
                    here.append(Event("kept", step))
                elif lost is not None:
                    error = TaskError(step.label, f"needs '{lost.label}', which failed")
                    here.append(Event("failed", step, message=store.fail(step, error).message))
                elif time.time() < deadline:
                    executor.submit(step)
                    begun.add(key)
                    yield Event("started", step)
            if not here and executor.idle and not grown:
                if not ready:
                    return  # nothing is left, or time was up and what is left waits for the next run
                continue
            for event in here or executor.events():
                yield event
                if event.kind in ("kept", "done", "failed"):
                    key = store.key(event.step)
                    ended.add(key)
                    if key in by_key:
                        order.done(key)
                    grown = grown or event.step.expands
                    if event.kind == "failed":
                        failed.add(key)
                    elif event.kind == "done":
                        store.share(event.step)
    finally:
        executor.close()


def _order(by_key: Mapping[str, Step[Any]], store: Store, ended: Collection[str]) -> TopologicalSorter[str]:
    """Return the order of the steps that have not ended, ready to be asked."""
    needs = {key: set(map(store.key, step.needs)).difference(ended) for key, step in by_key.items()}
    order = TopologicalSorter({key: each for key, each in needs.items() if key not in ended})
    order.prepare()
    return order


def perform(
    step: Step[Any], store: Store, conditions: Conditions, progress: Callable[[float], None] = lambda _: None
) -> Event:
    """Do a step, write down how it went, and return that.

    Raises
    ------
    StoppedError
        If the time was up; a later run continues.
    """
    started = time.perf_counter()
    try:
        result = step.run(Context(store, store.begin(step), conditions, progress))
        store.write(step, result, started, conditions.threads)
    except StoppedError:
        raise
    except DockError as error:
        return failed(step, store, error)
    except Exception as error:  # what the code did not foresee must not stop the other steps
        return failed(step, store, TaskError(step.label, f"{type(error).__name__}: {error}"))
    return Event("done", step, 1.0)


def failed(step: Step[Any], store: Store, error: DockError) -> Event:
    """Write down why a step failed, and return that as an event."""
    return Event("failed", step, message=store.fail(step, error).message)


def _lost_need(step: Step[Any], store: Store, failed: Collection[str]) -> Step[Any] | None:
    """Return a step that failed and without which this one cannot be done."""
    lost = [need for need in step.needs if store.key(need) in failed]
    alternatives = {store.key(each) for each in step.alternatives}
    if not alternatives or any(key not in failed for key in alternatives):
        lost = [need for need in lost if store.key(need) not in alternatives]
    return lost[0] if lost else None
