"""The one place that turns errors into what members read."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import aiohttp
import discord
from discord import app_commands

from cogs.context.private_note import TOKEN_DEAD, send_private_note
from cogs.i18n.language import Language, language_of
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import code, inert, shorten
from engine.errors import ChannelError, EngineError, MemberError, describe

_log = logging.getLogger(__name__)

_MOST_LINKS = 10

_LONGEST = MAX_CONTENT // 2
"""Characters of a note; what makes them inert takes as many again at most."""

_Item = TypeVar("_Item")
_Callback = Callable[[_Item, discord.Interaction[Any]], Coroutine[Any, Any, None]]


class Tree(app_commands.CommandTree[Any]):
    """The bot's commands; what goes wrong in one is told to the member who typed it."""

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        await tell_error(interaction, getattr(error, "original", error))


def tells_errors(callback: _Callback[_Item]) -> _Callback[_Item]:
    """Wrap a button's or form's callback so that what goes wrong in it is told to the member who used it."""

    @functools.wraps(callback)
    async def safely(item: _Item, interaction: discord.Interaction[Any]) -> None:
        try:
            await callback(item, interaction)
        except Exception as error:  # noqa: BLE001  # this is the boundary: told to the member, the unknown is logged
            await tell_error(interaction, error)

    return safely


async def tell_error(
    interaction: discord.Interaction[Any], error: BaseException, *, view: discord.ui.View = discord.utils.MISSING
) -> None:
    """Tell a member what went wrong, in a note that only they see; a "thinking…" left behind goes away.

    Args:
        interaction: what they did, answered or not.
        error: why it did not work.
        view: buttons to go with the note.
    """
    text = sentence_for(error, language_of(interaction.locale))
    if isinstance(error, ChannelError):
        text = f"{text} {_channel_hint(interaction, error.channels)}"
    try:
        if not interaction.response.is_done():
            await interaction.response.send_message(text, ephemeral=True, view=view)
            return
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            await _delete_thinking(interaction)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
        _log.warning("A member could not be told “%s”: %s", text, failure)
        return
    await send_private_note(interaction, text, view=view)


async def _delete_thinking(interaction: discord.Interaction[Any]) -> None:
    """Remove the "thinking…", or the note would take its place for all to see; a dead token can do neither."""
    try:
        await interaction.delete_original_response()
    except discord.HTTPException as error:
        if error.code not in TOKEN_DEAD:
            raise


def _channel_hint(interaction: discord.Interaction[Any], channels: tuple[str, ...]) -> str:
    """Return what to do instead: go to one of the channels that are of this server and that the member sees."""
    say, guild, member = language_of(interaction.locale), interaction.guild, interaction.user
    links: list[str] = []
    if guild is not None and isinstance(member, discord.Member):
        found = [found for channel in channels if channel.isdigit() and (found := guild.get_channel(int(channel)))]
        links = [one.mention for one in found if one.permissions_for(member).view_channel][:_MOST_LINKS]
    return say("Go to {channels}.", channels=", ".join(links)) if links else say("Ask an admin which one is.")


def sentence_for(error: BaseException, say: Language) -> str:
    """Return what a member reads for `error`; what they cannot change is written to the log under a reference."""
    match error:
        case MemberError() | EngineError():
            return inert(shorten(say.sentence(describe(error)), _LONGEST))
        case app_commands.CommandSignatureMismatch():
            return say("This command has changed since your Discord loaded it; reload Discord and try again.")
        case app_commands.TransformerError():
            return inert(say("“{value}” does not fit that option.", value=error.value))
    reference = secrets.token_hex(4)
    _log.error("Reference %s: %s", reference, error, exc_info=error)
    return f"{inert(say.sentence(describe(error)))} {say('Reference: {reference}', reference=code(reference))}"
