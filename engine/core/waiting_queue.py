"""The line of jobs that wait: who is in it, who is held back, and in which order they are let in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from engine.core import scheduling
from engine.core.render_job import PlannedJob
from engine.protocol.messages import Job, JobId

EVERYWHERE = None
"""Stands for every server where one would be named."""


class WaitingQueue:
    """Jobs that wait. What order they have is `engine.core.scheduling`'s to say."""

    def __init__(self) -> None:
        self._entries: dict[JobId, PlannedJob] = {}
        self._overtaken: Counter[JobId] = Counter()
        self._paused: set[str | None] = set()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, job: JobId) -> bool:
        return job in self._entries

    def __getitem__(self, job: JobId) -> PlannedJob:
        return self._entries[job]

    def join(self, entry: PlannedJob) -> None:
        """Put a job at the end."""
        self._entries[entry.job.id] = entry

    def update(self, entry: PlannedJob) -> None:
        """Put what is known now of a job in line in the place of what was known before; it keeps its place."""
        self._entries[entry.job.id] = entry

    def leave(self, job: JobId) -> PlannedJob | None:
        """Take a job out, wherever it stands; None if it is not in line."""
        self._overtaken.pop(job, None)
        return self._entries.pop(job, None)

    def pause(self, server: str | None, *, paused: bool) -> None:
        """Hold the jobs of a server, or all if it is None, or let them go on."""
        if paused:
            self._paused.add(server)
        else:
            self._paused.discard(server)

    @property
    def held(self) -> list[PlannedJob]:
        """The jobs that are held."""
        return [entry for entry in self._entries.values() if self._is_held(entry.job)]

    def in_order(self, running: Iterable[Job]) -> list[scheduling.QueuedJob]:
        """Return the jobs that may be let in, the next one first, beside those that run."""
        waiting = [self._queued_job(entry.job) for entry in self._entries.values() if not self._is_held(entry.job)]
        return scheduling.line_up(waiting, map(self._queued_job, running))

    def note_overtaking(self, admitted: scheduling.QueuedJob, waiting: Iterable[scheduling.QueuedJob]) -> None:
        """Remember before whom a job is let in for priority's sake."""
        self._overtaken.update(scheduling.overtaken_by(admitted, waiting))

    def _queued_job(self, job: Job) -> scheduling.QueuedJob:
        return scheduling.QueuedJob(job.id, job.owner, job.priority, self._overtaken[job.id])

    def _is_held(self, job: Job) -> bool:
        return EVERYWHERE in self._paused or (job.server is not None and job.server in self._paused)
