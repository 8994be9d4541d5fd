"""Work per server, one run at a time; all requests that arrive during a run share the next one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)


class Coalescer:
    """Calls a function in the background with each requested server, `after` some seconds.

    Hundreds of a member's shares may be deleted in a second, and one run sees to all of them.
    """

    def __init__(self, function: Callable[[str], Awaitable[None]], *, after: float = 0.0) -> None:
        self._function = function
        self._after = after
        self._requested: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_closed = False

    def request(self, server: str) -> None:
        """Schedule a run for a server; one in progress may have missed the latest change. Ignored once closed."""
        if self._is_closed:
            return
        self._requested.add(server)
        if server not in self._tasks:
            task = asyncio.create_task(self._run(server), name=f"run of {server}")
            self._tasks[server] = task
            task.add_done_callback(lambda ended: _log_failure(server, ended))

    async def close(self) -> None:
        self._is_closed = True
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
            del self._tasks[server]  # at once, so that no request goes to a task that checked for the last time


def _log_failure(server: str, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("A run for server %s failed", server, exc_info=error)
