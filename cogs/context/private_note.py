"""What one member reads and nobody else: a note under what they did or, where its token has died, a direct message."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord

from cogs.i18n.language import language_of
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import code, inert, shorten

TOKEN_DEAD = frozenset({10015, 50027})
"""Discord's codes for the token of an interaction that is older than a quarter of an hour."""

_log = logging.getLogger(__name__)


async def send_private_note(
    interaction: discord.Interaction[Any], content: str, *, view: discord.ui.View = discord.utils.MISSING
) -> None:
    """Tell whoever used an acknowledged interaction something; that it is not possible is logged.

    Args:
        interaction: what they did; a "thinking…" that only they see becomes the note.
        content: markdown.
        view: buttons to go with it, for the place where it was done.
    """
    try:
        await interaction.followup.send(content, ephemeral=True, view=view)
    except discord.HTTPException as error:
        if error.code not in TOKEN_DEAD:
            _log.warning("%s could not be told “%s”: %s", interaction.user, content, error)
            return
        await _write_to(interaction, content)
    except (aiohttp.ClientError, OSError) as error:
        _log.warning("%s could not be told “%s”: %s", interaction.user, content, error)


async def _write_to(interaction: discord.Interaction[Any], content: str) -> None:
    command, guild, say = interaction.command, interaction.guild, language_of(interaction.locale)
    if command is not None and guild is not None:
        name = code(f"/{command.qualified_name}")
        about = say("About your {command} on {server}:", command=name, server=inert(guild.name))
        content = shorten(f"{about}\n{content}", MAX_CONTENT)
    try:
        await interaction.user.send(content, suppress_embeds=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        _log.warning("%s could not be told “%s”: %s", interaction.user, content, error)
