"""The one place that turns errors into what members read."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import discord
from discord import app_commands

from cogs.client import Interaction
from cogs.context.outage import DISCORD_ERRORS
from cogs.context.private_note import TOKEN_DEAD, send_private_note
from cogs.i18n.language import Language, language_of
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import code, inert, shorten
from engine.errors import ChannelError, EngineError, MemberError, describe

_log = logging.getLogger(__name__)

_MOST_LINKS = 10

_LONGEST = MAX_CONTENT // 2
"""Characters of a note; escaping at most doubles them."""

_Item = TypeVar("_Item")
_Callback = Callable[[_Item, discord.Interaction[Any]], Coroutine[Any, Any, None]]


class Tree(app_commands.CommandTree[Any]):
    """The bot's commands; members are told about errors in them."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        await tell_error(interaction, getattr(error, "original", error))


def tells_errors(callback: _Callback[_Item]) -> _Callback[_Item]:
    """Wrap the callback of a button or form so that the member who used it is told about errors."""

    @functools.wraps(callback)
    async def safely(item: _Item, interaction: discord.Interaction[Any]) -> None:
        try:
            await callback(item, interaction)
        except Exception as error:  # noqa: BLE001  # the boundary: members are told, the unknown is logged
            await tell_error(interaction, error)

    return safely


async def tell_error(
    interaction: Interaction, error: BaseException, *, view: discord.ui.View = discord.utils.MISSING
) -> None:
    """Tell a member what went wrong, in a note that only they see, with the buttons of `view`.

    The interaction may be answered or not; a "thinking…" is removed.
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
    except DISCORD_ERRORS as failure:
        _log.warning("A member could not be told “%s”: %s", text, failure)
        return
    await send_private_note(interaction, text, view=view)


async def _delete_thinking(interaction: Interaction) -> None:
    """Remove a public "thinking…": the first follow-up would take its place for all to see."""
    try:
        await interaction.delete_original_response()
    except discord.HTTPException as error:
        if error.code not in TOKEN_DEAD:
            raise


def _channel_hint(interaction: Interaction, channels: tuple[str, ...]) -> str:
    """Return the channels of this server that the member sees and may go to instead."""
    say, guild, member = language_of(interaction.locale), interaction.guild, interaction.user
    links: list[str] = []
    if guild is not None and isinstance(member, discord.Member):
        known = [guild.get_channel(int(channel)) for channel in channels if channel.isdigit()]
        links = [channel.mention for channel in known if channel and channel.permissions_for(member).view_channel]
    return (
        say("Go to {channels}.", channels=", ".join(links[:_MOST_LINKS]))
        if links
        else say("Ask an admin which one is.")
    )


def sentence_for(error: BaseException, say: Language) -> str:
    """Return what a member reads about `error`; what they cannot change is logged under a reference."""
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
