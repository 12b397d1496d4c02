"""Steps in worker processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures import TimeoutError as TimeIsUp
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from queue import Empty
from typing import Any

from dock.core.errors import StoppedError, TaskError, WorkerError
from dock.core.workers import WorkerPool, available_cores
from dock.workflow.cards import Cards
from dock.workflow.execution import Event, failed, perform
from dock.workflow.step import Conditions, Step
from dock.workflow.store import Store

POLL = 0.5  # seconds between looks at the progress of workers
PARENT_POLL = 2.0
# Behind the deadline, for simulations to save: seconds, and of the time there is (half of what `dock run` keeps free).
GRACE, GRACE_SHARE = 30.0, 0.05
_PROGRESS: Any = None  # in a worker, the queue that progress is told to


class LocalExecutor:
    """Does steps in worker processes; a worker that dies, or exceeds its time, takes only its own step along."""

    def __init__(
        self, store: Store, conditions: Conditions, workers: int, cards: tuple[str, ...] = ()
    ) -> None:
        self._store, self._workers = store, workers
        self._conditions = replace(conditions, threads=max(1, available_cores() // workers))
        self._grace = min(GRACE, GRACE_SHARE * (conditions.deadline - time.time()))
        self._cards = Cards(cards)
        self._queue = multiprocessing.get_context("spawn").Queue()
        self._waiting: list[Step[Any]] = []
        self._running: dict[Any, Step[Any]] = {}
        self._deaths: Counter[str] = Counter()
        self._pids: set[int] = set()
        self._pool = WorkerPool(workers, _start_worker, (self._queue, os.getpid()))

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, or what is will not be waited for any longer."""
        return not (self._waiting or self._running) or self._late(self._grace)

    def submit(self, step: Step[Any]) -> None:
        """Take in a step whose needs are done."""
        self._waiting.append(step)

    def events(self) -> Iterator[Event]:
        """Hand out steps to idle workers, and yield what has happened within half a second."""
        if self._late():
            self._waiting.clear()
        for step in list(self._waiting):
            if len(self._running) == self._workers:
                break
            conditions = self._placed(step)
            if conditions is not None:
                self._waiting.remove(step)
                work = (step, self._store, conditions)
                future = self._pool.schedule(_work, work, step.resources.time_limit)
                self._running[future] = step
        if not self._running:
            return
        finished, _ = wait(self._running, timeout=POLL, return_when=FIRST_COMPLETED)
        running = {self._store.key(each): each for each in self._running.values()}
        for key, fraction in self._messages():
            if key in running:
                yield Event("progress", running[key], fraction)
        for future in finished:
            step = self._running.pop(future)
            self._cards.release(self._store.key(step))
            event = self._finished(step, future)
            if event is not None:
                yield event

    def close(self) -> None:
        """End what is under way, with the programs that it started."""
        if not self._running:
            self._pool.close()
            return
        for _ in self._messages():
            pass
        for pid in self._pids:  # each worker leads a group
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGTERM)
        self._pool.stop()

    def _late(self, grace: float = 0.0) -> bool:
        return time.time() >= self._conditions.deadline + grace

    def _placed(self, step: Step[Any]) -> Conditions | None:
        """Return the conditions with a card for the step, or None while every card is full."""
        if not self._cards:
            return self._conditions
        card = self._cards.take(self._store.key(step), step.resources.card)
        return None if card is None else replace(self._conditions, device=card)

    def _finished(self, step: Step[Any], future: Any) -> Event | None:
        """Return what became of a step; None if it is tried again, since its worker died."""
        from pebble import ProcessExpired

        try:
            event: Event = future.result()
            return replace(event, step=step)
        except StoppedError as error:
            return Event("stopped", step, message=str(error))
        except TimeIsUp:
            problem = f"took longer than {step.resources.time_limit:g} s"
            return failed(step, self._store, WorkerError(step.label, problem, "raise its time_limit"))
        except (ProcessExpired, BrokenProcessPool) as death:
            key = self._store.key(step)
            self._deaths[key] += 1
            if self._store.is_done(step):
                return Event("done", step, 1.0)
            if self._deaths[key] == 1:
                self._waiting.insert(0, step)
                return None
            problem = f"its worker process died twice ({death})"
            return failed(step, self._store, WorkerError(step.label, problem, "look for lack of memory"))
        except Exception as unforeseen:  # what cannot be sent back from a worker
            return failed(step, self._store, TaskError(step.label, str(unforeseen)))

    def _messages(self) -> Iterator[tuple[str, float]]:
        """Yield what workers told: the fraction of a step, by key, or their own process id."""
        with suppress(Empty):
            while True:
                key, value = self._queue.get_nowait()
                if key == "":
                    self._pids.add(int(value))
                else:
                    yield key, value


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


def _work(step: Step[Any], store: Store, conditions: Conditions) -> Event:
    key = store.key(step)

    def progress(fraction: float) -> None:
        _PROGRESS.put((key, fraction))

    return perform(step, store, conditions, progress)
