"""Whom a message notifies: what its text names, as far as `allowed_mentions` allows it."""

from __future__ import annotations

import re

from playground.errors import Json
from playground.world.model import Guild, Mentions

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")


def mentions_in(text: str, allowed: Json | None, guild: Guild | None, *, may_mention_everyone: bool) -> Mentions:
    """Return who is notified.

    Text inside code marks counts like any other: stricter than Discord, so that what holds here holds there.

    Args:
        text: everything in the message that can mention: content and text components.
        allowed: the request's `allowed_mentions`; None allows everything, as Discord does.
        guild: where it is posted; None for a direct message, where nobody is notified by a mention.
        may_mention_everyone: whether the author has that permission.
    """
    if guild is None:
        return Mentions()
    users = _named(_USER, text, "users", allowed)
    roles = _named(_ROLE, text, "roles", allowed)
    everyone = may_mention_everyone and _EVERYONE.search(text) is not None and _parses("everyone", allowed)
    return Mentions(
        users=tuple(guild.members[one].user for one in users if one in guild.members),
        roles=tuple(one for one in roles if one in guild.roles),
        everyone=everyone,
    )


def _parses(kind: str, allowed: Json | None) -> bool:
    return allowed is None or kind in (allowed.get("parse") or ())


def _named(pattern: re.Pattern[str], text: str, kind: str, allowed: Json | None) -> list[str]:
    """Return the ids in `text`, each once, that may be mentioned."""
    found = list(dict.fromkeys(pattern.findall(text)))
    if allowed is None or _parses(kind, allowed):
        return found
    return [one for one in found if one in {str(each) for each in allowed.get(kind) or ()}]
