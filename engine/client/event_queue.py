"""The events of one job for one watcher, in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from engine.protocol.messages import Cancelled, Done, Failed, JobEvent, Preview, Progress

FINAL = (Done, Failed, Cancelled)


class LatestEvents:
    """A queue that keeps only the latest Progress and Preview: a slow reader misses nothing that still matters."""

    def __init__(self) -> None:
        self._events: list[JobEvent] = []
        self._arrived = asyncio.Event()

    def put(self, event: JobEvent) -> None:
        if isinstance(event, Progress | Preview):
            self._events = [kept for kept in self._events if type(kept) is not type(event)]
        self._events.append(event)
        self._arrived.set()

    async def read(self) -> AsyncIterator[JobEvent]:
        """Yield events as they come, up to and including the final one."""
        while True:
            await self._arrived.wait()
            event = self._events.pop(0)
            if not self._events:
                self._arrived.clear()
            yield event
            if isinstance(event, FINAL):
                return
