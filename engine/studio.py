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
from collections.abc import AsyncIterator

import msgspec

from engine.config import Config
from engine.errors import EngineError, LimitError, StorageError, describe
from engine.ledger import Ledger
from engine.limits import require_room, require_size
from engine.live import Live
from engine.messages import JobId, Plan, Ready, Standing
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
        self._ledger = Ledger(engine, store)
        self._admission = asyncio.Lock()
        self._pruning: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the store, let the engine start, and take up every unfinished job again.

        Returns before the model is loaded.

        Raises:
            StorageError: the data directory cannot be used.
        """
        await self._store.open()
        await self._engine.start()
        for record in await self._store.unsettled():
            self._ledger.enter(record)
            if record.is_open:
                await self._ledger.render(record)
        self._pruning = asyncio.create_task(self._prune_daily(), name="pruning")

    async def close(self) -> None:
        """Stop the engine and close the store; unfinished jobs go on at the next `open`."""
        if self._pruning is not None:
            self._pruning.cancel()
        await self._ledger.close()
        await self._engine.close()
        await self._store.close()

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
        self._ledger.enter(record)
        await self._ledger.render(record)
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
        self._ledger.show(cancelled)
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
        open_jobs = [live.record for live in self._ledger.all() if live.record.is_open]
        entries = [QueueEntry(record, self.standing(record.id)) for record in open_jobs]
        if member is not None:
            entries = [entry for entry in entries if entry.record.member.id == member]
        else:
            entries = [entry for entry in entries if entry.record.answer.server == server]
        return sorted(entries, key=_place)

    @property
    def open_jobs(self) -> int:
        """How many jobs the engine has still to work on, of all servers."""
        return sum(live.record.is_open for live in self._ledger.all())

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn, of all servers."""
        return sum(live.record.state == "waiting" for live in self._ledger.all())

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
        while live := self._ledger.find(job):
            moment = live.now
            yield moment
            if not moment.record.is_open:
                return
            await live.wait_over(every)

    # ---- delivery ----

    def unfinished(self) -> list[JobRecord]:
        """Return the jobs whose owners still wait for an answer, the oldest first."""
        return sorted((live.record for live in self._ledger.all()), key=lambda record: record.created)

    async def gif(self, job: JobId) -> bytes:
        """Return the finished GIF of a job.

        Raises:
            StorageError: it cannot be read.
        """
        return await self._store.renders.load(job)

    async def moved(self, job: JobId, answer: Answer) -> None:
        """Note that a job's answer now stands elsewhere."""
        self._ledger.show(await self._store.moved(job, answer))

    async def shrink(self, job: JobId, limit_bytes: int) -> None:
        """Have a finished job encoded again within fewer bytes, from the frames that the engine still has."""
        if record := await self._store.smaller(job, limit_bytes):
            self._ledger.show(record)
            await self._ledger.render(record)

    async def delivered(self, job: JobId) -> None:
        """Say that the GIF was posted."""
        self._ledger.strike(job)
        if await self._store.delivered(job):
            await self._engine.forget(job)

    async def told(self, job: JobId) -> None:
        """Say that the owner has been told why there is no GIF."""
        self._ledger.strike(job)
        if await self._store.settled(job):
            await self._engine.forget(job)

    async def fail(self, job: JobId, sentence: str) -> None:
        """Say that a finished GIF cannot be delivered; its owner still has to be told."""
        self._ledger.show(await self._store.failed(job, sentence))

    async def undeliverable(self, job: JobId, reason: str) -> None:
        """Say that neither the GIF nor a word about it can reach the owner."""
        await self.fail(job, reason)
        await self.told(job)

    # ---- how ----

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

    async def _prune_daily(self) -> None:
        while True:
            try:
                await self._store.prune(self._config.storage.keep_days)
            except StorageError as error:
                _log.error("%s", describe(error))
            await asyncio.sleep(_DAY)


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
