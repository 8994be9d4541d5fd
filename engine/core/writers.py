"""The threads that write frames: those of one job in order, different jobs side by side.

writers = Writers(4)
writer = writers.of("job")
saved = writer.aside(save, frame)      # on any thread, as soon as one is free
writer.submit(append, frame, saved)    # after everything submitted for this job before
writer.submit_portions(verify())       # the same, but other jobs get a turn at each `yield`
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

from engine.environment import lower_thread_priority
from engine.protocol.messages import JobId

MOST_THREADS: Final = 8

Result = TypeVar("Result")


def count_threads() -> int:
    """Return how many threads write: half of the cores; the others serve a model or a graphics card."""
    return max(1, min(MOST_THREADS, (os.cpu_count() or 1) // 2))


class Writers:
    """A pool of threads."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(
            max_workers=threads, thread_name_prefix="writer", initializer=lower_thread_priority
        )
        self._is_closed = False
        self._writers: WeakValueDictionary[JobId, Writer] = WeakValueDictionary()

    def of(self, job: JobId) -> Writer:
        """Return the writer of a job: the same while it has work or is referenced."""
        writer = self._writers.get(job)
        if writer is None:
            writer = self._writers[job] = Writer(self._pool)
        return writer

    def close(self) -> None:
        """Wait until everything is written."""
        for writer in [] if self._is_closed else list(self._writers.values()):
            writer.submit(int).result()  # comes last; until then the pool has to take more
        self._is_closed = True
        self._pool.shutdown(wait=True)


class Writer:
    """Work of one job, done in order."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Future[Any], Generator[None, None, Any]]] = deque()
        self._busy = False

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Do something after everything that was submitted before."""
        return self.submit_portions(_as_one_portion(work, *arguments))

    def submit_portions(self, portions: Generator[None, None, Result]) -> Future[Result]:
        """Run a generator after everything that was submitted before, with a turn for other jobs at each `yield`."""
        future: Future[Result] = Future()
        with self._lock:
            self._waiting.append((future, portions))
            if self._busy:
                return future
            self._busy = True
        self._pool.submit(self._work)
        return future

    def aside(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Do something without waiting for what was submitted before."""
        return self._pool.submit(work, *arguments)

    def _work(self) -> None:
        """Do one portion, and let other jobs have their turn before the next."""
        with self._lock:
            future, portions = self._waiting.popleft()
        try:
            next(portions)
        except StopIteration as end:
            future.set_result(end.value)
        except BaseException as error:  # noqa: BLE001 - as any executor: whoever asks for the result gets it
            future.set_exception(error)
        else:
            with self._lock:
                self._waiting.appendleft((future, portions))  # what was submitted after it still has to wait
        with self._lock:
            self._busy = bool(self._waiting)
            if self._busy:
                self._pool.submit(self._work)


def run_portions(portions: Generator[None, None, Result]) -> Result:
    """Run a generator to its end on this thread, and return its result."""
    try:
        while True:
            next(portions)
    except StopIteration as end:
        result: Result = end.value
        return result


def _as_one_portion(work: Callable[..., Result], *arguments: Any) -> Generator[None, None, Result]:
    return work(*arguments)
    yield
