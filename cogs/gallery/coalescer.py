"""Making the rounds of a server: never two at a time, and one for all who ask for it meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)

SOON = 2.0
"""Seconds for which changes are collected before messages are edited; Discord takes five edits in five seconds."""


class Coalescer:
    """Calls a function with the servers that somebody has asked for, beside whoever asks.

    A member's hundreds of shares may be deleted within a second. Whoever would answer each deletion on its own, with a
    look at all that is to be done, would do each thing hundreds of times.
    """

    def __init__(self, function: Callable[[str], Awaitable[None]], *, after: float = 0.0) -> None:
        self._function = function
        self._after = after
        self._requested: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def request(self, server: str) -> None:
        """See to it that a round begins after this; the one that is under way may have passed by already."""
        self._requested.add(server)
        if server not in self._tasks:
            task = asyncio.create_task(self._run(server), name=f"round of {server}")
            self._tasks[server] = task
            task.add_done_callback(lambda ended: _log_failure(server, ended))

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, server: str) -> None:
        try:
            while server in self._requested:
                await asyncio.sleep(self._after)
                self._requested.remove(server)
                await self._function(server)
        finally:
            del self._tasks[server]  # at once, so that nobody can ask a task that has looked for the last time


def _log_failure(server: str, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("A round of server %s broke off", server, exc_info=error)
