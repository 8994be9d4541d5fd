"""The one place that turns errors into what members read."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import discord
from discord import app_commands

from cogs.text import code, inert
from engine.errors import EngineError, MemberError, describe

_log = logging.getLogger(__name__)

_Item = TypeVar("_Item")
_Callback = Callable[[_Item, discord.Interaction[Any]], Coroutine[Any, Any, None]]


class Tree(app_commands.CommandTree[Any]):
    """The bot's commands; what goes wrong in one is told to the member who typed it."""

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        """Unwrap discord.py's own wrapper and tell the member."""
        await tell(interaction, getattr(error, "original", error))


def guarded(callback: _Callback[_Item]) -> _Callback[_Item]:
    """Wrap a button's or form's callback so that what goes wrong in it is told to the member who used it."""

    @functools.wraps(callback)
    async def safely(item: _Item, interaction: discord.Interaction[Any]) -> None:
        try:
            await callback(item, interaction)
        except Exception as error:  # noqa: BLE001  # this is the boundary: told to the member, the unknown is logged
            await tell(interaction, error)

    return safely


async def tell(
    interaction: discord.Interaction[Any], error: BaseException, *, view: discord.ui.View = discord.utils.MISSING
) -> None:
    """Tell a member what went wrong, in a note that only they see; a "thinking…" left behind goes away.

    Args:
        interaction: what they did, answered or not.
        error: why it did not work.
        view: buttons to go with the note.
    """
    note = sentence(error)
    try:
        if not interaction.response.is_done():
            await interaction.response.send_message(note, ephemeral=True, view=view)
            return
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            await interaction.delete_original_response()  # or the note would take its place, for all to see
        await interaction.followup.send(note, ephemeral=True, view=view)
    except discord.HTTPException as failure:
        _log.warning("A member could not be told “%s”: %s", note, failure)


def sentence(error: BaseException) -> str:
    """Return what a member reads for `error`; what they cannot change is written to the log under a reference."""
    match error:
        case MemberError() | EngineError():
            return inert(describe(error))
        case app_commands.CommandSignatureMismatch():
            return "This command has changed since your Discord loaded it; reload Discord and try again."
        case app_commands.TransformerError():
            return inert(f"“{error.value}” does not fit that option.")
    reference = secrets.token_hex(4)
    _log.error("Reference %s: %s", reference, error, exc_info=error)
    return f"{inert(describe(RuntimeError()))} Reference: {code(reference)}"
