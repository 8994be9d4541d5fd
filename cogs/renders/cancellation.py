"""Calling an animation off: by whoever asked for it, or by a moderator, which is written down."""

from __future__ import annotations

import discord

from cogs.client import Tappa
from cogs.context.audit import log_actions
from cogs.context.authority import Authority
from cogs.context.viewer import moderated_server
from cogs.i18n.language import Language, language_of
from cogs.ui.headline import short_title
from engine.protocol.messages import JobId
from engine.sentence import Sentence
from studio.store import JobRecord


async def cancel_job(interaction: discord.Interaction[Tappa], job: JobId) -> None:
    """Cancel a job for whoever used an acknowledged interaction; its own message says so.

    Raises:
        LimitError: it is not theirs to cancel, or over already.
    """
    bot, user = interaction.client, interaction.user
    record = await bot.studio.cancel(job, by=str(user.id), moderates=moderated_server(interaction))
    if record.member.id != str(user.id) and (server := record.answer.server) is not None:
        moderator = Authority(member=str(user.id), name=user.display_name, server=server, is_operator=False)
        action = cancelled_action(record, language_of(interaction.guild_locale))
        await log_actions(bot, bot.config, moderator, [action], server)


def cancelled_action(record: JobRecord, say: Language) -> Sentence:
    """Return what is written down about a job that somebody else than its owner has cancelled."""
    values: dict[str, str | int | float | Sentence] = {
        "member": record.member.name,
        "title": short_title(record.recipe, say),
    }
    return Sentence("Cancelled an animation of {member}: {title}.", values)
