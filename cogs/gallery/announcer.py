"""Posting what the bot says on its own: in the server it is about and nowhere else, and exactly once."""

from __future__ import annotations

import asyncio
import datetime
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import aiohttp
import discord
import msgspec
from cachetools import LRUCache, TTLCache

from cogs.context.audit import warn
from cogs.context.posting_channel import Outlet, find_obstacle, posting_channel
from cogs.gallery.nonce import nonce_of
from cogs.ui.drafts import REQUEST_BYTES, Upload
from engine.errors import TappaError, describe
from engine.protocol.messages import JobId
from engine.sentence import Sentence
from studio.store import Announcement
from studio.store.announcements import Purpose

if TYPE_CHECKING:
    from cogs.client import Tappa

_log = logging.getLogger(__name__)

_CLOCKS = datetime.timedelta(minutes=1)
"""What this machine's clock and Discord's may differ by."""

_ARRIVAL = datetime.timedelta(hours=1)
"""How long after it was sent an announcement may have appeared: a slow upload, tried several times."""

_SERVER_ERROR = 500
"""From this status on it is Discord's own fault, of which no admin has to know."""

_PAUSE, _LONGEST_PAUSE = 120.0, 3600.0
"""Seconds until what could not be posted is tried again: the first time, and at most; it doubles in between."""


_REMEMBERED = 24 * 3600.0
"""Seconds after which an occasion that nobody has come back to is forgotten, and its pauses begin anew."""

_MOST_PAUSES, _MOST_TOLD = 10_000, 10_000
"""How many are remembered at a time; one that is forgotten early is tried, or its trouble told, once more."""


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


class AnnouncementDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A message to post.

    Attributes:
        content: markdown.
        mark: words or a button's id by which the message is known again in the channel.
        uploads: files; those that the server does not take are left out.
        buttons: makes the rows under it.
        about: the shares that it shows, if they are to be taken out of it one by one.
    """

    content: str
    mark: str
    uploads: tuple[Upload, ...] = ()
    buttons: Callable[[], discord.ui.View] | None = None
    about: tuple[JobId, ...] = ()


class RetryPause(msgspec.Struct, frozen=True):
    """Until when, on the monotonic clock, an occasion is left alone, and for how many seconds that is."""

    until: float
    seconds: float


class Announcer:
    """Posts notices in a channel of a server.

    Where that is not possible the server's admins read why in their log, once, and it is tried again: at the next call
    where only permissions were missing, which costs nothing to look at, else after a pause.

    One notice is posted at a time in each server; servers do not wait for each other.

    Args:
        on_posted: called with the server's id once something stands there and is written down; what it is about may
            have been deleted while it was made and uploaded, when there was no message to take it out of.
    """

    def __init__(self, bot: Tappa, on_posted: Callable[[str], None]) -> None:
        self._bot = bot
        self._on_posted = on_posted
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._pauses: TTLCache[Occasion, RetryPause] = TTLCache(_MOST_PAUSES, _REMEMBERED, timer=time.monotonic)
        self._told: LRUCache[tuple[Purpose, str], Sentence] = LRUCache(_MOST_TOLD)

    async def post(self, occasion: Occasion, make: Callable[[], Awaitable[AnnouncementDraft]]) -> None:
        """Post the notice that `make` makes, unless that has been done or was not possible just now."""
        async with self._turns[occasion.server]:  # two votes at a time must not both find it not posted yet
            if (pause := self._pauses.get(occasion)) is not None and time.monotonic() < pause.until:
                return
            try:
                trouble = await self._post(occasion, make)
            except TappaError as error:
                self._put_off(occasion)
                _log.error("%s was not posted: %s", occasion, describe(error))
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                self._put_off(occasion)
                if isinstance(error, discord.HTTPException) and error.status < _SERVER_ERROR:
                    await self._warn(occasion, _refusal(occasion, error))
                else:
                    _log.warning("%s was not posted: %s", occasion, error)
            else:
                self._pauses.pop(occasion, None)
                if trouble is not None:
                    await self._warn(occasion, trouble)

    async def has_posted(self, occasion: Occasion) -> bool:
        """Whether that has been done.

        Raises:
            StorageError: nobody knows.
        """
        found = await self._bot.studio.announcements.find(occasion.purpose, occasion.server, occasion.subject)
        return found is not None and found.message is not None

    def _put_off(self, occasion: Occasion) -> None:
        last = self._pauses.get(occasion)
        seconds = _PAUSE if last is None else min(2 * last.seconds, _LONGEST_PAUSE)
        self._pauses[occasion] = RetryPause(time.monotonic() + seconds, seconds)

    async def _warn(self, occasion: Occasion, trouble: Sentence) -> None:
        """Let the server's admins know, unless that is what they have read last."""
        about = (occasion.purpose, occasion.server)
        if self._told.get(about) == trouble:
            return
        self._told[about] = trouble
        _log.warning("%s was not posted: %s", occasion, trouble)
        try:
            await warn(self._bot, self._bot.config, trouble, occasion.server)
        except (aiohttp.ClientError, OSError) as error:
            _log.warning("The log of server %s could not be written to: %s", occasion.server, error)

    async def _post(self, occasion: Occasion, make: Callable[[], Awaitable[AnnouncementDraft]]) -> Sentence | None:
        """Post it if it is not posted yet; return what keeps it from being posted."""
        announcements = self._bot.studio.announcements
        if await self.has_posted(occasion):
            return None
        guild = self._bot.get_guild(int(occasion.server))
        if guild is None:
            return None  # Discord cannot reach it at the moment, or the bot has left it
        trouble = find_obstacle(guild, _key(occasion), occasion.channel)
        place = posting_channel(guild, occasion.channel)
        if trouble is not None or place is None:
            return trouble
        wanted = Announcement(
            purpose=occasion.purpose, server=occasion.server, subject=occasion.subject, since=time.time()
        )
        standing = await announcements.begin(wanted)
        notice = await make()
        message = await self._already_there(place, notice, standing) if standing != wanted else None
        if message is None:
            await announcements.mark_sending(standing, notice.about, time.time())  # first, for the program may end then
            nonce = nonce_of(occasion.purpose, occasion.server, occasion.subject)
            message = await self._send(place, notice, nonce=nonce)
        await announcements.mark_posted(standing, str(place.id), str(message.id))
        self._on_posted(occasion.server)
        self._told.pop((occasion.purpose, occasion.server), None)
        return None

    async def _already_there(
        self, place: Outlet, notice: AnnouncementDraft, standing: Announcement
    ) -> discord.Message | None:
        """Return the message of an announcement that was begun before the program ended, if it got that far."""
        since = datetime.datetime.fromtimestamp(standing.since, datetime.UTC)
        first, last = since - _CLOCKS, since + _ARRIVAL
        async for message in place.history(limit=None, after=first, before=last, oldest_first=True):
            mine = self._bot.user is not None and message.author.id == self._bot.user.id
            ids = (
                getattr(item, "custom_id", None) for row in message.components for item in getattr(row, "children", ())
            )
            if mine and (notice.mark in message.content or notice.mark in ids):
                return message
        return None

    async def _send(self, place: Outlet, notice: AnnouncementDraft, *, nonce: str) -> discord.Message:
        """Send it; of two messages of one nonce within some minutes Discord drops the second."""
        limit = min(place.guild.filesize_limit, REQUEST_BYTES)
        files = [upload.as_file() for upload in notice.uploads if len(upload.data) <= limit]
        view = notice.buttons() if notice.buttons else discord.ui.View(timeout=None)
        return await place.send(notice.content, files=files, nonce=nonce, suppress_embeds=True, view=view)


def _key(occasion: Occasion) -> str:
    """Return what the configuration calls the channel."""
    return f"{occasion.purpose}_channel"


def _refusal(occasion: Occasion, error: discord.HTTPException) -> Sentence:
    return Sentence(
        "{key}: Discord refuses what this bot posts there ({error}). It is tried again, ever less often.",
        {"key": _key(occasion), "error": str(error)},
    )
