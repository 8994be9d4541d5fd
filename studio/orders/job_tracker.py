"""The jobs that somebody still waits for, and the writing down of what becomes of them."""

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
from engine.recipe.settings import Settings
from engine.sentence import Sentence
from studio.orders.job_snapshot import JobSnapshot, JobWatch
from studio.orders.quote import work_of
from studio.store import JobRecord, Render, Store

_log = logging.getLogger(__name__)

_UNWRITTEN = Sentence(
    "The result could not be stored: this bot's disk has a problem. It will be tried again after a restart."
)


class JobTracker:
    """Follows each job through the engine's events: the store first, then those who watch.

    A change that comes too late, for the job is over already, is none: the store decides.
    """

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._jobs: dict[JobId, JobWatch] = {}
        self._following: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop following."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        self._jobs.clear()

    def track(self, record: JobRecord) -> None:
        """Begin to keep a job."""
        self._jobs[record.id] = JobWatch(record)

    def find(self, job: JobId) -> JobWatch | None:
        """Return a job that is kept."""
        return self._jobs.get(job)

    def all(self) -> list[JobSnapshot]:
        """Return where every job stands at this moment."""
        return [job.now for job in self._jobs.values()]

    def publish(self, record: JobRecord | None) -> None:
        """Let those who watch see what the store says of a job now."""
        if record is not None and (job := self._jobs.get(record.id)):
            job.update(record=record)

    async def cancel(self, job: JobId, reason: Sentence | None = None) -> JobRecord | None:
        """Call off an open job, and give its owner back what was not rendered; None if it is over already."""
        rendered = self._rendered(job)
        cancelled = await self._store.jobs.cancelled(job, reason)
        if cancelled is not None:
            await self._pay_back(cancelled, 1 - rendered)
            self.publish(cancelled)
        return cancelled

    def untrack(self, job: JobId) -> None:
        """Keep a job no longer: nobody waits for it."""
        self._jobs.pop(job, None)

    async def render(self, record: JobRecord) -> None:
        """Give a job to the engine and follow what it says about it."""
        task = asyncio.create_task(self._follow(record.id, self._engine.watch(record.id)))
        self._following.add(task)
        task.add_done_callback(self._ended)
        await self._engine.add(
            Job(
                id=record.id,
                recipe=record.resolved,
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
            if (live := self._jobs.get(job)) is None:
                return
            try:
                record = await self._note(live, event)
                if isinstance(event, Done):
                    await self._measure(live.now, event.report)
                self.publish(record)
            except StorageError as error:
                # The owner is told although nothing can be written: the next start finds the job open, and goes on.
                _log.error("Job %s: %s", job, describe(error))
                live.update(record=msgspec.structs.replace(live.now.record, state="failed", error=_UNWRITTEN))
                return

    async def _note(self, live: JobWatch, event: JobEvent) -> JobRecord | None:
        """Write an event down; return the job as it is in the store from now on, if that changed."""
        match event:
            case Accepted(job=job, plan=plan, frames_done=found):
                live.update(restarting=False, frames_found=max(found, live.now.frames_found or 0))
                known = live.now.record.notes
                news = tuple(note for note in plan.notes if note not in known)
                return await self._store.jobs.planned(job, plan, (*known, *news))
            case Progress(job=job):
                live.update(progress=event, restarting=False)
                return await self._store.jobs.running(job) if live.now.record.state == "waiting" else None
            case Preview():
                live.update(preview=event)
            case Lost():
                live.update(restarting=True, restarts=live.now.restarts + 1)
            case Done(job=job, picture=picture, suffix=suffix, report=report, tries=tries):
                if tries is not None:
                    await self._store.renders.save_tries(job, tries)
                await self._store.renders.save(job, Render(picture, suffix))
                return await self._store.jobs.done(job, report)
            case Failed(job=job, message=message, costs=True):
                rendered = self._rendered(job)
                refused = await self._store.jobs.refused(job, message)
                if refused is not None:
                    await self._pay_back(refused, 1 - rendered)
                return refused
            case Failed(job=job, message=message):
                return await self._store.jobs.failed(job, message)
            case Cancelled(job=job):
                return await self.cancel(job)
        return None

    def _rendered(self, job: JobId) -> float:
        """Return the share of a job that is rendered, as far as the engine has said."""
        return live.now.rendered if (live := self._jobs.get(job)) else 0.0

    async def _pay_back(self, record: JobRecord, share: float) -> None:
        """Give an owner back a share of what a job was to cost."""
        try:
            await self._store.charges.refund(record.id, record.cost * share)
        except StorageError as error:  # what became of the job stands all the same
            _log.error("Job %s was not refunded: %s", record.id, describe(error))

    async def _measure(self, live: JobSnapshot, report: Report) -> None:
        """Learn the model's pace from a render, unless some of it had been made before."""
        plan, charges = live.record.plan, self._store.charges
        if plan is None or live.frames_found or live.restarts:
            return
        work = work_of(plan.recipe, Settings.layered([plan.recipe.settings]))
        try:
            await charges.set_pace(plan.model, (await charges.pace(plan.model)).after(report, work))
        except StorageError as error:  # quotes stay as they were; the render itself is safe
            _log.error("The pace of %s was not noted: %s", plan.model, describe(error))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._following.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("A job's events could not be followed", exc_info=error)
