"""Workers: a function over a stream of items on every core, in order and in bounded memory."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import TimeoutError as TimeIsUp
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Generic, TypeVar

from dock.core.errors import DockError, WorkerError

Item = TypeVar("Item")
Result = TypeVar("Result")

IN_FLIGHT = 128  # items for each worker: one that takes seconds does not starve the other workers
PARENT_POLL = 2.0  # seconds
BREAKDOWNS = 3  # of the pool, that an item is tried again after


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """What became of an item: a result, or the error that took its place."""

    item: Item
    result: Result | None = None
    error: DockError | None = None


def available_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerPool:
    """Worker processes; one that dies, or is ended for exceeding its time, is replaced.

    Parameters
    ----------
    workers
        Number of processes.
    initializer, initargs
        Called in each process first.
    """

    def __init__(self, workers: int, initializer: Callable[..., None], initargs: Sequence[Any]) -> None:
        self._workers, self._initializer, self._initargs = workers, initializer, initargs
        self._context = multiprocessing.get_context("spawn")
        self._pool = self._made()

    def schedule(self, function: Callable[..., Any], args: Sequence[Any], timeout: float | None) -> Any:
        """Return the future of a call.

        It raises TimeoutError after the timeout, in seconds, ProcessExpired if the worker died over
        it, and BrokenProcessPool if the pool broke down over another call.
        """
        try:
            return self._pool.schedule(function, args=args, timeout=timeout)
        except RuntimeError:  # pebble gives up its whole pool when an idle worker is killed
            self.stop()
            self._pool = self._made()
            return self._pool.schedule(function, args=args, timeout=timeout)

    def close(self) -> None:
        """Wait for what is under way, and end the workers."""
        self._pool.close()
        self._pool.join()

    def stop(self) -> None:
        """End the workers at once."""
        self._pool.stop()
        self._pool.join()

    def _made(self) -> Any:
        from pebble import ProcessPool

        return ProcessPool(
            max_workers=self._workers,
            context=self._context,
            initializer=self._initializer,
            initargs=self._initargs,
        )


def in_order(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    label: Callable[[Item], str],
    workers: int | None = None,
    time_limit: float | None = None,
    slow_source: bool = False,
) -> Generator[Outcome[Item, Result]]:
    """Yield what a function makes of each item, in the order of the items, by worker processes.

    At most 128 items for each worker are under way at a time, whatever the length of the stream.
    An item whose worker dies, or takes longer than the limit, is lost alone: a new worker goes
    on with the next.

    Parameters
    ----------
    function
        Importable by its name and, as items and results, picklable.
    label
        What an item is called in an error.
    workers
        Number of processes; one for each core if None.
    time_limit
        In seconds for each item, counted from its start.
    slow_source
        Whether items take time to come: every worker is then started at once, with the first of them.
        Otherwise there are no more workers than items.
    """
    waiting = iter(items)
    workers = workers or available_cores()
    first = list(islice(waiting, 1 if slow_source else workers))
    if not first:
        return
    workers = workers if slow_source else len(first)
    pool = WorkerPool(workers, _follow_parent, (os.getpid(),))
    under_way: deque[tuple[Item, Any]] = deque()

    def settled() -> Outcome[Item, Result]:
        item, future = under_way.popleft()
        for _ in range(BREAKDOWNS):
            try:
                return _outcome(item, future, label)
            except BrokenProcessPool:  # over another item: these get their turn again
                future = pool.schedule(_attempt, (function, item), time_limit)
                for place, (other, lost) in enumerate(under_way):
                    if lost.done() and isinstance(lost.exception(), BrokenProcessPool):
                        under_way[place] = (other, pool.schedule(_attempt, (function, other), time_limit))
        return Outcome(item, error=WorkerError(label(item), "the pool of workers broke down again and again"))

    try:
        for item in chain(first, waiting):
            under_way.append((item, pool.schedule(_attempt, (function, item), time_limit)))
            while under_way and (len(under_way) >= IN_FLIGHT * workers or under_way[0][1].done()):
                yield settled()
        while under_way:
            yield settled()
        pool.close()
    finally:
        pool.stop()


@dataclass(frozen=True)
class _Unforeseen:
    """An error that the code did not foresee, as text."""

    text: str


def _attempt(function: Callable[[Item], Result], item: Item) -> Result | _Unforeseen:
    """Return what a function makes of an item, or what stopped it, if that is no error of ours.

    An error may be of a class that cannot be sent to another process, as RDKit's are, so that only its text leaves
    the worker.
    """
    try:
        return function(item)
    except DockError:
        raise
    except Exception as error:  # what the code did not foresee must not stop the other items
        return _Unforeseen(f"{type(error).__name__}: {error}")


def _outcome(item: Item, future: Any, label: Callable[[Item], str]) -> Outcome[Item, Any]:
    from pebble import ProcessExpired

    try:
        result = future.result()
        if isinstance(result, _Unforeseen):
            return Outcome(item, error=WorkerError(label(item), result.text))
        return Outcome(item, result=result)
    except DockError as error:
        return Outcome(item, error=error)
    except TimeIsUp as error:
        limit = error.args[-1] if error.args else "its limit"
        problem, advice = f"took longer than {limit} s", "raise the time limit, or leave it out"
        return Outcome(item, error=WorkerError(label(item), problem, advice))
    except ProcessExpired as error:
        problem = f"its worker process died (exit code {error.exitcode})"
        return Outcome(item, error=WorkerError(label(item), problem, "look for lack of memory"))
    except BrokenProcessPool:
        raise
    except Exception as error:  # what cannot be sent to a worker, or back
        return Outcome(item, error=WorkerError(label(item), f"{type(error).__name__}: {error}"))


def _follow_parent(parent: int) -> None:
    """Let a worker end with its parent, also where the parent is killed."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    with suppress(Exception):
        while os.getppid() == parent:
            time.sleep(PARENT_POLL)
    os._exit(1)
