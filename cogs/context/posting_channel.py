"""The channels where the bot posts on its own, which admins choose, and what prevents posting there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import discord
import msgspec

from cogs.context.places import find_known_channel, may_write
from engine.sentence import Sentence
from studio.config.config_file import split_key
from studio.config.keys import ConfigChange

Outlet = discord.TextChannel | discord.Thread

_KEYS = ("showcase_channel", "digest_channel")


def find_outlet(guild: discord.Guild, key: str, channel: str) -> Outlet | Sentence:
    """Return a server's channel if the bot can post there as far as it knows, else why it cannot.

    `key` is the key of config.toml that names the channel.
    """
    found = find_known_channel(guild, channel)
    if not isinstance(found, Outlet):
        return Sentence("{key}: {channel} is no text channel of this server.", {"key": key, "channel": channel})
    granted = found.permissions_for(guild.me)
    if may_write(granted, found) and granted.view_channel and granted.attach_files:
        return found
    return Sentence(
        "{key}: this bot cannot post in {channel}. It needs View Channel, Send Messages, Attach Files and Read Message"
        " History there.",
        {"key": key, "channel": f"#{found.name}"},
    )


def find_obstacles(changed: Iterable[ConfigChange], guild: discord.Guild) -> Iterator[Sentence]:
    """Yield what prevents posting in the channels that changes of config.toml name for a server."""
    for change in changed:
        if change.new and change.concerns(str(guild.id)) and (key := split_key(change.key)[-1]) in _KEYS:
            channel: str = msgspec.json.decode(change.new)  # TOML and JSON write a text the same way
            if channel and isinstance(found := find_outlet(guild, key, channel), Sentence):
                yield found
