"""Which channels the bot can reach, so that it does not ask Discord in vain."""

from __future__ import annotations

import logging
import time

import discord

from cogs.client import Tappa
from cogs.context.places import find_known_channel

_log = logging.getLogger(__name__)

_PAUSE = 600.0
"""Seconds for which a channel is left alone after a refusal: 10,000 in ten minutes get an address banned."""

SEE = discord.Permissions(view_channel=True)
"""Permission to edit or delete one's own message."""

READ = discord.Permissions(view_channel=True, read_message_history=True)
"""Permissions to fetch one."""


class ChannelAccess:
    """Knows where the bot has access, by its permissions and by what Discord has refused lately."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._refused: dict[str, float] = {}

    def allows(self, server: str, channel: str | None, needed: discord.Permissions) -> bool:
        """Whether the bot may have permissions in a channel, as far as it can tell."""
        guild = self._bot.get_guild(int(server))
        if guild is None or channel is None or time.monotonic() < self._refused.get(channel, 0.0):
            return False
        found = find_known_channel(guild, channel)
        if found is None:
            return True  # only Discord knows
        return found.permissions_for(guild.me).is_superset(needed)

    def note_refusal(self, channel: str) -> None:
        """Leave a channel alone for a while, after Discord has refused the bot there."""
        self._refused[channel] = time.monotonic() + _PAUSE
        _log.warning("Discord refuses the bot in channel %s, which is left alone for %d minutes", channel, _PAUSE // 60)
