"""From a request to an accepted job: acknowledge first, everything else after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from cogs.context.places import may_write, place_of, styles_here
from cogs.orders.request import RenderRequest
from cogs.orders.unknown_words import note_unknown_words, vocabulary_key
from cogs.ui.drafts import REQUEST_BYTES
from engine.errors import LimitError
from engine.protocol.messages import JobId
from engine.recipe.recipe import Recipe
from engine.sentence import Sentence
from studio.profiles.defaults import Defaults
from studio.store import Answer, Member, Order

if TYPE_CHECKING:
    from cogs.client import Tappa


async def submit_request(interaction: discord.Interaction[Tappa], request: RenderRequest) -> None:
    """Acknowledge a command, then order what it asks for.

    Raises:
        MemberError: the order was refused; where the options alone show that, before the acknowledgement.
    """
    request.recipe(Defaults(), styles_here(interaction))  # refused before anybody sees "thinking…"
    await submit_acknowledged(interaction, await acknowledge(interaction), request)


async def submit_acknowledged(interaction: discord.Interaction[Tappa], message: int, request: RenderRequest) -> None:
    """Order what an acknowledged command asks for; the answer goes into `message`.

    Raises:
        MemberError: the order was refused.
    """
    defaults = await interaction.client.studio.profiles.defaults(str(interaction.user.id))
    await submit(interaction, message, request.recipe(defaults, styles_here(interaction)))


async def acknowledge(interaction: discord.Interaction[Tappa]) -> int:
    """Show "thinking…" and return the id of the message that does.

    Raises:
        LimitError: a button was pressed by somebody who may not write there.
    """
    if interaction.type is discord.InteractionType.component:
        require_may_write(interaction)
    deferred = await interaction.response.defer(thinking=True)
    if deferred is not None and deferred.message_id is not None:
        return deferred.message_id
    return (await interaction.original_response()).id


def require_may_write(interaction: discord.Interaction[Tappa]) -> None:
    """Refuse a member who may not write in this channel.

    A server decides who may use commands. But a button can be pressed wherever it can be seen, in a read-only channel
    too, and its answer would be posted there.

    Raises:
        LimitError: they may not.
    """
    if interaction.guild_id is None:
        return
    if not may_write(interaction.permissions, interaction.channel):
        raise LimitError(
            "In this channel you may not write, so nothing is made here for you. Go to one where you may: /gallery has"
            " what was shared, with the same buttons, and the line under an animation, typed as a command, makes it"
            " again."
        )


async def submit(
    interaction: discord.Interaction[Tappa],
    message: int,
    recipe: Recipe,
    parent: JobId | None = None,
    notes: tuple[Sentence, ...] = (),
) -> None:
    """Order a recipe from the studio and start its delivery.

    Args:
        interaction: where the order comes from.
        message: id of the message that will show the answer.
        recipe: what to render.
        parent: the job whose recipe this one was made from.
        notes: what the member is told under the answer.

    Raises:
        MemberError: it was refused.
    """
    where = place_of(interaction)
    bot, ready = interaction.client, interaction.client.studio.ready
    news = await note_unknown_words(interaction, recipe) if ready is not None else None
    order = Order(
        recipe=recipe,
        member=Member(id=str(interaction.user.id), name=interaction.user.display_name),
        answer=Answer(
            server=where.server,
            channel=str(interaction.channel_id),
            message=str(message),
            application=str(interaction.application_id),
            token=interaction.token,
            expires=interaction.expires_at.timestamp(),
            locale=str(interaction.locale),
        ),
        place=where,
        limit_bytes=min(interaction.filesize_limit, REQUEST_BYTES),
        parent=parent,
        notes=notes if news is None else (*notes, news),
    )
    bot.deliveries.start(await bot.studio.submit(order))
    if news is not None and ready is not None:
        await bot.studio.profiles.mark_told(order.member.id, vocabulary_key(ready))
