"""What administrators may do to the queue and to members; who is one, the cogs find out."""

from __future__ import annotations

import asyncio
import contextlib
import time

import msgspec

from engine.errors import EngineError, LimitError
from engine.protocol.engine import Engine
from engine.protocol.messages import JobId, Status
from engine.sentence import Sentence
from studio.gallery.gallery import Gallery
from studio.gallery.history import RenderHistory
from studio.orders.job_tracker import JobTracker
from studio.store import JobRecord, Member, Store
from studio.store.members import EVERYWHERE, BlockedMember

STATUS_TIMEOUT_SECONDS = 10.0
"""How long an administrator waits for the engine's status: one step of a large model on a slow machine."""

_PAUSED = "paused"


class PurgeResult(msgspec.Struct, frozen=True):
    """What was taken from a member: how many jobs were cancelled, and how many shares taken back."""

    jobs: int
    shares: int


class Administration:
    """Pauses, calls off, blocks, takes back, and tells how the engine is doing."""

    def __init__(
        self, engine: Engine, store: Store, tracker: JobTracker, history: RenderHistory, gallery: Gallery
    ) -> None:
        self._engine = engine
        self._store = store
        self._tracker = tracker
        self._history = history
        self._gallery = gallery
        self._paused: set[str] = set()

    async def open(self) -> None:
        """Tell the engine, before it starts, what is paused since the last time."""
        self._paused = await self._store.members.flags(_PAUSED)
        for server in self._paused:
            await self._engine.pause(server or None, paused=True)

    async def pause(self, server: str | None, *, paused: bool) -> None:
        """Let no waiting job of a server begin, or of anybody if it is None, or let them begin again.

        What is being rendered is finished. It holds until it is taken back, also after a restart.

        Raises:
            StorageError: it cannot be written down; nothing changed.
        """
        name = server or EVERYWHERE
        if paused:
            await self._store.members.raise_flag(_PAUSED, name)
            self._paused.add(name)
        else:
            await self._store.members.lower_flag(_PAUSED, name)
            self._paused.discard(name)
        await self._engine.pause(server, paused=paused)

    def is_paused(self, server: str | None) -> bool:
        """Return whether nothing new begins on a server; None asks about everybody."""
        return EVERYWHERE in self._paused or (server is not None and server in self._paused)

    async def call_off(self, job: JobId, server: str | None) -> JobRecord:
        """Cancel somebody's job, of one server only unless that is None.

        Raises:
            LimitError: it is not known there, which is not told apart from elsewhere, or over already.
        """
        record = await self._history.record(job, server)
        if server is not None and record.answer.server != server:
            raise self._history.unknown(server)
        return await self.cancel(job)

    async def purge(self, server: str, member: str) -> PurgeResult:
        """Cancel the jobs of a member on a server, and take back everything they shared there."""
        records = [job.record for job in self._tracker.snapshots()]
        jobs = [one.id for one in records if one.is_open and one.answer.server == server and one.member.id == member]
        cancelled = 0
        for job in jobs:
            with contextlib.suppress(LimitError):  # it has ended meanwhile
                await self.cancel(job)
                cancelled += 1
        return PurgeResult(cancelled, await self._gallery.purge(server, member))

    async def block(self, server: str | None, member: Member) -> None:
        """Let a member order, share and vote no more on a server, or anywhere if it is None."""
        who = BlockedMember(member=member.id, name=member.name, since=time.time())
        await self._store.members.block(server or EVERYWHERE, who)

    async def unblock(self, server: str | None, member: str) -> None:
        """Take back a block on a server, or everywhere if it is None."""
        await self._store.members.unblock(server or EVERYWHERE, member)

    async def blocked(self, server: str | None) -> list[BlockedMember]:
        """Return who is blocked on a server, or on all of them, the latest first."""
        return await self._store.members.list_blocked(server or EVERYWHERE)

    async def status(self) -> Status:
        """Return how the engine is doing at this moment.

        Raises:
            EngineError: it is not there to ask, or too busy to answer soon.
        """
        try:
            async with asyncio.timeout(STATUS_TIMEOUT_SECONDS):
                return await self._engine.status()
        except TimeoutError:
            raise EngineError("The engine is too busy to answer at the moment; try again in a minute.") from None

    async def cancel(self, job: JobId, reason: Sentence | None = None) -> JobRecord:
        """Call a job off, whoever's it is; its owner reads the reason, if there is one to be told.

        Raises:
            LimitError: it is over already.
        """
        cancelled = await self._tracker.cancel(job, reason)
        if cancelled is None:
            raise LimitError("This animation is over already; there is nothing to cancel.")
        await self._engine.cancel(job)
        return cancelled
