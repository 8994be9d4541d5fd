"""Posting what the bot says on its own: in the server it is about and nowhere else, and exactly once."""

from __future__ import annotations

import asyncio
import datetime
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import aiohttp
import discord
import msgspec

from cogs.drafts import REQUEST_BYTES, Upload
from engine.errors import TappaError, describe
from engine.store import Announcement
from engine.store.announcements import Purpose

if TYPE_CHECKING:
    from bot import Tappa

_log = logging.getLogger(__name__)

_NONCE = 25
"""Characters of a nonce."""

_LOOK_BACK = 100
"""Messages after an announcement was decided on among which it is looked for."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be posted once, and where.

    Attributes:
        subject: what it is about, such as a share's id; what was posted about it once is not posted again.
        server: id of the server it is about.
        channel: id of where it is wanted; one that is not of that server is not used.
    """

    purpose: Purpose
    subject: str
    server: str
    channel: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A message to post.

    Attributes:
        content: markdown.
        mark: words or a button's id by which the message is known again in the channel.
        uploads: files; those that the server does not take are left out.
        buttons: makes the rows under it.
    """

    content: str
    mark: str
    uploads: tuple[Upload, ...] = ()
    buttons: Callable[[], discord.ui.View] | None = None


class Announcer:
    """Posts notices in a channel of a server."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._turn = asyncio.Lock()

    async def post(self, occasion: Occasion, make: Callable[[], Awaitable[Notice]]) -> None:
        """Post the notice that `make` makes, unless that has been done.

        Where it cannot be posted that is logged, and the next call tries again.
        """
        try:
            async with self._turn:  # two votes at a time must not both find it not posted yet
                await self._post(occasion, make)
        except TappaError as error:
            _log.error("%s was not posted: %s", occasion, describe(error))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.warning("%s was not posted: %s", occasion, error)

    async def _post(self, occasion: Occasion, make: Callable[[], Awaitable[Notice]]) -> None:
        place = self._bot.get_channel(int(occasion.channel))
        if not isinstance(place, discord.TextChannel | discord.Thread) or str(place.guild.id) != occasion.server:
            _log.warning("%s was not posted: that is no text channel of that server", occasion)
            return
        wanted = Announcement(
            purpose=occasion.purpose, server=occasion.server, subject=occasion.subject, since=time.time()
        )
        announcements = self._bot.studio.announcements
        standing = await announcements.begin(wanted)
        if standing.message is not None:
            return
        notice = await make()
        message = await self._already_there(place, notice, standing) if standing != wanted else None
        if message is None:
            message = await self._send(place, notice, nonce=f"{occasion.purpose[0]}{occasion.subject}"[:_NONCE])
        await announcements.posted(standing, str(place.id), str(message.id))

    async def _already_there(
        self, place: discord.TextChannel | discord.Thread, notice: Notice, standing: Announcement
    ) -> discord.Message | None:
        """Return the message of an announcement that was begun before the program ended, if it got that far."""
        since = datetime.datetime.fromtimestamp(standing.since - 60, datetime.UTC)  # clocks differ a little
        async for message in place.history(limit=_LOOK_BACK, after=since, oldest_first=True):
            mine = self._bot.user is not None and message.author.id == self._bot.user.id
            ids = (
                getattr(item, "custom_id", None) for row in message.components for item in getattr(row, "children", ())
            )
            if mine and (notice.mark in message.content or notice.mark in ids):
                return message
        return None

    async def _send(
        self, place: discord.TextChannel | discord.Thread, notice: Notice, *, nonce: str
    ) -> discord.Message:
        """Send it; of two messages of one nonce within some minutes Discord drops the second."""
        limit = min(place.guild.filesize_limit, REQUEST_BYTES)
        files = [upload.as_file() for upload in notice.uploads if len(upload.data) <= limit]
        view = notice.buttons() if notice.buttons else discord.ui.View(timeout=None)
        return await place.send(notice.content, files=files, nonce=nonce, suppress_embeds=True, view=view)
