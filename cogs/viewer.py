"""Who uses a command or a button, as the gallery sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from cogs.places import place_of
from engine.gallery import Viewer
from engine.rules import moderation_of
from engine.store import Member

if TYPE_CHECKING:
    from bot import Tappa


def viewer_of(interaction: discord.Interaction[Tappa]) -> Viewer:
    """Return who did something, and where; in a direct message there is no server to see."""
    user, where = interaction.user, place_of(interaction)
    return Viewer(
        member=Member(id=str(user.id), name=user.display_name),
        server=where.server or "",
        channel=where.channel,
        roles=where.roles,
        is_moderator=is_moderator(interaction),
    )


def is_moderator(interaction: discord.Interaction[Tappa]) -> bool:
    """Return whether a member may manage messages there, or has a role that the configuration calls a moderator's."""
    return interaction.guild_id is not None and (interaction.permissions.manage_messages or _has_role(interaction))


def moderated_server(interaction: discord.Interaction[Tappa]) -> str | None:
    """Return the id of the server if a member moderates all of it, None otherwise.

    Whoever may manage messages in single channels only has no say in what is rendered for the others.
    """
    user = interaction.user
    if not isinstance(user, discord.Member):
        return None
    return str(user.guild.id) if user.guild_permissions.manage_messages or _has_role(interaction) else None


def _has_role(interaction: discord.Interaction[Tappa]) -> bool:
    """Return whether a member has a role that the configuration calls a moderator's."""
    if not isinstance(interaction.user, discord.Member):
        return False
    roles = moderation_of(interaction.client.config, str(interaction.guild_id)).moderator_roles
    return any(str(role.id) in roles for role in interaction.user.roles)
