"""How a thing that an administrator did ends: it is written down, and they read what was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import discord

from cogs.admin.changes import describe_changes, restart_note
from cogs.context.audit import write_down
from cogs.context.authority import Authority
from cogs.context.private_note import send_private_note
from cogs.i18n.language import language_of
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import inert, shorten
from engine.sentence import Sentence
from studio.config.keys import ConfigChange

if TYPE_CHECKING:
    from cogs.client import Tappa


async def finish_action(
    interaction: discord.Interaction[Tappa], authority: Authority, actions: Sequence[Sentence], *more: Sentence | None
) -> None:
    """Write down what was done, in this server's log, and tell the admin that it was done, and where it was not."""
    bot = interaction.client
    unwritten = await write_down(bot, bot.config, authority, actions, authority.server)
    await send_admin_reply(interaction, actions, *more, unwritten)


async def finish_changes(
    interaction: discord.Interaction[Tappa],
    authority: Authority,
    changed: Sequence[ConfigChange],
    heading: Callable[[int], Sentence] | None = None,
) -> None:
    """Write down on each server what has changed for it, and tell whoever changed it all of it.

    Args:
        interaction: what they did.
        authority: who they are.
        changed: all that did, here and on other servers.
        heading: says how many keys that is; of what concerns others only a server does not even read the number.
    """
    bot, unwritten = interaction.client, None
    for guild in bot.guilds:
        here = [change for change in changed if change.concerns(str(guild.id))]
        if here:
            actions = _headed(heading, here, guild)
            reason = await write_down(bot, bot.config, authority, actions, str(guild.id))
            unwritten = reason if str(guild.id) == authority.server else unwritten
    await send_admin_reply(interaction, _headed(heading, changed, interaction.guild), restart_note(changed), unwritten)


def _headed(
    heading: Callable[[int], Sentence] | None, changed: Sequence[ConfigChange], guild: discord.Guild | None
) -> list[Sentence]:
    return [*([heading(len(changed))] if heading else []), *describe_changes(changed, guild)]


async def send_admin_reply(
    interaction: discord.Interaction[Tappa], actions: Sequence[Sentence], *notes: Sentence | None
) -> None:
    """Tell an admin, alone, what was done."""
    say = language_of(interaction.locale)
    lines = [inert(say.sentence(action)) for action in actions]
    lines += [f"-# {inert(say.sentence(note))}" for note in notes if note is not None]
    await send_private_note(interaction, shorten("\n".join(lines), MAX_CONTENT))
