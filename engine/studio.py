"""The one façade that the cogs talk to: orders in, progress and GIFs out, nothing lost in between.

Store first, then engine: an order is written down before the engine hears of it, a GIF is on disk before the engine may
forget its frames, and a job counts as delivered only when whoever posted it says so. Whatever was left open by a
restart is taken up again by `open`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import msgspec

from engine.config import Config
from engine.errors import EngineError, LimitError, StorageError, describe
from engine.limits import require_room, require_size
from engine.live import Live, LiveJob
from engine.messages import (
    Accepted,
    Cancelled,
    Done,
    Failed,
    Job,
    JobEvent,
    JobId,
    Lost,
    Plan,
    Preview,
    Progress,
    Ready,
    Standing,
)
from engine.recipe import MAX_SEED, Recipe
from engine.service import Engine
from engine.settings import Kind
from engine.store import Answer, JobRecord, Order, Store

_log = logging.getLogger(__name__)

CHECK_SECONDS = 2.0
"""How long a member waits for the engine's opinion; a busy engine gives it later, by message."""

_DAY = 24 * 60 * 60


class QueueEntry(msgspec.Struct, frozen=True):
    """An unfinished job and where it stands; None while the engine has not said so yet."""

    record: JobRecord
    standing: Standing | None


class Studio:
    """Takes orders, has them rendered, and keeps what must not be lost."""

    def __init__(self, config: Config, engine: Engine, store: Store) -> None:
        self._config = config
        self._engine = engine
        self._store = store
        self._live: dict[JobId, LiveJob] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._admission = asyncio.Lock()

    async def open(self) -> None:
        """Open the store, let the engine start, and take up every unfinished job again.

        Returns before the model is loaded.

        Raises:
            StorageError: the data directory cannot be used.
        """
        await self._store.open()
        await self._engine.start()
        for record in await self._store.unsettled():
            self._live[record.id] = LiveJob(record)
            if record.is_open:
                await self._render(record)
        self._spawn(self._prune_daily())

    async def close(self) -> None:
        """Stop the engine and close the store; unfinished jobs go on at the next `open`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._engine.close()
        await self._store.close()
        self._live.clear()

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
        limits = self._config.limits.of(order.answer.server)
        require_size(order.recipe, limits)
        await self._require_room(order)
        plan = await self._check(order.recipe)
        record = JobRecord(
            id=secrets.token_hex(8),
            recipe=order.recipe,
            member=order.member,
            answer=order.answer,
            limit_bytes=min(order.limit_bytes, limits.gif_bytes),
            plan=plan,
            created=time.time(),
        )
        async with self._admission:  # or two orders at a time could take the last place
            await self._require_room(order)
            await self._store.add(record)
        self._live[record.id] = LiveJob(record)
        await self._render(record)
        return record

    async def again(self, job: JobId) -> Recipe:
        """Return the recipe of an earlier job with a new seed.

        Raises:
            LimitError: nothing is known of the job any more.
        """
        record = await self.record(job)
        return msgspec.structs.replace(record.recipe, seed=new_seed(not_this=record.recipe.seed))

    async def cancel(self, job: JobId, by: str) -> JobRecord:
        """Call off one's own job, wherever it stands.

        Args:
            job: which one.
            by: id of the member who asks.

        Raises:
            LimitError: it is somebody else's, or over already.
        """
        record = await self.record(job)
        if record.member.id != by:
            raise LimitError("Only the member who asked for this animation can cancel it.")
        cancelled = await self._store.cancelled(job)
        if cancelled is None:
            raise LimitError("This animation is over already; there is nothing to cancel.")
        self._show(cancelled)
        await self._engine.cancel(job)
        return cancelled

    # ---- looking ----

    async def record(self, job: JobId) -> JobRecord:
        """Return what is known of a job.

        Raises:
            LimitError: nothing is known of it.
        """
        record = await self._store.get(job)
        if record is None:
            days = self._config.storage.keep_days
            raise LimitError(f"This animation is not remembered any more; they are kept for {days} days.")
        return record

    def queue(self, server: str | None = None, *, member: str | None = None) -> list[QueueEntry]:
        """Return the unfinished jobs of a server, or of one member, in the order they run and wait."""
        entries = [
            QueueEntry(live.now.record, self.standing(job))
            for job, live in self._live.items()
            if live.now.record.is_open
        ]
        if member is not None:
            entries = [entry for entry in entries if entry.record.member.id == member]
        else:
            entries = [entry for entry in entries if entry.record.answer.server == server]
        return sorted(entries, key=_place)

    @property
    def open_jobs(self) -> int:
        """How many jobs the engine has still to work on, of all servers."""
        return sum(live.now.record.is_open for live in self._live.values())

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn, of all servers."""
        return sum(live.now.record.state == "waiting" for live in self._live.values())

    def standing(self, job: JobId) -> Standing | None:
        """Return where a job stands, if the engine has said so."""
        return self._engine.standings.get(job)

    async def recent(self, member: str, kind: Kind, limit: int = 25) -> list[JobRecord]:
        """Return a member's latest jobs of one kind, the newest first."""
        return await self._store.recent(member, kind, limit)

    async def watch(self, job: JobId, every: float) -> AsyncIterator[Live]:
        """Yield how a job stands: now, then every so many seconds, at once when it is over, and then no more.

        Args:
            job: an unsettled job.
            every: seconds between two looks, counted from when the reader comes back for the next one.
        """
        while live := self._live.get(job):
            moment = live.now
            yield moment
            if not moment.record.is_open:
                return
            await live.wait_over(every)

    # ---- delivery ----

    def unfinished(self) -> list[JobRecord]:
        """Return the jobs whose owners still wait for an answer, the oldest first."""
        return sorted((live.now.record for live in self._live.values()), key=lambda record: record.created)

    async def gif(self, job: JobId) -> bytes:
        """Return the finished GIF of a job.

        Raises:
            StorageError: it cannot be read.
        """
        return await self._store.renders.load(job)

    async def moved(self, job: JobId, answer: Answer) -> None:
        """Note that a job's answer now stands elsewhere."""
        if record := await self._store.moved(job, answer):
            self._show(record)

    async def shrink(self, job: JobId, limit_bytes: int) -> None:
        """Have a finished job encoded again within fewer bytes, from the frames that the engine still has."""
        if record := await self._store.smaller(job, limit_bytes):
            self._show(record)
            await self._render(record)

    async def delivered(self, job: JobId) -> None:
        """Say that the GIF was posted."""
        self._live.pop(job, None)
        if await self._store.delivered(job):
            await self._engine.forget(job)

    async def told(self, job: JobId) -> None:
        """Say that the owner has been told why there is no GIF."""
        self._live.pop(job, None)
        if await self._store.settled(job):
            await self._engine.forget(job)

    async def fail(self, job: JobId, sentence: str) -> None:
        """Say that a finished GIF cannot be delivered; its owner still has to be told."""
        if record := await self._store.failed(job, sentence):
            self._show(record)

    async def undeliverable(self, job: JobId, reason: str) -> None:
        """Say that neither the GIF nor a word about it can reach the owner."""
        await self.fail(job, reason)
        await self.told(job)

    # ---- the engine's side ----

    async def _require_room(self, order: Order) -> None:
        server = order.answer.server
        of_member = await self._store.count_open(member=order.member.id)
        of_server = await self._store.count_open(server=server) if server else 0
        require_room(of_member, of_server, self._config.limits.of(server))

    async def _check(self, recipe: Recipe) -> Plan | None:
        """Ask the engine what it thinks; None while it is loading, busy or being restarted, and will say so later."""
        if self._engine.ready is None:
            return None
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return await self._engine.check(recipe)
        except (TimeoutError, EngineError):
            return None

    async def _render(self, record: JobRecord) -> None:
        events = self._engine.watch(record.id)
        self._spawn(self._take(record.id, events))
        await self._engine.add(
            Job(id=record.id, recipe=record.resolved, owner=record.member.id, limit_bytes=record.limit_bytes)
        )

    async def _take(self, job: JobId, events: AsyncIterator[JobEvent]) -> None:
        async for event in events:
            try:
                await self._note(job, event)
            except StorageError as error:
                _log.error("Job %s: %s", job, describe(error))
                self._fail_unwritten(job)
                return

    async def _note(self, job: JobId, event: JobEvent) -> None:
        live = self._live.get(job)
        if live is None:
            return
        record: JobRecord | None = None
        match event:
            case Accepted(plan=plan):
                record = await self._store.planned(job, plan)
                live.update(restarting=False)
            case Progress():
                if live.now.record.state == "waiting":
                    record = await self._store.running(job)
                live.update(progress=event, restarting=False)
            case Preview():
                live.update(preview=event)
            case Lost():
                live.update(restarting=True, restarts=live.now.restarts + 1)
            case Done(gif=gif, report=report):
                await self._store.renders.save(job, gif)
                record = await self._store.done(job, report)
            case Failed(message=message):
                record = await self._store.failed(job, message)
            case Cancelled():
                record = await self._store.cancelled(job)
        if record is not None:
            live.update(record=record)

    def _fail_unwritten(self, job: JobId) -> None:
        """Tell the owner although nothing can be written: the next start finds the job open and takes it up again."""
        live = self._live[job]
        sentence = (
            "The result could not be stored: this bot's disk has a problem. It will be tried again after a restart."
        )
        live.update(record=msgspec.structs.replace(live.now.record, state="failed", error=sentence))

    def _show(self, record: JobRecord) -> None:
        if live := self._live.get(record.id):
            live.update(record=record)

    async def _prune_daily(self) -> None:
        while True:
            try:
                await self._store.prune(self._config.storage.keep_days)
            except StorageError as error:
                _log.error("%s", describe(error))
            await asyncio.sleep(_DAY)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("A job's events could not be followed", exc_info=error)


def new_seed(not_this: int | None = None) -> int:
    """Return a random seed, other than the one given."""
    while (seed := secrets.randbelow(MAX_SEED + 1)) == not_this:
        pass
    return seed


def _place(entry: QueueEntry) -> tuple[float, float, float]:
    standing, record = entry.standing, entry.record
    if standing is None:
        return (0 if record.state == "running" else float("inf"), 0, record.created)
    return (standing.position, standing.seconds_left or 0, record.created)
