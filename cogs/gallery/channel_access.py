"""Which channels the bot can reach, so that it does not ask Discord in vain."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

import discord
from cachetools import TTLCache

from cogs.client import Tappa
from cogs.context.outage import DISCORD_ERRORS
from cogs.context.places import find_known_channel
from studio.store import Announcement

_log = logging.getLogger(__name__)

_PAUSE = 600.0
"""Seconds for which a channel is left alone after a refusal: 10,000 in ten minutes get an address banned."""

_MOST_REFUSALS = 10_000
"""Number of channels that are remembered: more refusals within the pause get the address banned anyway."""

SEE = discord.Permissions(view_channel=True)
"""Permission to edit or delete one's own message."""

READ = discord.Permissions(view_channel=True, read_message_history=True)
"""Permissions to fetch one."""


class ChannelAccess:
    """Knows where the bot has access, by its permissions and by what Discord has refused lately."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._refused: TTLCache[str, None] = TTLCache(_MOST_REFUSALS, _PAUSE, timer=time.monotonic)

    def allows(self, server: str, channel: str | None, needed: discord.Permissions) -> bool:
        """Whether the bot may have permissions in a channel, as far as it can tell."""
        guild = self._bot.get_guild(int(server))
        if guild is None or channel is None or channel in self._refused:
            return False
        found = find_known_channel(guild, channel)
        if found is None:
            return True  # only Discord knows
        return found.permissions_for(guild.me).is_superset(needed)

    async def take_out(
        self, posted: Announcement, action: Callable[[discord.PartialMessage], Awaitable[object]]
    ) -> bool:
        """Remove something from a message that the bot has posted; return whether it, or the message, is gone."""
        channel = self._bot.get_partial_messageable(int(posted.channel or 0), guild_id=int(posted.server))
        try:
            await action(channel.get_partial_message(int(posted.message or 0)))
        except discord.NotFound:
            return True  # somebody was faster
        except DISCORD_ERRORS as error:
            _log.warning("%s was not taken out of the %s: %s", posted.subject, posted.purpose, error)
            if isinstance(error, discord.Forbidden):
                self.note_refusal(str(posted.channel))
            return False
        return True

    def note_refusal(self, channel: str) -> None:
        """Leave a channel alone for a while, after Discord has refused the bot there."""
        self._refused[channel] = None
        _log.warning("Discord refuses the bot in channel %s, which is left alone for %d minutes", channel, _PAUSE // 60)
