"""The state of a job that somebody still waits for."""

from __future__ import annotations

import asyncio

import msgspec

from engine.protocol.messages import Preview, Progress
from studio.store.records import JobRecord


class JobSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a job at one moment.

    Attributes:
        progress: as last reported, None until then.
        preview: the latest picture, None until there is one.
        restarting: the engine died and is not back yet.
        restarts: how many times that has happened to this job.
        frames_found: how many frames the engine had already when it took the job up; None until it has said so.
    """

    record: JobRecord
    progress: Progress | None = None
    preview: Preview | None = None
    restarting: bool = False
    restarts: int = 0
    frames_found: int | None = None

    @property
    def fraction_rendered(self) -> float:
        """The fraction of the job that has been rendered, from 0 to 1, as far as is known.

        After a restart nothing is known of a job that had begun until the engine has counted its frames; then it may
        have been rendered whole.
        """
        if self.progress is not None and self.progress.calls:
            return min(1.0, self.progress.calls_done / self.progress.calls)
        if self.frames_found is None:
            return 1.0 if self.record.state == "running" else 0.0
        frames = self.record.plan.frames if self.record.plan else self.record.recipe.frames
        return min(1.0, self.frames_found / frames)


class JobWatch:
    """Holds the latest snapshot of one job, and wakes those who wait for its end."""

    def __init__(self, record: JobRecord) -> None:
        self.snapshot = JobSnapshot(record=record)
        self._over = asyncio.Event()
        self.update()

    def update(self, **changes: object) -> None:
        self.snapshot = msgspec.structs.replace(self.snapshot, **changes)
        if self.snapshot.record.is_open:
            self._over.clear()
        else:
            self._over.set()

    async def wait_until_over(self, seconds: float) -> None:
        """Return when the engine is done with the job, or after a number of seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return
