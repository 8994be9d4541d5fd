"""How a thing that an administrator did ends: it is written down, and they read what was done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from cogs.audit import write_down
from cogs.authority import Authority
from cogs.drafts import MAX_CONTENT
from cogs.language import language_of
from cogs.text import inert, shorten
from engine.sentence import Sentence

if TYPE_CHECKING:
    from bot import Tappa


async def conclude(
    interaction: discord.Interaction[Tappa], authority: Authority, actions: Sequence[Sentence], *more: Sentence | None
) -> None:
    """Write down what was done, in this server's log, and tell the admin that it was done, and where it was not."""
    bot = interaction.client
    unwritten = await write_down(bot, bot.config, authority, actions, authority.server)
    await reply(interaction, actions, *more, unwritten)


async def reply(interaction: discord.Interaction[Tappa], actions: Sequence[Sentence], *notes: Sentence | None) -> None:
    """Tell an admin, alone, what was done."""
    say = language_of(interaction.locale)
    lines = [inert(say.sentence(action)) for action in actions]
    lines += [f"-# {inert(say.sentence(note))}" for note in notes if note is not None]
    await interaction.followup.send(shorten("\n".join(lines), MAX_CONTENT))
