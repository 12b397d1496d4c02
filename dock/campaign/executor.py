"""Executors: tasks done here, or by worker processes on this machine, in the order they need."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures import TimeoutError as TimeIsUp
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from dock.campaign.cards import Cards
from dock.campaign.plan import Task
from dock.campaign.tasks import FAILURE, RESULT, Conditions, is_done, perform, record_failure
from dock.core.errors import DockError, StoppedError, TaskError, WorkerError
from dock.core.workers import WorkerPool, available_cores
from dock.dynamics.platforms import devices

POLL = 0.5  # seconds between looks at the progress of workers
PARENT_POLL = 2.0
# Behind the deadline, for simulations to save: seconds, and of the time there is (half of what `dock run` keeps free).
GRACE, GRACE_SHARE = 30.0, 0.05
_PROGRESS: Any = None  # in a worker, the queue that progress is told to


@dataclass(frozen=True)
class Event:
    """Something that happened: a task ``started``, has ``progress``, is ``done``, ``kept``, ``failed`` or ``stopped``."""

    what: Literal["started", "progress", "done", "kept", "failed", "stopped"]
    task: Task
    fraction: float = 0.0
    message: str = ""


def execute(
    tasks: Sequence[Task], run: Path, executor: str, workers: int, conditions: Conditions
) -> Iterator[Event]:
    """Do every task that is not done yet, telling what happens.

    A task whose needs failed is recorded as failed, too. Whatever is interrupted leaves no
    result, and is done again by the next call. At the deadline simulations save and stop, and nothing
    new is begun.

    Parameters
    ----------
    executor
        ``inline`` (in this process, one after the other) or ``local`` (worker processes).
    workers
        Number of worker processes; the processor's cores are shared between them.
    conditions
        Of which the threads are set here.
    """
    order = TopologicalSorter({task.key: set(task.needs.values()) for task in tasks})
    order.prepare()
    by_key = {task.key: task for task in tasks}
    failed: set[str] = set()
    runner: _Inline | _Local
    runner = _Inline(run, conditions) if executor == "inline" else _Local(run, conditions, workers)
    try:
        while order.is_active():
            ready = order.get_ready()
            for key in ready:
                task = by_key[key]
                lost = _lost_need(task, failed)
                if is_done(task, run):
                    yield Event("kept", task)
                    order.done(key)
                elif lost:
                    failure = record_failure(
                        task, run, TaskError(task.label, f"needs '{by_key[lost].label}', which failed")
                    )
                    failed.add(key)
                    yield Event("failed", task, message=failure["message"])
                    order.done(key)
                elif not _late(conditions):
                    for stale in (FAILURE, RESULT):
                        (task.folder(run) / stale).unlink(missing_ok=True)
                    runner.submit(task)
                    yield Event("started", task)
            if runner.idle:
                if not ready:
                    return  # time was up: what is left waits for the next run
                continue
            for event in runner.events():
                yield event
                if event.what in ("done", "failed"):
                    if event.what == "failed":
                        failed.add(event.task.key)
                    order.done(event.task.key)
    finally:
        runner.close()


def _lost_need(task: Task, failed: Collection[str]) -> str:
    """Return the key of a task that failed and without which this one cannot be done; empty if none."""
    lost = [role for role, key in task.needs.items() if key in failed]
    if not set(task.enough) <= set(lost):
        lost = [role for role in lost if role not in task.enough]
    return task.needs[lost[0]] if lost else ""


def _late(conditions: Conditions, grace: float = 0.0) -> bool:
    return time.time() >= conditions.deadline + grace


class _Inline:
    """Tasks one after the other in this process."""

    def __init__(self, run: Path, conditions: Conditions) -> None:
        self._run, self._conditions = run, replace(conditions, threads=available_cores())
        self._waiting: list[Task] = []

    @property
    def idle(self) -> bool:
        return not self._waiting

    def submit(self, task: Task) -> None:
        self._waiting.append(task)

    def events(self) -> Iterator[Event]:
        task = self._waiting.pop(0)
        if _late(self._conditions):
            return
        try:
            yield _outcome(task, perform(task, self._run, self._conditions, lambda _: None))
        except StoppedError as error:
            yield Event("stopped", task, message=str(error))

    def close(self) -> None:
        self._waiting.clear()


class _Local:
    """Tasks in worker processes; a worker that dies, or exceeds its time, takes only its own task along."""

    def __init__(self, run: Path, conditions: Conditions, workers: int) -> None:
        self._run, self._workers = run, workers
        self._conditions = replace(conditions, threads=max(1, available_cores() // workers))
        self._grace = min(GRACE, GRACE_SHARE * (conditions.deadline - time.time()))
        self._cards = Cards(find_cards(conditions))
        self._queue = multiprocessing.get_context("spawn").Queue()
        self._waiting: list[Task] = []
        self._running: dict[Any, Task] = {}
        self._deaths: Counter[str] = Counter()
        self._pids: set[int] = set()
        self._pool = WorkerPool(workers, _start_worker, (self._queue, os.getpid()))

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, or what is will not be waited for any longer."""
        return not (self._waiting or self._running) or _late(self._conditions, self._grace)

    def submit(self, task: Task) -> None:
        self._waiting.append(task)

    def events(self) -> Iterator[Event]:
        if _late(self._conditions):
            self._waiting.clear()
        for task in list(self._waiting):
            if len(self._running) == self._workers:
                break
            conditions = self._placed(task)
            if conditions is not None:
                self._waiting.remove(task)
                work = (task, self._run, conditions)
                self._running[self._pool.schedule(_work, work, task.time_limit)] = task
        if not self._running:
            return
        finished, _ = wait(self._running, timeout=POLL, return_when=FIRST_COMPLETED)
        running = {each.key: each for each in self._running.values()}
        for key, fraction in self._messages():
            if key in running:
                yield Event("progress", running[key], fraction)
        for future in finished:
            task = self._running.pop(future)
            self._cards.release(task)
            event = self._finish(task, future)
            if event is not None:
                yield event

    def close(self) -> None:
        if not self._running:
            self._pool.close()
            return
        for _ in self._messages():
            pass
        for pid in self._pids:  # each worker leads a group, with the programs that it started
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGTERM)
        self._pool.stop()

    def _placed(self, task: Task) -> Conditions | None:
        """Return the conditions with a card for the task, or None while every card is full."""
        if not self._cards:
            return self._conditions
        card = self._cards.take(task)
        return None if card is None else replace(self._conditions, device=card)

    def _finish(self, task: Task, future: Any) -> Event | None:
        """Return what became of a task; None if it is tried again, since its worker died."""
        from pebble import ProcessExpired

        try:
            return _outcome(task, future.result())
        except StoppedError as error:
            return Event("stopped", task, message=str(error))
        except TimeIsUp:
            problem = f"took longer than {task.time_limit:g} s"
            failure: DockError = WorkerError(task.label, problem, "raise docking.time_limit")
        except (ProcessExpired, BrokenProcessPool) as death:
            self._deaths[task.key] += 1
            if is_done(task, self._run):
                return Event("done", task, 1.0)
            if self._deaths[task.key] == 1:
                self._waiting.insert(0, task)
                return None
            failure = WorkerError(
                task.label, f"its worker process died twice ({death})", "look for lack of memory"
            )
        except Exception as unforeseen:  # what cannot be sent back from a worker
            failure = TaskError(task.label, str(unforeseen))
        return _outcome(task, record_failure(task, self._run, failure))

    def _messages(self) -> Iterator[tuple[str, float]]:
        """Yield what workers told: the fraction of a task, or their own process id."""
        with suppress(Empty):
            while True:
                key, value = self._queue.get_nowait()
                if key == "":
                    self._pids.add(int(value))
                else:
                    yield key, value


def find_cards(conditions: Conditions) -> list[str]:
    """Return the indices of the cards that simulations are spread over: those named, or all there are; none of the CPU."""
    if conditions.device is not None and conditions.processor.gpu:
        return conditions.device.split(",")
    return devices(conditions.processor.platform)


def _outcome(task: Task, failure: dict[str, Any] | None) -> Event:
    if failure is None:
        return Event("done", task, 1.0)
    return Event("failed", task, message=failure["message"])


def _start_worker(queue: Any, parent: int) -> None:
    """Prepare a worker: it leads a process group, which ends with the parent.

    Ctrl-C reaches the parent alone, which ends the group with every program that it started.
    """
    global _PROGRESS
    _PROGRESS = queue
    os.setpgid(0, 0)
    queue.put(("", os.getpid()))
    threading.Thread(target=_follow_parent, args=(parent,), daemon=True).start()


def _follow_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_POLL)
    os.killpg(0, signal.SIGKILL)


def _work(task: Task, run: Path, conditions: Conditions) -> dict[str, Any] | None:
    def progress(fraction: float) -> None:
        _PROGRESS.put((task.key, fraction))

    return perform(task, run, conditions, progress)
