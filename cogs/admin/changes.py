"""Changes of config.toml, as the admins of a server read them."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from cogs.context.posting_channel import find_obstacles
from cogs.ui.markdown import shorten
from engine.sentence import Sentence
from studio.config.config_file import split_key
from studio.config.keys import ConfigChange

_MOST = 8
_LONGEST_VALUE = 80


def describe_changes(changed: Sequence[ConfigChange], guild: discord.Guild | None) -> list[Sentence]:
    """Return the first changes, the number of the rest, and what prevents posting in channels that they name.

    Roles and channels are named as on `guild`.
    """
    sentences = [_describe_change(change, guild) for change in changed[:_MOST]]
    if rest := len(changed) - len(sentences):
        sentences.append(Sentence("And {count} more key.", {"count": rest}, "And {count} more keys."))
    return sentences if guild is None else [*sentences, *find_obstacles(changed, guild)]


def restart_note(changed: Sequence[ConfigChange]) -> Sentence | None:
    """Return the note on changes that need a restart, if there are any."""
    waiting = [change.key for change in changed if change.needs_restart]
    if not waiting:
        return None
    return Sentence("These hold only after a restart of the bot: {keys}.", {"keys": ", ".join(waiting)})


def _describe_change(change: ConfigChange, guild: discord.Guild | None) -> Sentence:
    key, where = _locate_key(change.key, guild)
    if change.is_private:
        return Sentence("Changed {key}.", {"key": key})
    old, new = (shorten(value, _LONGEST_VALUE) or Sentence("default") for value in (change.old, change.new))
    return Sentence("{key}: {old} → {new} ({where})", {"key": key, "old": old, "new": new, "where": where})


def _locate_key(key: str, guild: discord.Guild | None) -> tuple[str, str | Sentence]:
    """Return the name of a key where it applies, and where that is."""
    match split_key(key):
        case ("servers", server, *rest) if guild is not None and server == str(guild.id):
            match rest:
                case ("channels", channel, name) if found := guild.get_channel(int(channel)):
                    return name, f"#{found.name}"
                case ("roles", role, name) if found_role := guild.get_role(int(role)):
                    return name, Sentence("role {name}", {"name": found_role.name})
            return key.removeprefix(f"servers.{server}."), Sentence("on this server")
        case ("servers", server, *_):
            return key.removeprefix(f"servers.{server}."), Sentence("on server {id}", {"id": server})
    return key, Sentence("everywhere")
