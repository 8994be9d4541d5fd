"""From a command to an accepted job: acknowledged first, everything else after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from cogs.drafts import REQUEST_BYTES
from engine.recipe import Recipe
from engine.store import Answer, Member, Order

if TYPE_CHECKING:
    from bot import Tappa


async def place(interaction: discord.Interaction[Tappa], recipe: Recipe) -> None:
    """Acknowledge a command at once, then order what it asks for.

    Raises:
        MemberError: the order was refused; the acknowledgement still stands.
    """
    message = await acknowledge(interaction)
    await submit(interaction, message, recipe)


async def acknowledge(interaction: discord.Interaction[Tappa]) -> int:
    """Say that the bot is at it, and return the id of the message that says so."""
    deferred = await interaction.response.defer(thinking=True)
    if deferred is not None and deferred.message_id is not None:
        return deferred.message_id
    return (await interaction.original_response()).id


async def submit(interaction: discord.Interaction[Tappa], message: int, recipe: Recipe) -> None:
    """Hand an order to the studio and see to its delivery.

    Raises:
        MemberError: it was refused.
    """
    order = Order(
        recipe=recipe,
        member=Member(id=str(interaction.user.id), name=interaction.user.display_name),
        answer=Answer(
            server=str(interaction.guild_id) if interaction.guild_id else None,
            channel=str(interaction.channel_id),
            message=str(message),
            application=str(interaction.application_id),
            token=interaction.token,
            expires=interaction.expires_at.timestamp(),
        ),
        limit_bytes=min(interaction.filesize_limit, REQUEST_BYTES),
    )
    bot = interaction.client
    bot.deliveries.start(await bot.studio.submit(order))
