"""The showcase: what enough members have voted for is posted in the channel that the admin has named for it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import aiohttp
import discord
from discord.ext import commands

from cogs.gallery.announcer import AnnouncementDraft, Announcer, Occasion
from cogs.gallery.channel_access import SEE, ChannelAccess
from cogs.gallery.coalescer import Coalescer
from cogs.gallery.page_ref import lineage_text, picture_of
from cogs.i18n.language import Language, language_of
from cogs.renders.buttons import AgainButton
from cogs.renders.lineage import link_to
from cogs.renders.remix import RemixButton
from cogs.renders.sharing import SaveButton, VoteButton
from cogs.ui.button_rows import lasting_rows
from cogs.ui.headline import headline
from cogs.ui.markdown import inert, shorten
from engine.errors import StorageError, describe
from studio.config.effective import channels_of, community_at
from studio.store import Announcement, Share

if TYPE_CHECKING:
    from cogs.client import Tappa

_log = logging.getLogger(__name__)

CATCH_UP_SECONDS = 2 * 24 * 60 * 60
"""Votes given so long before a start may be the ones that the last run did not get to post."""


class ShowcaseCog(commands.Cog):
    """Posts what has passed the number of votes, once."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._clearing = Coalescer(self._clear)
        self._catching_up = Coalescer(self._catch_up)
        self._announcer = Announcer(bot, self._clearing.ask)
        self._reach = ChannelAccess(bot)

    async def cog_unload(self) -> None:
        """Stop; what is to be posted or taken out still is seen to at the next start."""
        await self._catching_up.close()
        await self._clearing.close()

    @commands.Cog.listener()
    async def on_vote(self, share: Share) -> None:
        """Post it if this was the vote that was missing."""
        community = community_at(self._bot.config, share.server, share.home or share.channel)
        if community.showcase_channel and share.votes >= community.showcase_votes:
            await self._post(share, community.showcase_channel)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Make up for what a restart has kept from being posted or taken out."""
        for guild in self._bot.guilds:
            self._clearing.ask(str(guild.id))
            self._catching_up.ask(str(guild.id))

    @commands.Cog.listener()
    async def on_share_deleted(self, share: Share) -> None:
        """Take a share that is deleted out of the showcase too."""
        self._clearing.ask(share.server)

    async def _catch_up(self, server: str) -> None:
        """Post what has had enough votes for a while and was not posted, for the bot was not there."""
        config, since = self._bot.config, time.time() - CATCH_UP_SECONDS
        communities = [community_at(config, server, channel) for channel in ("", *channels_of(config, server))]
        votes = [community.showcase_votes for community in communities if community.showcase_channel]
        if not votes:
            return
        try:
            due = await self._bot.studio.gallery.shares.recently_voted(server, min(votes), since)
        except StorageError as error:
            _log.error("The showcase of server %s was not looked through: %s", server, describe(error))
            return
        for share in due:
            await self.on_vote(share)

    async def _clear(self, server: str) -> None:
        """Take out what is not shared any more; what cannot be taken out is tried again later, or at the next start."""
        kept = 0
        try:
            for posted in await self._bot.studio.announcements.orphans(server):
                if not self._reach.includes(server, posted.channel, SEE):
                    kept += 1
                elif await self._take_out(posted):
                    await self._bot.studio.announcements.mark_withdrawn(posted)
        except StorageError as error:
            _log.error("The showcase of server %s was not cleared: %s", server, describe(error))
        if kept:
            _log.warning("%d messages in the showcase of server %s are out of the bot's reach and stay", kept, server)

    async def _take_out(self, posted: Announcement) -> bool:
        """Delete a message of the showcase; return whether it is gone."""
        place = self._bot.get_partial_messageable(int(posted.channel or 0), guild_id=int(posted.server))
        try:
            await place.get_partial_message(int(posted.message or 0)).delete()
        except discord.NotFound:
            return True  # somebody was faster
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.warning("Share %s was not taken out of the showcase: %s", posted.subject, error)
            if isinstance(error, discord.Forbidden):
                self._reach.refused(str(posted.channel))
            return False
        return True

    async def _post(self, share: Share, channel: str) -> None:
        if share.adults_only and not _is_for_adults(self._bot.get_channel(int(channel))):
            return
        guild = self._bot.get_guild(int(share.server))
        say = language_of(guild.preferred_locale if guild else None)
        occasion = Occasion(purpose="showcase", subject=share.id, server=share.server, channel=channel)
        await self._announcer.post(occasion, lambda: self._notice(share, say))

    async def _notice(self, share: Share, say: Language) -> AnnouncementDraft:
        gallery = self._bot.studio.gallery
        parent = await gallery.find(share.server, share.parent) if share.parent else None
        lines = [headline(share.recipe, say), _credit(share, say), lineage_text(share, parent, say)]
        return AnnouncementDraft(
            content="\n".join(line for line in lines if line),
            mark=f"tappa:vote:{share.id}",
            uploads=(picture_of(share, await self._bot.studio.renders.load(share.id), say),),
            buttons=lambda: _buttons(share, say),
        )


def _is_for_adults(channel: object) -> bool:
    return isinstance(channel, discord.TextChannel | discord.Thread) and channel.is_nsfw()


def _credit(share: Share, say: Language) -> str:
    maker = inert(shorten(share.member.name, 40))
    if (link := link_to(share)) is None:
        return f"-# {say('by {member}', member=maker)}"
    return f"-# {say('by {member} · [where it was posted]({link})', member=maker, link=link)}"


def _buttons(share: Share, say: Language) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(RemixButton(share.id, say))
    view.add_item(AgainButton(share.id, say))
    view.add_item(VoteButton(share.id, say, votes=share.votes))
    view.add_item(SaveButton(share.id, say))
    return lasting_rows(view)


async def setup(bot: Tappa) -> None:
    """Add the cog to the bot."""
    await bot.add_cog(ShowcaseCog(bot))
