"""The content of forms that were refused or are about to open, kept in the store: a restart loses nothing typed.

    await refuse_form(interaction, error, key, typed, CorrectButton.of(...))  # the key follows from its custom_id
    typed = await find_form(interaction, key, dict[str, str])

How much is kept and for how long is up to `studio.store.open_forms`.
"""

from __future__ import annotations

import logging
import secrets
from typing import TypeVar

import discord
import msgspec

from cogs.client import Interaction
from cogs.context.failures import tell_error
from cogs.ui.button_rows import Item, make_view
from engine.errors import MemberError, StorageError, describe

_log = logging.getLogger(__name__)

_KEY_BYTES = 6
KEY = rf"(?P<key>[0-9a-f]{{{2 * _KEY_BYTES}}})"
"""Pattern of a `new_form_key`: shorter than a job id, so that a button with one is not taken for one about a job."""

_Kept = TypeVar("_Kept")


def new_form_key() -> str:
    return secrets.token_hex(_KEY_BYTES)


def form_key(interaction: Interaction, *about: str) -> str:
    """Return the key of a member's form about something; a later form about the same thing replaces it."""
    return ":".join((*about, str(interaction.user.id)))


async def keep_form(interaction: Interaction, key: str, content: object) -> None:
    """Keep the content of a member's form, replacing what was kept under that key.

    Raises:
        StorageError: it cannot be written.
    """
    text = msgspec.json.encode(content).decode()
    await interaction.client.studio.forms.keep(key, str(interaction.user.id), text)


async def find_form(interaction: Interaction, key: str, kind: type[_Kept]) -> _Kept | None:
    """Return the content of a member's form; None if it is not kept any more, or was another member's."""
    text = await interaction.client.studio.forms.find(key, str(interaction.user.id))
    try:
        return None if text is None else msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        return None


async def refuse_form(interaction: Interaction, error: MemberError, key: str, content: object, button: Item) -> None:
    """Tell a member what is wrong with what they typed, with a button that opens the form again as they sent it.

    If it cannot be kept, they are told without the button.
    """
    view: discord.ui.View = discord.utils.MISSING
    try:
        await keep_form(interaction, key, content)
        view = make_view(button)
    except StorageError as failure:
        _log.error("What a member typed is not kept: %s", describe(failure))
    await tell_error(interaction, error, view=view)
