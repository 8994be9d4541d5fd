"""Notes that only one member reads: ephemeral or, once the interaction's token has expired, a direct message."""

from __future__ import annotations

import logging

import discord

from cogs.client import Interaction
from cogs.context.outage import DISCORD_ERRORS
from cogs.i18n.language import language_of
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import code, inert, shorten

TOKEN_DEAD = frozenset({10015, 50027})
"""Discord's error codes for an interaction's token that has expired, after 15 minutes."""

_log = logging.getLogger(__name__)


async def send_private_note(
    interaction: Interaction, content: str, *, view: discord.ui.View = discord.utils.MISSING
) -> None:
    """Send markdown to whoever used an acknowledged interaction; a failure is logged.

    An ephemeral "thinking…" becomes the note. A direct message goes without the buttons of `view`.
    """
    try:
        await interaction.followup.send(content, ephemeral=True, view=view)
    except DISCORD_ERRORS as error:
        if isinstance(error, discord.HTTPException) and error.code in TOKEN_DEAD:
            await _send_direct_message(interaction, content)
        else:
            _log.warning("%s could not be told “%s”: %s", interaction.user, content, error)


async def _send_direct_message(interaction: Interaction, content: str) -> None:
    command, guild, say = interaction.command, interaction.guild, language_of(interaction.locale)
    if command is not None and guild is not None:
        name = code(f"/{command.qualified_name}")
        about = say("About your {command} on {server}:", command=name, server=inert(guild.name))
        content = shorten(f"{about}\n{content}", MAX_CONTENT)
    try:
        await interaction.user.send(content, suppress_embeds=True)
    except DISCORD_ERRORS as error:
        _log.warning("%s could not be told “%s”: %s", interaction.user, content, error)
