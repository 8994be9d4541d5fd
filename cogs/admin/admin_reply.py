"""How a command of /admin begins and ends: who uses it is checked; what was done is logged and told to the admin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import discord

from cogs.admin.changes import describe_changes, restart_note
from cogs.client import Interaction
from cogs.context.audit import log_actions
from cogs.context.authority import Authority, authority_of
from cogs.context.private_note import send_private_note
from cogs.i18n.language import language_of
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import inert, shorten
from engine.sentence import Sentence
from studio.config.keys import ConfigChange


async def begin_action(interaction: Interaction, *, everywhere: bool = False) -> Authority:
    """Acknowledge a command, and return the authority of whoever uses it; see `authority_of`."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    return authority_of(interaction, everywhere=everywhere)


async def finish_action(interaction: Interaction, authority: Authority, actions: Sequence[Sentence]) -> None:
    """Log what was done on this server, and tell the admin; also why it could not be logged."""
    log_problem = await log_actions(interaction.client, authority.member, actions, authority.server)
    await send_admin_reply(interaction, actions, log_problem)


async def finish_changes(
    interaction: Interaction,
    authority: Authority,
    changed: Sequence[ConfigChange],
    heading: Callable[[int], Sentence] | None = None,
) -> None:
    """Log on each server what has changed for it, and tell the admin all of it.

    `heading` says how many keys changed; a server learns nothing of those that concern others only, not even how many.
    """

    def actions(changes: Sequence[ConfigChange], guild: discord.Guild | None) -> list[Sentence]:
        return [*([heading(len(changes))] if heading else []), *describe_changes(changes, guild)]

    bot, log_problem = interaction.client, None
    for guild in bot.guilds:
        here = [change for change in changed if change.concerns(str(guild.id))]
        if here:
            reason = await log_actions(bot, authority.member, actions(here, guild), str(guild.id))
            log_problem = reason if str(guild.id) == authority.server else log_problem
    await send_admin_reply(interaction, actions(changed, interaction.guild), restart_note(changed), log_problem)


async def send_admin_reply(interaction: Interaction, actions: Sequence[Sentence], *notes: Sentence | None) -> None:
    """Tell an admin, and nobody else, what was done."""
    say = language_of(interaction.locale)
    lines = [inert(say.sentence(action)) for action in actions]
    lines += [f"-# {inert(say.sentence(note))}" for note in notes if note is not None]
    await send_private_note(interaction, shorten("\n".join(lines), MAX_CONTENT))
