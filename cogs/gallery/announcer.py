"""Posts what the bot says unasked: in the server that it is about, and exactly once."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable

import discord
import msgspec
from cachetools import LRUCache, TTLCache

from cogs.client import Tappa
from cogs.context.audit import log_trouble
from cogs.context.outage import DISCORD_ERRORS
from cogs.context.posting_channel import Outlet, find_outlet
from cogs.ui.button_rows import label_of
from cogs.ui.drafts import REQUEST_BYTES, Upload
from engine.errors import TappaError, describe
from engine.protocol.messages import JobId
from engine.sentence import Sentence
from studio.store import Announcement
from studio.store.announcements import Purpose

_log = logging.getLogger(__name__)

_CLOCKS = datetime.timedelta(minutes=1)
"""Largest difference between this machine's clock and Discord's."""

_ARRIVAL = datetime.timedelta(hours=1)
"""Time from the first attempt until an announcement appears, at most: a slow upload, tried several times."""

_SERVER_ERROR = 500
"""From this HTTP status on the fault is Discord's, and no admin has to know."""

_PAUSE, _LONGEST_PAUSE = 120.0, 3600.0
"""Seconds until a failed post is tried again, the first time and at most; they double in between."""

_NONCE_CHARACTERS = 24
"""Discord takes 25; it drops the second of two messages that have one nonce, for some minutes, in any channel."""

_REMEMBERED = 24 * 3600.0
"""Seconds after which an occasion that was not tried again is forgotten, and its pauses start over."""

_MOST_REMEMBERED = 10_000
"""Number of pauses and of warnings that are remembered; one that is forgotten early is tried or told once more."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be posted once, and where.

    Attributes:
        subject: what it is about, such as a share's id.
        server: id of the server that it is about.
        channel: id of the channel; one of another server is not used.
    """

    purpose: Purpose
    subject: str
    server: str
    channel: str


class AnnouncementDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A message to post.

    Attributes:
        content: markdown.
        mark: words or a custom_id by which the message is found again in the channel.
        uploads: files; those that are too large for the server are left out.
        buttons: makes the rows under it.
        about: the shares that it shows, if they are to be removed from it one by one.
    """

    content: str
    mark: str
    uploads: tuple[Upload, ...] = ()
    buttons: Callable[[], discord.ui.View] | None = None
    about: tuple[JobId, ...] = ()


class RetryPause(msgspec.Struct, frozen=True):
    """End of a pause on the monotonic clock, and its length in seconds."""

    until: float
    seconds: float


class Announcer:
    """Posts announcements in a channel of a server.

    If that fails, the server's admins read why in their log, once. It is tried again: at the next call if only
    permissions were missing, which are cheap to check, else after a pause.

    Each server has one announcement at a time; servers do not wait for each other.

    Args:
        on_posted: called with the server's id once something is posted and recorded: what it is about may have been
            deleted during the upload, when there was no message to remove it from.
    """

    def __init__(self, bot: Tappa, on_posted: Callable[[str], None]) -> None:
        self._bot = bot
        self._on_posted = on_posted
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._pauses: TTLCache[Occasion, RetryPause] = TTLCache(_MOST_REMEMBERED, _REMEMBERED, timer=time.monotonic)
        self._warnings: LRUCache[tuple[Purpose, str], Sentence] = LRUCache(_MOST_REMEMBERED)

    async def post(self, occasion: Occasion, make: Callable[[], Awaitable[AnnouncementDraft]]) -> None:
        """Post the draft that `make` makes, unless it is posted or a pause is not over."""
        async with self._locks[occasion.server]:  # two votes at once must not both find it unposted
            if (pause := self._pauses.get(occasion)) is not None and time.monotonic() < pause.until:
                return
            try:
                trouble = await self._post(occasion, make)
            except TappaError as error:
                self._postpone(occasion)
                _log.error("%s was not posted: %s", occasion, describe(error))
            except DISCORD_ERRORS as error:
                self._postpone(occasion)
                if isinstance(error, discord.HTTPException) and error.status < _SERVER_ERROR:
                    await self._warn(occasion, _refusal_sentence(occasion, error))
                else:
                    _log.warning("%s was not posted: %s", occasion, error)
            else:
                self._pauses.pop(occasion, None)
                if trouble is not None:
                    await self._warn(occasion, trouble)

    async def has_posted(self, occasion: Occasion) -> bool:
        announcement = await self._bot.studio.announcements.find(occasion.purpose, occasion.server, occasion.subject)
        return announcement is not None and announcement.message is not None

    def _postpone(self, occasion: Occasion) -> None:
        last = self._pauses.get(occasion)
        seconds = _PAUSE if last is None else min(2 * last.seconds, _LONGEST_PAUSE)
        self._pauses[occasion] = RetryPause(time.monotonic() + seconds, seconds)

    async def _warn(self, occasion: Occasion, trouble: Sentence) -> None:
        """Tell the server's admins, unless it is what they were told last."""
        about = (occasion.purpose, occasion.server)
        if self._warnings.get(about) == trouble:
            return
        self._warnings[about] = trouble
        _log.warning("%s was not posted: %s", occasion, trouble)
        await log_trouble(self._bot, trouble, occasion.server)

    async def _post(self, occasion: Occasion, make: Callable[[], Awaitable[AnnouncementDraft]]) -> Sentence | None:
        """Post it if it is not posted yet; return what prevents that."""
        announcements = self._bot.studio.announcements
        if await self.has_posted(occasion):
            return None
        if (guild := self._bot.get_guild(int(occasion.server))) is None:
            return None  # Discord has an outage there, or the bot has left the server
        channel = find_outlet(guild, _channel_key(occasion), occasion.channel)
        if isinstance(channel, Sentence):
            return channel
        new = Announcement(
            purpose=occasion.purpose, server=occasion.server, subject=occasion.subject, since=time.time()
        )
        announcement = await announcements.begin(new)  # or the one of a previous run
        draft = await make()
        message = await self._find_sent(channel, draft, announcement) if announcement != new else None
        if message is None:
            # Marked first, for the program may end while it sends.
            await announcements.mark_sending(announcement, draft.about, time.time())
            message = await self._send(channel, draft, nonce=_nonce(occasion))
        await announcements.mark_posted(announcement, str(channel.id), str(message.id))
        self._on_posted(occasion.server)
        self._warnings.pop((occasion.purpose, occasion.server), None)
        return None

    async def _find_sent(
        self, channel: Outlet, draft: AnnouncementDraft, announcement: Announcement
    ) -> discord.Message | None:
        """Return the message of an announcement that a previous run began to send, if it arrived."""
        since = datetime.datetime.fromtimestamp(announcement.since, datetime.UTC)
        first, last = since - _CLOCKS, since + _ARRIVAL
        async for message in channel.history(limit=None, after=first, before=last, oldest_first=True):
            mine = self._bot.user is not None and message.author.id == self._bot.user.id
            if mine and (draft.mark in message.content or label_of(message, draft.mark) is not None):
                return message
        return None

    async def _send(self, channel: Outlet, draft: AnnouncementDraft, *, nonce: str) -> discord.Message:
        limit = min(channel.guild.filesize_limit, REQUEST_BYTES)
        files = [upload.as_file() for upload in draft.uploads if len(upload.data) <= limit]
        view = draft.buttons() if draft.buttons else discord.ui.View(timeout=None)
        return await channel.send(draft.content, files=files, nonce=nonce, suppress_embeds=True, view=view)


def _nonce(occasion: Occasion) -> str:
    """Return a hash of what is posted and where: Discord compares the nonces of all servers."""
    about = "|".join((occasion.purpose, occasion.server, occasion.subject))
    return hashlib.sha256(about.encode()).hexdigest()[:_NONCE_CHARACTERS]


def _channel_key(occasion: Occasion) -> str:
    return f"{occasion.purpose}_channel"


def _refusal_sentence(occasion: Occasion, error: discord.HTTPException) -> Sentence:
    return Sentence(
        "{key}: Discord refuses what this bot posts there ({error}). It is tried again, ever less often.",
        {"key": _channel_key(occasion), "error": str(error)},
    )
