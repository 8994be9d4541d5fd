"""Where the bot posts on its own: the channel that an admin has named for it, and what keeps it from posting there."""

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


def posting_channel(guild: discord.Guild, channel: str) -> Outlet | None:
    """Return a channel or thread of a server; one of another server, or another kind of channel, is none."""
    found = guild.get_channel_or_thread(int(channel))
    return found if isinstance(found, Outlet) else None


def find_obstacle(guild: discord.Guild, key: str, channel: str) -> Sentence | None:
    """Return why nothing can be posted in a channel, as far as that can be told without trying; None if it can.

    Args:
        guild: the server that it has to be of.
        key: which names it in the configuration.
        channel: its id.
    """
    found = find_known_channel(guild, channel)
    if not isinstance(found, Outlet):
        return Sentence("{key}: {channel} is no text channel of this server.", {"key": key, "channel": channel})
    granted = found.permissions_for(guild.me)
    if may_write(granted, found) and granted.view_channel and granted.attach_files:
        return None
    return Sentence(
        "{key}: this bot cannot post in {channel}. It needs View Channel, Send Messages, Attach Files and Read Message"
        " History there.",
        {"key": key, "channel": f"#{found.name}"},
    )


def find_obstacles(changed: Iterable[ConfigChange], guild: discord.Guild) -> Iterator[Sentence]:
    """Yield what keeps the bot from posting where changes of the configuration want it to, on one server."""
    for change in changed:
        if change.new and change.concerns(str(guild.id)) and (key := split_key(change.key)[-1]) in _KEYS:
            channel: str = msgspec.json.decode(change.new)  # TOML and JSON write a text the same way
            if channel and (found := find_obstacle(guild, key, channel)) is not None:
                yield found
