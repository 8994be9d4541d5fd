"""Outages of Discord or the network, which pass without anybody changing anything."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord

RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Pauses between attempts; the last one repeats."""

DISCORD_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a request to Discord raises if it is refused, or if Discord cannot be reached."""

_TOO_MANY_REQUESTS = 429

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


async def retry_through_outage(attempt: Callable[[], Awaitable[_Result]]) -> _Result:
    """Try until Discord answers; raise what it refuses."""
    for pause in itertools.chain(RETRY_SECONDS, itertools.repeat(RETRY_SECONDS[-1])):
        try:
            return await attempt()
        except DISCORD_ERRORS as error:
            if not is_passing(error):
                raise
            _log.warning(
                "Discord does not answer (%s); trying again in %.0f s. If this goes on, check the network and"
                " discord.proxy.",
                error or type(error).__name__,
                pause,
            )
            await asyncio.sleep(pause)
    raise AssertionError  # the pauses never end


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, discord.HTTPException):
        return isinstance(error, discord.DiscordServerError) or error.status == _TOO_MANY_REQUESTS
    return True
