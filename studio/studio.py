"""The façade that the cogs talk to: orders in, progress and GIFs out, nothing lost in between.

Store first, then engine: an order is stored before the engine hears of it, a GIF is on disk before the engine may
forget its frames, and a job counts as delivered only when whoever posted it says so. `open` resumes what a restart has
interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import msgspec

from engine.errors import LimitError, StorageError, describe
from engine.protocol.engine import Engine
from engine.protocol.messages import JobId, Ready, Standing
from engine.sentence import Sentence
from studio.administration import Administration
from studio.config.config_file import ConfigFile
from studio.config.effective import keep_days_of
from studio.gallery.gallery import Gallery
from studio.gallery.history import RenderHistory
from studio.orders.admission import Admission
from studio.orders.job_snapshot import JobSnapshot
from studio.orders.job_tracker import JobTracker
from studio.profiles.profiles import MemberProfiles
from studio.store import Answer, JobRecord, Order, Share, Store

_log = logging.getLogger(__name__)

_DAY = 24 * 60 * 60


class QueueEntry(msgspec.Struct, frozen=True):
    """An unfinished job and where it stands; None while the engine has not said so yet."""

    record: JobRecord
    standing: Standing | None


class Studio:
    """Takes orders, has them rendered, and keeps what must not be lost.

    Attributes:
        admission: what members may order.
        history: what is remembered of renders.
        renders: the finished files.
        administration: what administrators may do.
        gallery: what the members of each server have shared.
        announcements: what the bot has posted on its own.
        profiles: what members keep for themselves.
        forms: what stands behind the forms that they have open.
    """

    def __init__(self, configuration: ConfigFile, engine: Engine, store: Store) -> None:
        self._configuration = configuration
        self._engine = engine
        self._store = store
        self._tracker = JobTracker(engine, store)
        self._pruning: asyncio.Task[None] | None = None
        self._discarding: set[asyncio.Task[None]] = set()
        self.renders = store.renders
        self.announcements = store.announcements
        self.forms = store.forms
        self.profiles = MemberProfiles(store)
        self.admission = Admission(configuration, engine, store)
        self.history = RenderHistory(configuration, engine, store)
        self.gallery = Gallery(configuration, store)
        self.administration = Administration(engine, store, self._tracker, self.history, self.gallery)
        self.gallery.on_removal.append(self._discard_frames)
        configuration.requirements.append(lambda config: engine.reconfigure(config.engine_setup))

    async def open(self) -> None:
        """Open the store, let the engine start, and take up every unfinished job again.

        Returns before the model is loaded.

        Raises:
            StorageError: the data directory cannot be used.
        """
        await self._store.open()
        await self.administration.open()
        await self._engine.start()
        for record in await self._store.jobs.list_unsettled():
            self._tracker.track(record)
            if record.is_open:
                await self._tracker.render(record)
        self._pruning = asyncio.create_task(self._prune_daily(), name="pruning")

    async def close(self) -> None:
        """Stop the engine and close the store; unfinished jobs go on at the next `open`.

        Each is stopped before what it uses, also where one of them fails to, or `open` came only half way.
        """
        async with contextlib.AsyncExitStack() as closing:  # the last one first
            closing.push_async_callback(self._store.close)
            closing.push_async_callback(self._engine.close)
            closing.push_async_callback(self._tracker.close)
            if self._pruning is not None:
                self._pruning.cancel()
                await asyncio.gather(self._pruning, return_exceptions=True)
            await asyncio.gather(*self._discarding, return_exceptions=True)

    @property
    def ready(self) -> Ready | None:
        """What the engine has loaded, or None while it is starting."""
        return self._engine.ready

    async def wait_ready(self) -> Ready:
        """Wait for the engine; raises OperatorError if it cannot start."""
        return await self._engine.wait_ready()

    # ---- orders ----

    async def submit(self, order: Order) -> JobRecord:
        """Accept an order: once this returns, it will be delivered or its owner told why not.

        Raises:
            MemberError: it is beyond a limit, or the loaded model cannot render it; nothing was queued.
            StorageError: it cannot be written down; nothing was queued.
        """
        record = await self.admission.admit(order)
        self._tracker.track(record)
        await self._tracker.render(record)
        return record

    async def cancel(self, job: JobId, by: str, *, moderates: str | None = None) -> JobRecord:
        """Call off one's own job, wherever it stands, or as a moderator any of their server; its owner reads by whom.

        Args:
            job: which one.
            by: id of the member who asks.
            moderates: id of the server that they moderate, None for none.

        Raises:
            LimitError: it is not theirs to cancel, or over already.
        """
        record = await self.history.record(job)
        if record.member.id == by:
            return await self.administration.cancel(job)
        if moderates is None or record.answer.server != moderates:
            raise LimitError("Only the member who asked for this animation and the moderators can cancel it.")
        return await self.administration.cancel(job, Sentence("Cancelled by a moderator."))

    # ---- looking ----

    def queue(self, server: str | None = None, *, member: str | None = None) -> list[QueueEntry]:
        """Return the unfinished jobs of a server, or of one member, in the order they run and wait."""
        open_jobs = [job.record for job in self._tracker.snapshots() if job.record.is_open]
        entries = [QueueEntry(record, self.standing(record.id)) for record in open_jobs]
        if member is not None:
            entries = [entry for entry in entries if entry.record.member.id == member]
        else:
            entries = [entry for entry in entries if entry.record.answer.server == server]
        return sorted(entries, key=_queue_order)

    @property
    def open_jobs(self) -> int:
        """How many jobs the engine has still to work on, of all servers."""
        return sum(job.record.is_open for job in self._tracker.snapshots())

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn, of all servers."""
        return sum(job.record.state == "waiting" for job in self._tracker.snapshots())

    def standing(self, job: JobId) -> Standing | None:
        """Return where a job stands, if the engine has said so."""
        return self._engine.standings.get(job)

    async def watch(self, job: JobId, every: float) -> AsyncIterator[JobSnapshot]:
        """Yield snapshots of a job: now, then at an interval, and a last one as soon as it is over.

        Args:
            job: an unsettled job.
            every: seconds between two snapshots, counted from when the reader asks for the next one.
        """
        while watch := self._tracker.find(job):
            snapshot = watch.snapshot
            yield snapshot
            if not snapshot.record.is_open:
                return
            await watch.wait_until_over(every)

    # ---- delivery ----

    def list_unsettled(self) -> list[JobRecord]:
        """Return the jobs whose owners still wait for an answer, the oldest first."""
        return sorted((job.record for job in self._tracker.snapshots()), key=lambda record: record.created)

    async def move_answer(self, job: JobId, answer: Answer) -> None:
        """Note that a job's answer is now another message."""
        self._tracker.publish(await self._store.jobs.move_answer(job, answer))

    async def render_again(self, job: JobId, limit_bytes: int | None = None) -> None:
        """Have a finished job made again from the frames that the engine still has.

        Args:
            job: which one.
            limit_bytes: the size that the file has to fit into; None where only the file was lost.
        """
        if record := await self._store.jobs.reopen(job, limit_bytes):
            self._tracker.publish(record)
            await self._tracker.render(record)

    async def mark_delivered(self, job: JobId) -> None:
        """Note that the GIF was posted."""
        self._tracker.untrack(job)
        if await self._store.jobs.mark_delivered(job):
            await self._engine.forget(job)

    async def mark_settled(self, job: JobId) -> None:
        """Note that the owner has been told why there is no GIF."""
        self._tracker.untrack(job)
        if await self._store.jobs.mark_settled(job):
            await self._engine.forget(job)

    async def fail(self, job: JobId, sentence: Sentence) -> None:
        """Note that a finished GIF cannot be delivered; its owner still has to be told."""
        self._tracker.publish(await self._store.jobs.mark_failed(job, sentence))

    async def mark_undeliverable(self, job: JobId, reason: Sentence) -> None:
        """Note that neither the GIF nor a message about it can reach the owner."""
        await self.fail(job, reason)
        await self.mark_settled(job)

    # ---- how ----

    async def prune(self) -> None:
        """Throw away what is kept for long enough: shares, jobs, files and frames.

        Raises:
            StorageError: the data directory cannot be used.
        """
        config = self._configuration.current
        await self.gallery.expire()  # first, or its files would stay until the next day
        forgotten = await self._store.prune(
            config.storage.keep_days,
            unshared_days=keep_days_of(config, None),
            own_days={server: keep_days_of(config, server) for server in config.servers},
        )
        try:
            await self._store.sweep(forgotten)
        finally:
            await self._engine.discard(forgotten)  # no later pruning knows which they were

    async def _prune_daily(self) -> None:
        while True:
            try:
                await self.prune()
            except StorageError as error:
                _log.error("%s", describe(error))
            await asyncio.sleep(_DAY)

    def _discard_frames(self, share: Share) -> None:
        """Have the engine throw away the frames of a share that was taken back."""
        task = asyncio.create_task(self._engine.discard([share.id]))
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)


def _queue_order(entry: QueueEntry) -> tuple[float, float, float]:
    standing, record = entry.standing, entry.record
    if standing is None:
        return (0 if record.state == "running" else float("inf"), 0, record.created)
    return (standing.position, standing.seconds_left or 0, record.created)
