"""The weekly digest: the best of the last seven days, on the weekday and at the hour that the admin has chosen."""

from __future__ import annotations

import asyncio
import datetime
import functools
import logging
from collections.abc import Sequence
from typing import get_args

import discord
from discord.ext import commands, tasks

from cogs.client import Tappa
from cogs.gallery.announcer import AnnouncementDraft, Announcer, Occasion
from cogs.gallery.channel_access import SEE, ChannelAccess
from cogs.gallery.coalescer import Coalescer
from cogs.gallery.mosaic import Cell, make_mosaic
from cogs.i18n.language import Language, language_of
from cogs.renders.lineage import link_to, maker_name
from cogs.ui.drafts import Upload
from cogs.ui.headline import plain_headline, short_title
from cogs.ui.markdown import inert
from engine.errors import StorageError, describe
from studio.config.config import CommunityConfig, Weekday
from studio.config.effective import community_of
from studio.store import Share

_log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
"""Seconds between two checks whether a digest is due."""

BEST = 5
_WEEK = datetime.timedelta(days=7)
_LATEST = datetime.timedelta(days=1)
"""A digest that could not be posted for this long is skipped."""


class DigestCog(commands.Cog):
    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._cleanup = Coalescer(self._remove_deleted)
        self._posting = Coalescer(self._post)
        self._announcer = Announcer(bot, self._cleanup.request)
        self._access = ChannelAccess(bot)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Remove what was deleted while the bot was offline, and start to check the clock."""
        if not self._check_clock.is_running():
            self._check_clock.start()
        for guild in self._bot.guilds:
            self._cleanup.request(str(guild.id))

    async def cog_unload(self) -> None:
        self._check_clock.cancel()
        await self._posting.close()
        await self._cleanup.close()

    @tasks.loop(seconds=LOOK_SECONDS)
    async def _check_clock(self) -> None:
        for guild in self._bot.guilds:
            self._posting.request(str(guild.id))

    async def _post(self, server: str) -> None:
        if (guild := self._bot.get_guild(int(server))) is None:
            return  # the bot has just left it
        try:
            await self.post_if_due(guild, datetime.datetime.now(datetime.UTC))
        except StorageError as error:
            _log.error("The digest of server %s was not made: %s", server, describe(error))

    async def post_if_due(self, guild: discord.Guild, now: datetime.datetime) -> None:
        """Post a server's digest if its hour has come and something was shared in the week before it."""
        community = community_of(self._bot.config, str(guild.id))
        due = last_due(community, now)
        if not community.digest_channel or now - due > _LATEST:
            return
        week, say = f"{due:%Y-%m-%d}", language_of(guild.preferred_locale)
        occasion = Occasion(purpose="digest", subject=week, server=str(guild.id), channel=community.digest_channel)
        if await self._announcer.has_posted(occasion):
            return  # nearly always, and finding the best of a week is work
        first, last = (due - _WEEK).timestamp(), due.timestamp()
        if shares := await self._bot.studio.gallery.shares.best(str(guild.id), first, last, BEST):
            await self._announcer.post(occasion, lambda: self._draft(week, shares, say))

    @commands.Cog.listener()
    async def on_share_deleted(self, share: Share) -> None:
        self._cleanup.request(share.server)

    async def _remove_deleted(self, server: str) -> None:
        """Remove deleted shares from a server's digests; what fails is tried again at the next call."""
        guild, announcements = self._bot.get_guild(int(server)), self._bot.studio.announcements
        if guild is None:
            return  # not online yet: shares expire while the bot starts
        try:
            for posted in await announcements.list_outdated(server):
                if not self._access.allows(server, posted.channel, SEE):
                    _log.warning("The digest of %s is out of the bot's reach and stays", posted.subject)
                    continue
                shares = [await self._bot.studio.gallery.find(server, share) for share in posted.about]
                left = [share for share in shares if share is not None]
                draft = await self._draft(posted.subject, left, language_of(guild.preferred_locale)) if left else None
                if await self._access.take_out(posted, functools.partial(_edit, draft)):
                    await announcements.set_shares(posted, (share.id for share in left))
        except StorageError as error:
            _log.error("The digests of server %s were not cleared: %s", server, describe(error))

    async def _draft(self, week: str, shares: Sequence[Share], say: Language) -> AnnouncementDraft:
        cells = [Cell(await self._load_picture(share), is_blurred=share.nsfw) for share in shares]
        names = "; ".join(f"{number}: {plain_headline(share.recipe, say)}" for number, share in enumerate(shares, 1))
        sheet = Upload(f"week-{week}.png", await asyncio.to_thread(make_mosaic, cells), names)
        content = digest_text(week, shares, say)
        about = tuple(share.id for share in shares)
        return AnnouncementDraft(content=content, mark=content.splitlines()[0], uploads=(sheet,), about=about)

    async def _load_picture(self, share: Share) -> bytes:
        try:
            return (await self._bot.studio.renders.load(share.id)).data
        except StorageError as error:
            _log.warning("The digest goes without a picture: %s", describe(error))
            return b""


async def _edit(draft: AnnouncementDraft | None, message: discord.PartialMessage) -> None:
    """Edit a digest to look like `draft`; None deletes it."""
    if draft is None:
        await message.delete()
    else:
        await message.edit(content=draft.content, attachments=[upload.as_file() for upload in draft.uploads])


def last_due(community: CommunityConfig, now: datetime.datetime) -> datetime.datetime:
    """Return when the latest digest was due, in UTC and never after `now`."""
    weekday = get_args(Weekday).index(community.digest_weekday)
    due = now.replace(hour=community.digest_hour, minute=0, second=0, microsecond=0)
    due -= datetime.timedelta(days=(due.weekday() - weekday) % 7)
    return due if due <= now else due - _WEEK


def digest_text(week: str, shares: Sequence[Share], say: Language) -> str:
    """Write the digest in at most 2000 characters, the best share first."""
    lines = [say("**The best of the week until {date}**", date=week)]
    for number, share in enumerate(shares, 1):
        lines.append(f"{number}\\. **{inert(short_title(share.recipe, say))}**\n-# {_facts_line(share, say)}")
    return "\n".join(lines)


def _facts_line(share: Share, say: Language) -> str:
    votes = say.plural("{count} vote", "{count} votes", share.votes)
    facts = [say("by {member}", member=maker_name(share.member.name)), votes]
    if (link := link_to(share)) is not None:
        facts.append(say("[look]({link})", link=link))
    return " · ".join(facts)


async def setup(bot: Tappa) -> None:
    await bot.add_cog(DigestCog(bot))
