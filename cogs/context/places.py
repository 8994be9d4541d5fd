"""Where a command is used, in the terms of the rules."""

from __future__ import annotations

from collections.abc import Mapping

import discord

from cogs.client import Interaction
from engine.recipe.preset import Preset
from engine.recipe.style import Style
from studio.config.effective import Place, presets_of, styles_of


def place_of(interaction: Interaction) -> Place:
    """Return where an interaction takes place; a thread counts as its parent channel."""
    channel = interaction.channel
    parent = channel.parent_id if isinstance(channel, discord.Thread) else None
    user = interaction.user
    return Place(
        server=server_of(interaction),
        channel=str(parent or interaction.channel_id),
        roles=frozenset(str(role.id) for role in user.roles) if isinstance(user, discord.Member) else frozenset(),
        age_restricted=is_age_restricted(interaction),
    )


def server_of(interaction: Interaction) -> str | None:
    """Return the id of the interaction's server; None in a direct message."""
    return str(interaction.guild_id) if interaction.guild_id else None


def permissions_on_server(interaction: Interaction) -> discord.Permissions:
    """Return what somebody may do on the whole server; in a direct message that is nothing.

    `interaction.permissions` are those in the channel, where a member may have more.
    """
    user = interaction.user
    return user.guild_permissions if isinstance(user, discord.Member) else discord.Permissions.none()


def presets_here(interaction: Interaction) -> Mapping[str, Preset]:
    return presets_of(interaction.client.config, server_of(interaction))


def styles_here(interaction: Interaction) -> Mapping[str, Style]:
    return styles_of(interaction.client.config, server_of(interaction))


def is_age_restricted(interaction: Interaction) -> bool:
    """Whether the channel is age-restricted; a direct message is not, for nobody's age is known there."""
    return is_adults_channel(interaction.channel)


def may_see(interaction: Interaction, channel: str) -> bool:
    """Whether somebody may know what goes on in a channel of their server.

    An age-restricted channel is only for such channels to know of, a private thread only for itself and for those who
    manage threads.
    """
    guild, member = interaction.guild, interaction.user
    if channel == str(interaction.channel_id):
        return True
    if guild is None or not isinstance(member, discord.Member):
        return False
    found = find_known_channel(guild, channel)
    if found is None:
        return False
    if is_adults_channel(found) and not is_age_restricted(interaction):
        return False
    permissions = found.permissions_for(member)
    if isinstance(found, discord.Thread) and found.is_private():
        return permissions.view_channel and permissions.manage_threads
    return permissions.view_channel


def find_known_channel(guild: discord.Guild, channel: str) -> discord.abc.GuildChannel | discord.Thread | None:
    """Return a channel or thread of a server; None if it is deleted, another server's, or an archived thread.

    Discord tells a bot neither of archived threads nor their permissions.
    """
    found = guild.get_channel_or_thread(int(channel))
    return None if isinstance(found, discord.Thread) and found.parent is None else found


def may_write(permissions: discord.Permissions, channel: object) -> bool:
    """Whether permissions in a channel or thread are enough to write there."""
    in_thread = isinstance(channel, discord.Thread)
    return permissions.send_messages_in_threads if in_thread else permissions.send_messages


def is_adults_channel(channel: object) -> bool:
    is_nsfw = getattr(channel, "is_nsfw", None)  # not every kind of channel has it
    return bool(is_nsfw()) if is_nsfw is not None else False
