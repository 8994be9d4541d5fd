"""Queued jobs whose frames on disk are still being verified: a restart brings many of them at once.

Frames are verified to the last byte before a job goes on from them: on the jobs' writer threads, in portions, so that
no step waits for it. Not thread-safe.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import Future
from typing import Final

from engine.core.planned_job import PlannedJob
from engine.core.writers import Writers
from engine.protocol.messages import JobId

AT_A_TIME: Final = 4
"""Jobs that are prepared side by side; each delays a running job's writes by at most one portion."""

Preparation = Generator[None, None, PlannedJob]


class Arrivals:
    """Prepares jobs, each on its own writer, after whatever that still has to do."""

    def __init__(self, writers: Writers) -> None:
        self._writers = writers
        self._waiting: dict[JobId, Preparation] = {}
        self._begun: dict[JobId, Future[PlannedJob]] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._begun)

    def __contains__(self, job: object) -> bool:
        return job in self._waiting or job in self._begun

    def add(self, job: JobId, preparation: Preparation) -> None:
        self._waiting[job] = preparation

    def remove(self, job: JobId) -> None:
        self._waiting.pop(job, None)
        self._begun.pop(job, None)

    def begin(self, order: Iterable[JobId]) -> None:
        """Prepare as many as there is room for: first those of `order`, then the others as they came."""
        for job in [*order, *self._waiting]:
            if len(self._begun) >= AT_A_TIME:
                return
            if (preparation := self._waiting.pop(job, None)) is not None:
                self._begun[job] = self._writers.of(job).submit_portions(preparation)

    def take_ready(self) -> list[tuple[JobId, Future[PlannedJob]]]:
        """Take out the jobs that are prepared, each with its result or error."""
        ready = [(job, future) for job, future in self._begun.items() if future.done()]
        for job, _ in ready:
            del self._begun[job]
        return ready

    @property
    def pending(self) -> list[Future[PlannedJob]]:
        return list(self._begun.values())
