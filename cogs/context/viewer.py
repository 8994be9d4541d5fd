"""Who uses a command or a button, as the store and the gallery know them."""

from __future__ import annotations

import discord

from cogs.client import Interaction
from cogs.context.places import permissions_on_server, place_of
from studio.config.effective import moderation_of
from studio.gallery.gallery import Viewer
from studio.store import Member


def viewer_of(interaction: Interaction) -> Viewer:
    """Return who uses a command or button, and where; in a direct message the server is empty."""
    where = place_of(interaction)
    return Viewer(
        member=member_of(interaction.user),
        server=where.server or "",
        channel=where.channel,
        roles=where.roles,
        is_moderator=is_moderator(interaction),
    )


def member_of(user: discord.abc.User) -> Member:
    return Member(id=str(user.id), name=user.display_name)


def is_moderator(interaction: Interaction) -> bool:
    """Whether a member may manage messages on the whole server, or has one of moderator_roles."""
    if interaction.guild_id is None or not isinstance(interaction.user, discord.Member):
        return False
    roles = moderation_of(interaction.client.config, str(interaction.guild_id)).moderator_roles
    may_manage = permissions_on_server(interaction).manage_messages
    return may_manage or any(str(role.id) in roles for role in interaction.user.roles)


def moderated_server(interaction: Interaction) -> str | None:
    """Return the id of the server if the member moderates it, else None."""
    return str(interaction.guild_id) if is_moderator(interaction) else None
