"""Follows the jobs that somebody still waits for, and stores what becomes of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec

from engine.errors import StorageError, describe
from engine.protocol.engine import Engine
from engine.protocol.messages import (
    Accepted,
    Cancelled,
    Done,
    Failed,
    Job,
    JobEvent,
    JobId,
    Lost,
    Preview,
    Progress,
    Report,
)
from engine.sentence import Sentence
from studio.orders.job_snapshot import JobSnapshot, JobWatch
from studio.orders.quote import work_of_plan
from studio.store import JobRecord, Render, Store

_log = logging.getLogger(__name__)

_NOT_STORED = Sentence(
    "The result could not be stored: this bot's disk has a problem. It will be tried again after a restart."
)


class JobTracker:
    """Follows each job through the engine's events: the store first, then those who watch.

    The store ignores changes that come after a job is over.
    """

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._jobs: dict[JobId, JobWatch] = {}
        self._following: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        self._jobs.clear()

    def track(self, record: JobRecord) -> None:
        self._jobs[record.id] = JobWatch(record)

    def untrack(self, job: JobId) -> None:
        self._jobs.pop(job, None)

    def find(self, job: JobId) -> JobWatch | None:
        return self._jobs.get(job)

    def snapshots(self) -> list[JobSnapshot]:
        return [watch.snapshot for watch in self._jobs.values()]

    def publish(self, record: JobRecord | None) -> None:
        """Show a job's new record to those who watch it."""
        if record is not None and (watch := self._jobs.get(record.id)):
            watch.update(record=record)

    async def cancel(self, job: JobId, reason: Sentence | None = None) -> JobRecord | None:
        """Cancel an open job, and refund what was not rendered; None if it is over already."""
        unrendered = self._unrendered_share(job)
        cancelled = await self._store.jobs.mark_cancelled(job, reason)
        if cancelled is not None:
            await self._refund(cancelled, unrendered)
            self.publish(cancelled)
        return cancelled

    async def render(self, record: JobRecord) -> None:
        """Give a job to the engine and follow its events."""
        task = asyncio.create_task(self._follow(record.id, self._engine.watch(record.id)))
        self._following.add(task)
        task.add_done_callback(self._on_follow_end)
        await self._engine.add(
            Job(
                id=record.id,
                recipe=record.resolved_recipe,
                owner=record.member.id,
                server=record.answer.server,
                limit_bytes=record.limit_bytes,
                priority=record.priority,
                nsfw=record.nsfw_rule,
                base=record.parent,
                ceiling=record.ceiling,
            )
        )

    async def _follow(self, job: JobId, events: AsyncIterator[JobEvent]) -> None:
        async for event in events:
            if (watch := self._jobs.get(job)) is None:
                return
            try:
                record = await self._store_event(watch, event)
                if isinstance(event, Done):
                    await self._update_pace(watch.snapshot, event.report)
                self.publish(record)
            except StorageError as error:
                # The owner is told although nothing can be written: the next start finds the job open, and goes on.
                _log.error("Job %s: %s", job, describe(error))
                watch.update(record=msgspec.structs.replace(watch.snapshot.record, state="failed", error=_NOT_STORED))
                return

    async def _store_event(self, watch: JobWatch, event: JobEvent) -> JobRecord | None:
        """Store what an event says; return the job's new record, if it changed."""
        known = watch.snapshot
        match event:
            case Accepted(job=job, plan=plan, frames_done=found):
                watch.update(restarting=False, frames_found=max(found, known.frames_found or 0))
                if plan == known.record.plan:
                    return None
                news = tuple(note for note in plan.notes if note not in known.record.notes)
                return await self._store.jobs.mark_planned(job, plan, (*known.record.notes, *news))
            case Progress(job=job):
                watch.update(progress=event, restarting=False)
                return await self._store.jobs.mark_running(job) if known.record.state == "waiting" else None
            case Preview():
                watch.update(preview=event)
            case Lost():
                watch.update(restarting=True, restarts=known.restarts + 1)
            case Done(job=job, picture=picture, suffix=suffix, report=report, tries=tries):
                if tries is not None:
                    await self._store.renders.save_tries(job, tries)
                await self._store.renders.save(job, Render(picture, suffix))
                return await self._store.jobs.mark_done(job, report)
            case Failed(job=job, message=message, costs=True):
                unrendered = self._unrendered_share(job)
                if refused := await self._store.jobs.mark_refused(job, message):
                    await self._refund(refused, unrendered)
                return refused
            case Failed(job=job, message=message):
                return await self._store.jobs.mark_failed(job, message)
            case Cancelled(job=job):
                return await self.cancel(job)
        return None

    def _unrendered_share(self, job: JobId) -> float:
        return 1 - watch.snapshot.fraction_rendered if (watch := self._jobs.get(job)) else 1.0

    async def _refund(self, record: JobRecord, share: float) -> None:
        try:
            await self._store.charges.refund(record.id, record.cost * share)
        except StorageError as error:  # what became of the job stands all the same
            _log.error("Job %s was not refunded: %s", record.id, describe(error))

    async def _update_pace(self, snapshot: JobSnapshot, report: Report) -> None:
        """Learn the model's pace from a render, unless some of it had been made before."""
        plan = snapshot.record.plan
        if plan is None or snapshot.frames_found or snapshot.restarts:
            return
        try:
            await self._store.charges.add_measurement(plan.model, report, work_of_plan(plan))
        except StorageError as error:  # quotes stay as they were; the render itself is safe
            _log.error("The pace of %s was not noted: %s", plan.model, describe(error))

    def _on_follow_end(self, task: asyncio.Task[None]) -> None:
        self._following.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("A job's events could not be followed", exc_info=error)
