"""Keeps the number of votes up to date wherever it is shown."""

from __future__ import annotations

import logging

import discord
from discord.ext import commands

from cogs.client import Tappa
from cogs.context.outage import DISCORD_ERRORS
from cogs.gallery.channel_access import READ, ChannelAccess
from cogs.gallery.coalescer import Coalescer
from cogs.i18n.language import language_of
from cogs.renders.sharing import VoteButton
from cogs.ui.button_rows import Item, label_of, revise_rows
from engine.errors import StorageError, describe
from engine.protocol.messages import JobId
from studio.store import Share

_log = logging.getLogger(__name__)

DELAY_SECONDS = 2.0
"""Time to collect changes before messages are edited: Discord takes five edits in five seconds."""


class VoteCountsCog(commands.Cog):
    """Edits the messages about a share once its votes have changed; that of a deleted one loses its Vote button."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._changed: dict[str, dict[JobId, Share]] = {}
        self._updates = Coalescer(self._update_server, after=DELAY_SECONDS)
        self._access = ChannelAccess(bot)

    async def cog_unload(self) -> None:
        await self._updates.close()

    @commands.Cog.listener("on_vote")
    @commands.Cog.listener("on_share_deleted")
    async def schedule_update(self, share: Share) -> None:
        self._changed.setdefault(share.server, {})[share.id] = share
        self._updates.request(share.server)

    async def _update_server(self, server: str) -> None:
        await self._bot.wait_until_ready()  # shares expire while it starts
        for share in self._changed.pop(server, {}).values():
            await self._update_share(share)

    async def _update_share(self, share: Share) -> None:
        try:
            now = await self._bot.studio.gallery.find(share.server, share.id)
            posted = await self._bot.studio.announcements.find("showcase", share.server, share.id)
        except StorageError as error:
            _log.error("The votes of %s are not shown: %s", share.id, describe(error))
            return
        if not await self._update_message(share, now, share.channel, share.message) and now is not None:
            await self._forget_message(now)
        if posted is not None and posted.channel is not None:
            await self._update_message(share, now, posted.channel, posted.message)

    async def _forget_message(self, share: Share) -> None:
        """Stop linking to a message that somebody has deleted."""
        try:
            await self._bot.studio.gallery.shares.forget_message(share.id)
        except StorageError as error:
            _log.error("The message of share %s is not forgotten: %s", share.id, describe(error))

    async def _update_message(self, share: Share, now: Share | None, channel_id: str, message: str | None) -> bool:
        """Edit a message to show a share as it is `now`, None if it is deleted.

        Return whether the message still exists, as far as the bot can tell.
        """
        if message is None or not self._access.allows(share.server, channel_id, READ):
            return True
        guild = self._bot.get_guild(int(share.server))
        channel = self._bot.get_partial_messageable(int(channel_id), guild_id=int(share.server))
        button: Item | None = None
        if now is not None:
            button = VoteButton.with_count(now, language_of(guild.preferred_locale if guild else None))
        custom_id = f"tappa:vote:{share.id}"
        try:
            fetched = await channel.fetch_message(int(message))
            label = label_of(fetched, custom_id)
            if label is not None and (button is None or label != getattr(button.item, "label", None)):  # type: ignore[attr-defined]
                await fetched.edit(view=revise_rows(fetched, {custom_id: button}))
        except discord.NotFound:
            return False
        except DISCORD_ERRORS as error:
            _log.info("The votes of %s are not shown in %s: %s", share.id, channel_id, error)
            if isinstance(error, discord.Forbidden):
                self._access.note_refusal(channel_id)
        return True


async def setup(bot: Tappa) -> None:
    await bot.add_cog(VoteCountsCog(bot))
