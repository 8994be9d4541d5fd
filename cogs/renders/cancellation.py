"""Cancelling an animation: by whoever asked for it, or by a moderator, which is logged."""

from __future__ import annotations

from cogs.client import Interaction
from cogs.context.audit import log_actions
from cogs.context.viewer import member_of, moderated_server
from cogs.i18n.language import Language, language_of
from cogs.ui.headline import short_title
from engine.protocol.messages import JobId
from engine.sentence import Sentence
from studio.store import JobRecord


async def cancel_job(interaction: Interaction, job: JobId) -> None:
    """Cancel a job for whoever used an acknowledged interaction, if they may; its own message says so."""
    bot, member = interaction.client, member_of(interaction.user)
    record = await bot.studio.cancel(job, by=member.id, moderates=moderated_server(interaction))
    if record.member.id != member.id and (server := record.answer.server) is not None:
        await log_actions(bot, member, [cancelled_action(record, language_of(interaction.guild_locale))], server)


def cancelled_action(record: JobRecord, say: Language) -> Sentence:
    """Return the log entry for a job that somebody else than its owner has cancelled."""
    title = short_title(record.recipe, say)
    return Sentence("Cancelled an animation of {member}: {title}.", {"member": record.member.name, "title": title})
