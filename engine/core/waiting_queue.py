"""The jobs that wait: which there are, which are held, and in which order they are admitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container

from engine.core import scheduling
from engine.core.planned_job import PlannedJob
from engine.core.render_job import RenderJob
from engine.protocol.messages import Job, JobId

EVERYWHERE = None
"""Stands for every server where one would be named."""


class WaitingQueue:
    """Jobs that wait, in the order of `engine.core.scheduling`; `slots` run side by side, guests aside."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._guests: set[JobId] = set()
        self._jobs: dict[JobId, PlannedJob] = {}
        self._overtaken: Counter[JobId] = Counter()
        self._paused: set[str | None] = set()

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, job: JobId) -> bool:
        return job in self._jobs

    def put(self, planned: PlannedJob) -> None:
        """Add a job at the end, or update it in its place."""
        self._jobs[planned.job.id] = planned

    def remove(self, job: JobId) -> None:
        self._overtaken.pop(job, None)
        self._jobs.pop(job, None)

    def pause(self, server: str | None, *, paused: bool) -> None:
        """Hold the jobs of a server, or all if it is None, or release them."""
        if paused:
            self._paused.add(server)
        else:
            self._paused.discard(server)

    @property
    def held(self) -> list[PlannedJob]:
        return [planned for planned in self._jobs.values() if self._is_held(planned.job)]

    def admit(self, running: Collection[RenderJob], unprepared: Container[JobId]) -> PlannedJob | None:
        """Take out the job that starts next, if one may: the first while a slot is free, else a short guest.

        The first keeps its turn while it is not prepared.
        """
        queue = self._order(running)
        self._guests.intersection_update(render_job.id for render_job in running)
        has_slot = len(running) - len(self._guests) < self._slots
        candidates = queue[:1] if has_slot else [queued for queued in queue if self._fits_between(queued, running)]
        candidates = [queued for queued in candidates if queued.job not in unprepared]
        if not candidates:
            return None
        admitted = candidates[0]
        if has_slot:
            self._overtaken.update(scheduling.find_overtaken(admitted, queue))
        else:
            self._guests.add(admitted.job)
        planned = self._jobs[admitted.job]
        self.remove(admitted.job)
        return planned

    def _fits_between(self, queued: scheduling.QueuedJob, running: Collection[RenderJob]) -> bool:
        calls = [render_job.calls_left for render_job in running]
        return scheduling.fits_between(self._jobs[queued.job].calls_left, calls, self._slots)

    def admission_order(self, running: Collection[RenderJob]) -> list[PlannedJob]:
        """Return the jobs that are not held, the next to be admitted first."""
        return [self._jobs[queued.job] for queued in self._order(running)]

    def _order(self, running: Collection[RenderJob]) -> list[scheduling.QueuedJob]:
        waiting = [self._queued_job(planned.job) for planned in self._jobs.values() if not self._is_held(planned.job)]
        return scheduling.order_queue(waiting, [self._queued_job(render_job.job) for render_job in running])

    def _queued_job(self, job: Job) -> scheduling.QueuedJob:
        return scheduling.QueuedJob(job.id, job.owner, job.priority, self._overtaken[job.id])

    def _is_held(self, job: Job) -> bool:
        return EVERYWHERE in self._paused or (job.server is not None and job.server in self._paused)
