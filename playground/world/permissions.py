"""Who may do what where."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec


class Permission(enum.IntFlag):
    """The bits a bot like ours meets; the others exist but nothing here asks for them."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38


NOTHING = Permission(0)
EVERYTHING = Permission((1 << 52) - 1)
EVERYONE = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
)
# In a direct message there are no roles: both sides may do all that makes sense there.
DIRECT = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
)
# An application's answer to an interaction may always carry these; Discord says so in `app_permissions`.
INTERACTION_GRANTS = Permission.ATTACH_FILES | Permission.EMBED_LINKS | Permission.MENTION_EVERYONE


def suffices(granted: Permission, required: str | None) -> bool:
    """Whether `granted` is enough for a command with these `default_member_permissions` ("0": administrators only)."""
    if required is None or Permission.ADMINISTRATOR in granted:
        return True
    return int(required) != 0 and Permission(int(required)) in granted


class Overwrite(msgspec.Struct, frozen=True):
    """What one channel changes for one role (type 0) or one member (type 1)."""

    id: str
    type: int
    allow: Permission = NOTHING
    deny: Permission = NOTHING


class Identity(msgspec.Struct, frozen=True):
    """Whose permissions are asked for: ids of the person, of the server's @everyone and of the roles held."""

    member: str
    everyone: str
    roles: frozenset[str] = frozenset()


def in_channel(base: Permission, overwrites: Iterable[Overwrite], identity: Identity) -> Permission:
    """Return what someone may do in a channel, `base` being the sum of their roles' permissions."""
    if Permission.ADMINISTRATOR in base:
        return EVERYTHING
    by_id = {overwrite.id: overwrite for overwrite in overwrites}
    for layer in ({identity.everyone}, identity.roles, {identity.member}):  # the last word is the member's own
        found = [by_id[one] for one in layer if one in by_id]
        for overwrite in found:
            base &= ~overwrite.deny
        for overwrite in found:
            base |= overwrite.allow
    return base if Permission.VIEW_CHANNEL in base else NOTHING
