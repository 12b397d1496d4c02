"""Executors: tasks done here, or by worker processes on this machine, in the order they need."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures import TimeoutError as TimeIsUp
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from dock.campaign.plan import Task
from dock.campaign.tasks import FAILURE, is_done, perform, record_failure
from dock.core.errors import DockError, TaskError, WorkerError
from dock.core.workers import WorkerPool, available_cores

POLL = 0.5  # seconds between looks at the progress of workers
PARENT_POLL = 2.0
_PROGRESS: Any = None  # in a worker, the queue that progress is told to


@dataclass(frozen=True)
class Event:
    """Something that happened: a task ``started``, has ``progress``, is ``done``, ``kept`` or ``failed``."""

    what: Literal["started", "progress", "done", "kept", "failed"]
    task: Task
    fraction: float = 0.0
    message: str = ""


def execute(tasks: Sequence[Task], run: Path, executor: str, workers: int, platform: str) -> Iterator[Event]:
    """Do every task that is not done yet, telling what happens.

    A task whose needs failed is recorded as failed, too. Whatever is interrupted leaves no
    result, and is done again by the next call.

    Parameters
    ----------
    executor
        ``inline`` (in this process, one after the other) or ``local`` (worker processes).
    workers
        Number of worker processes; the processor's cores are shared between them.
    """
    order = TopologicalSorter({task.key: set(task.needs.values()) for task in tasks})
    order.prepare()
    by_key = {task.key: task for task in tasks}
    failed: set[str] = set()
    runner: _Inline | _Local
    runner = _Inline(run, platform) if executor == "inline" else _Local(run, platform, workers)
    try:
        while order.is_active():
            for key in order.get_ready():
                task = by_key[key]
                broken = [by_key[need].label for need in task.needs.values() if need in failed]
                if is_done(task, run):
                    yield Event("kept", task)
                    order.done(key)
                elif broken:
                    failure = record_failure(
                        task, run, TaskError(task.label, f"needs '{broken[0]}', which failed")
                    )
                    failed.add(key)
                    yield Event("failed", task, message=failure["message"])
                    order.done(key)
                else:
                    (task.folder(run) / FAILURE).unlink(missing_ok=True)
                    runner.submit(task)
                    yield Event("started", task)
            for event in runner.events():
                yield event
                if event.what in ("done", "failed"):
                    if event.what == "failed":
                        failed.add(event.task.key)
                    order.done(event.task.key)
    finally:
        runner.close()


class _Inline:
    """Tasks one after the other in this process."""

    def __init__(self, run: Path, platform: str) -> None:
        self._run, self._platform = run, platform
        self._waiting: list[Task] = []

    def submit(self, task: Task) -> None:
        self._waiting.append(task)

    def events(self) -> Iterator[Event]:
        if self._waiting:
            task = self._waiting.pop(0)
            threads = available_cores()
            yield _outcome(task, perform(task, self._run, threads, self._platform, lambda _: None))

    def close(self) -> None:
        self._waiting.clear()


class _Local:
    """Tasks in worker processes; a worker that dies, or exceeds its time, takes only its own task along."""

    def __init__(self, run: Path, platform: str, workers: int) -> None:
        self._run, self._platform, self._workers = run, platform, workers
        self._threads = max(1, available_cores() // workers)
        self._queue = multiprocessing.get_context("spawn").Queue()
        self._waiting: list[Task] = []
        self._running: dict[Any, Task] = {}
        self._deaths: Counter[str] = Counter()
        self._pids: set[int] = set()
        self._pool = WorkerPool(workers, _start_worker, (self._queue, os.getpid()))

    def submit(self, task: Task) -> None:
        self._waiting.append(task)

    def events(self) -> Iterator[Event]:
        while self._waiting and len(self._running) < self._workers:
            task = self._waiting.pop(0)
            work = (task, self._run, self._threads, self._platform)
            self._running[self._pool.schedule(_work, work, task.time_limit)] = task
        if not self._running:
            return
        finished, _ = wait(self._running, timeout=POLL, return_when=FIRST_COMPLETED)
        running = {each.key: each for each in self._running.values()}
        for key, fraction in self._messages():
            if key in running:
                yield Event("progress", running[key], fraction)
        for future in finished:
            event = self._finish(self._running.pop(future), future)
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

    def _finish(self, task: Task, future: Any) -> Event | None:
        """Return what became of a task; None if it is tried again, since its worker died."""
        from pebble import ProcessExpired

        try:
            return _outcome(task, future.result())
        except TimeIsUp:
            problem = f"took longer than {task.time_limit:g} s"
            error: DockError = WorkerError(task.label, problem, "raise docking.time_limit")
        except (ProcessExpired, BrokenProcessPool) as death:
            self._deaths[task.key] += 1
            if is_done(task, self._run):
                return Event("done", task, 1.0)
            if self._deaths[task.key] == 1:
                self._waiting.insert(0, task)
                return None
            error = WorkerError(
                task.label, f"its worker process died twice ({death})", "look for lack of memory"
            )
        except Exception as unforeseen:  # what cannot be sent back from a worker
            error = TaskError(task.label, str(unforeseen))
        return _outcome(task, record_failure(task, self._run, error))

    def _messages(self) -> Iterator[tuple[str, float]]:
        """Yield what workers told: the fraction of a task, or their own process id."""
        with suppress(Empty):
            while True:
                key, value = self._queue.get_nowait()
                if key == "":
                    self._pids.add(int(value))
                else:
                    yield key, value


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


def _work(task: Task, run: Path, threads: int, platform: str) -> dict[str, Any] | None:
    def progress(fraction: float) -> None:
        _PROGRESS.put((task.key, fraction))

    return perform(task, run, threads, platform, progress)
