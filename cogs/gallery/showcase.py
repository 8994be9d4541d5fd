"""The showcase: shares with enough votes are posted in the channel that the admin has chosen."""

from __future__ import annotations

import logging
import time

import discord
from discord.ext import commands

from cogs.client import Tappa
from cogs.context.places import is_adults_channel
from cogs.gallery.announcer import AnnouncementDraft, Announcer, Occasion
from cogs.gallery.channel_access import SEE, ChannelAccess
from cogs.gallery.coalescer import Coalescer
from cogs.gallery.gallery_text import lineage_text, picture_of
from cogs.i18n.language import Language, language_of
from cogs.renders.buttons import AgainButton
from cogs.renders.lineage import link_to, maker_name
from cogs.renders.remix import RemixButton
from cogs.renders.sharing import SaveButton, VoteButton
from cogs.ui.button_rows import make_view
from cogs.ui.headline import headline
from engine.errors import StorageError, describe
from studio.config.effective import channels_of, community_at
from studio.store import Share

_log = logging.getLogger(__name__)

CATCH_UP_SECONDS = 2 * 24 * 60 * 60
"""Age of the oldest votes that a start looks through for shares that were not posted."""


class ShowcaseCog(commands.Cog):
    """Posts each share that reaches the number of votes, once."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._cleanup = Coalescer(self._remove_deleted)
        self._catching_up = Coalescer(self._catch_up)
        self._announcer = Announcer(bot, self._cleanup.request)
        self._access = ChannelAccess(bot)

    async def cog_unload(self) -> None:
        await self._catching_up.close()
        await self._cleanup.close()

    @commands.Cog.listener()
    async def on_vote(self, share: Share) -> None:
        """Post the share if it has enough votes now."""
        community = community_at(self._bot.config, share.server, share.home or share.channel)
        if community.showcase_channel and share.votes >= community.showcase_votes:
            await self._post(share, community.showcase_channel)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Post and remove what was missed while the bot was offline."""
        for guild in self._bot.guilds:
            self._cleanup.request(str(guild.id))
            self._catching_up.request(str(guild.id))

    @commands.Cog.listener()
    async def on_share_deleted(self, share: Share) -> None:
        self._cleanup.request(share.server)

    async def _catch_up(self, server: str) -> None:
        """Post what got enough votes shortly before the bot went offline."""
        config, since = self._bot.config, time.time() - CATCH_UP_SECONDS
        communities = [community_at(config, server, channel) for channel in ("", *channels_of(config, server))]
        votes = [community.showcase_votes for community in communities if community.showcase_channel]
        if not votes:
            return
        try:
            due = await self._bot.studio.gallery.shares.list_recently_voted(server, min(votes), since)
        except StorageError as error:
            _log.error("The showcase of server %s was not looked through: %s", server, describe(error))
            return
        for share in due:
            await self.on_vote(share)

    async def _remove_deleted(self, server: str) -> None:
        """Delete the messages of shares that are gone; what fails is tried again at the next call."""
        kept = 0
        try:
            for posted in await self._bot.studio.announcements.list_orphaned(server):
                if not self._access.allows(server, posted.channel, SEE):
                    kept += 1
                elif await self._access.take_out(posted, lambda message: message.delete()):
                    await self._bot.studio.announcements.mark_withdrawn(posted)
        except StorageError as error:
            _log.error("The showcase of server %s was not cleared: %s", server, describe(error))
        if kept:
            _log.warning("%d messages in the showcase of server %s are out of the bot's reach and stay", kept, server)

    async def _post(self, share: Share, channel: str) -> None:
        if share.adults_only and not is_adults_channel(self._bot.get_channel(int(channel))):
            return
        guild = self._bot.get_guild(int(share.server))
        say = language_of(guild.preferred_locale if guild else None)
        occasion = Occasion(purpose="showcase", subject=share.id, server=share.server, channel=channel)
        await self._announcer.post(occasion, lambda: self._draft(share, say))

    async def _draft(self, share: Share, say: Language) -> AnnouncementDraft:
        gallery = self._bot.studio.gallery
        parent = await gallery.find(share.server, share.parent) if share.parent else None
        lines = [headline(share.recipe, say), _credit_line(share, say), lineage_text(share, parent, say)]
        return AnnouncementDraft(
            content="\n".join(line for line in lines if line),
            mark=f"tappa:vote:{share.id}",
            uploads=(picture_of(share, await self._bot.studio.renders.load(share.id), say),),
            buttons=lambda: _buttons(share, say),
        )


def _credit_line(share: Share, say: Language) -> str:
    maker = maker_name(share.member.name)
    if (link := link_to(share)) is None:
        return f"-# {say('by {member}', member=maker)}"
    return f"-# {say('by {member} · [where it was posted]({link})', member=maker, link=link)}"


def _buttons(share: Share, say: Language) -> discord.ui.View:
    return make_view(
        RemixButton.of(share.id, say),
        AgainButton.of(share.id, say),
        VoteButton.with_count(share, say),
        SaveButton.of(share.id, say),
    )


async def setup(bot: Tappa) -> None:
    await bot.add_cog(ShowcaseCog(bot))
