"""Executors: tasks done here, or by worker processes on this machine, in the order they need."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from dock.campaign.plan import Task
from dock.campaign.tasks import FAILURE, is_done, perform, record_failure
from dock.core.errors import TaskError
from dock.core.workers import available_cores

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
    """Tasks in worker processes; a worker that dies takes only its own task along."""

    def __init__(self, run: Path, platform: str, workers: int) -> None:
        self._run, self._platform, self._workers = run, platform, workers
        self._threads = max(1, available_cores() // workers)
        self._context = multiprocessing.get_context("spawn")
        self._queue = self._context.Queue()
        self._waiting: list[Task] = []
        self._running: dict[Future[dict[str, Any] | None], Task] = {}
        self._suspects: list[Task] = []
        self._deaths: Counter[str] = Counter()
        self._pids: set[int] = set()
        self._pool = self._new_pool()

    def submit(self, task: Task) -> None:
        self._waiting.append(task)

    def events(self) -> Iterator[Event]:
        self._start_waiting()
        if not self._running:
            return
        finished, _ = wait(self._running, timeout=POLL, return_when=FIRST_COMPLETED)
        running = {each.key: each for each in self._running.values()}
        for key, fraction in self._messages():
            if key in running:
                yield Event("progress", running[key], fraction)
        for future in finished:
            task = self._running.pop(future, None)
            if task is None:  # dealt with after the death of another's worker
                continue
            try:
                yield _outcome(task, future.result())
            except BrokenProcessPool:
                yield from self._after_a_death(task)
            except Exception as error:  # what cannot be sent back from a worker
                yield _outcome(task, record_failure(task, self._run, TaskError(task.label, str(error))))

    def close(self) -> None:
        idle = not self._running
        self._pool.shutdown(wait=idle, cancel_futures=True)
        if not idle:
            for _ in self._messages():
                pass
            for pid in self._pids:  # each worker leads a group, with the programs that it started
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGTERM)

    def _start_waiting(self) -> None:
        """Hand tasks to free workers; after a death, one suspect at a time."""
        while self._suspects and not self._running:
            self._hand_over(self._suspects.pop(0))
        while self._waiting and not self._suspects and len(self._running) < self._workers:
            if any(self._deaths[task.key] for task in self._running.values()):
                return
            self._hand_over(self._waiting.pop(0))

    def _hand_over(self, task: Task) -> None:
        work = partial(_work, task, self._run, self._threads, self._platform)
        try:
            future = self._pool.submit(work)
        except BrokenProcessPool:  # an idle worker was killed
            self._pool = self._new_pool()
            future = self._pool.submit(work)
        self._running[future] = task

    def _after_a_death(self, task: Task) -> Iterator[Event]:
        """Go on after a worker died, which breaks the pool and does not tell whose death it was.

        Every task that was running is done again, alone; one that kills its worker twice is failed.
        """
        for each in [task, *self._running.values()]:
            self._deaths[each.key] += 1
            if is_done(each, self._run):
                yield Event("done", each, 1.0)
            elif self._deaths[each.key] > 1:
                error = TaskError(each.label, "its worker process died twice", "look for lack of memory")
                yield _outcome(each, record_failure(each, self._run, error))
            else:
                self._suspects.append(each)
        self._running.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._new_pool()

    def _messages(self) -> Iterator[tuple[str, float]]:
        """Yield what workers told: the fraction of a task, or their own process id."""
        with suppress(Empty):
            while True:
                key, value = self._queue.get_nowait()
                if key == "":
                    self._pids.add(int(value))
                else:
                    yield key, value

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers,
            mp_context=self._context,
            initializer=_start_worker,
            initargs=(self._queue, os.getpid()),
        )


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
