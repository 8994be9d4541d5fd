"""Keeps the number of votes true wherever it is shown."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import aiohttp
import discord
from discord.ext import commands

from cogs.gallery.channel_access import READ, ChannelAccess
from cogs.gallery.coalescer import SOON, Coalescer
from cogs.i18n.language import language_of
from cogs.renders.sharing import VoteButton
from cogs.ui.button_rows import Item, label_of, revise_rows
from engine.errors import StorageError, describe
from engine.protocol.messages import JobId
from studio.store import Share

if TYPE_CHECKING:
    from cogs.client import Tappa

_log = logging.getLogger(__name__)


class VoteCountsCog(commands.Cog):
    """Edits the messages about a share, with the bot's own token, after its votes have changed or it is gone."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._changed: dict[str, dict[JobId, Share]] = {}
        self._rounds = Coalescer(self._catch_up, after=SOON)
        self._reach = ChannelAccess(bot)

    async def cog_unload(self) -> None:
        """Stop; a count that is not true by then becomes so with the next vote."""
        await self._rounds.close()

    @commands.Cog.listener()
    async def on_vote(self, share: Share) -> None:
        """See to it that the new count is shown, soon."""
        self._schedule(share)

    @commands.Cog.listener()
    async def on_share_deleted(self, share: Share) -> None:
        """See to it that nobody can vote for it any more."""
        self._schedule(share)

    def _schedule(self, share: Share) -> None:
        self._changed.setdefault(share.server, {})[share.id] = share
        self._rounds.ask(share.server)

    async def _catch_up(self, server: str) -> None:
        await self._bot.wait_until_ready()  # shares expire while it starts
        for share in self._changed.pop(server, {}).values():
            await self._show_everywhere(share)

    async def _show_everywhere(self, share: Share) -> None:
        try:
            now = await self._bot.studio.gallery.find(share.server, share.id)
            posted = await self._bot.studio.announcements.find("showcase", share.server, share.id)
        except StorageError as error:
            _log.error("The votes of %s are not shown: %s", share.id, describe(error))
            return
        if not await self._show(share, now, share.channel, share.message) and now is not None:
            await self._forget_message(now)
        if posted is not None and posted.channel is not None:
            await self._show(share, now, posted.channel, posted.message)

    async def _forget_message(self, share: Share) -> None:
        """No more lead to where a share was posted: somebody has deleted the message, or the channel."""
        try:
            await self._bot.studio.gallery.shares.forget_message(share.id)
        except StorageError as error:
            _log.error("The message of share %s is not forgotten: %s", share.id, describe(error))

    async def _show(self, share: Share, now: Share | None, channel: str, message: str | None) -> bool:
        """Make one message show what is the case `now`; None: the share is gone.

        Returns:
            whether there is such a message still, as far as one can tell.
        """
        if message is None or not self._reach.includes(share.server, channel, READ):
            return True
        guild = self._bot.get_guild(int(share.server))
        place = self._bot.get_partial_messageable(int(channel), guild_id=int(share.server))
        button: Item | None = None
        if now is not None:
            button = VoteButton(now.id, language_of(guild.preferred_locale if guild else None), votes=now.votes)
        custom_id = f"tappa:vote:{share.id}"
        try:
            shown = await place.fetch_message(int(message))
            label = label_of(shown, custom_id)
            if label is not None and (button is None or label != getattr(button.item, "label", None)):  # type: ignore[attr-defined]
                await shown.edit(view=revise_rows(shown, {custom_id: button}))
        except discord.NotFound:
            return False
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.info("The votes of %s are not shown in %s: %s", share.id, channel, error)
            if isinstance(error, discord.Forbidden):
                self._reach.refused(channel)
        return True


async def setup(bot: Tappa) -> None:
    """Add the cog and its buttons to the bot."""
    await bot.add_cog(VoteCountsCog(bot))
