"""Jobs that have come in and whose folders are still looked through: a restart brings many of them at once.

What an earlier attempt has left, or another job is to be continued from, is verified to the last byte before any frame
is rendered on top of it. That is reading, and a lot of it, so it happens on the jobs' writer threads, in portions; no
step waits for it. Not thread-safe: one thread calls these methods.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import Future
from typing import Final

from engine.core.render_job import PlannedJob
from engine.core.writers import Writers
from engine.protocol.messages import JobId

AT_A_TIME: Final = 4
"""Jobs that are looked through side by side: those in work wait for a portion of each to have their frames written."""

Preparation = Generator[None, None, PlannedJob]


class Arrivals:
    """What is done before jobs may be let in, each on its own writer and after whatever that has still to do."""

    def __init__(self, writers: Writers) -> None:
        self._writers = writers
        self._waiting: dict[JobId, Preparation] = {}
        self._begun: dict[JobId, Future[PlannedJob]] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._begun)

    def __contains__(self, job: JobId) -> bool:
        return job in self._waiting or job in self._begun

    def join(self, job: JobId, preparation: Preparation) -> None:
        """Have a job prepared."""
        self._waiting[job] = preparation

    def leave(self, job: JobId) -> None:
        """Forget about a job; of what was begun for it nobody hears any more."""
        self._waiting.pop(job, None)
        self._begun.pop(job, None)

    def begin(self, order: Iterable[JobId]) -> None:
        """Begin with as many as there is room for: first those of `order`, then the others as they have come."""
        for job in [*order, *self._waiting]:
            if len(self._begun) >= AT_A_TIME:
                return
            if (preparation := self._waiting.pop(job, None)) is not None:
                self._begun[job] = self._writers.of(job).submit_portions(preparation)

    def take_ready(self) -> list[tuple[JobId, Future[PlannedJob]]]:
        """Return those that are through, and forget about them; whoever asks for a result hears what went wrong."""
        ready = [(job, future) for job, future in self._begun.items() if future.done()]
        for job, _ in ready:
            del self._begun[job]
        return ready

    @property
    def pending(self) -> list[Future[PlannedJob]]:
        """What is under way."""
        return list(self._begun.values())
