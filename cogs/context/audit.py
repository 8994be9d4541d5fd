"""A server's log channel: what admins and moderators did, and what they have to see to, in the server's language."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import discord

from cogs.client import Tappa
from cogs.context.outage import DISCORD_ERRORS, is_passing
from cogs.i18n.language import Language, language_of
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import inert, shorten
from engine.sentence import Sentence
from studio.config.effective import community_of
from studio.store import Member

_log = logging.getLogger(__name__)


async def log_actions(bot: Tappa, member: Member, actions: Iterable[Sentence], server: str) -> Sentence | None:
    """Write what a member did into a server's log channel; return why that was not possible, None if it was."""

    def lines(say: Language) -> list[str]:
        name, texts = inert(member.name), (inert(say.sentence(action)) for action in actions)
        return [say("**{member}** ({id}): {action}", member=name, id=member.id, action=text) for text in texts]

    return await _send_to_log(bot, server, lines)


async def log_trouble(bot: Tappa, trouble: Sentence, server: str) -> Sentence | None:
    """Write what a server's admins have to see to into its log channel; return as `log_actions` does."""
    return await _send_to_log(bot, server, lambda say: [f"⚠️ {inert(say.sentence(trouble))}"])


async def _send_to_log(bot: Tappa, server: str, lines: Callable[[Language], list[str]]) -> Sentence | None:
    channel_id = community_of(bot.config, server).log_channel
    guild = bot.get_guild(int(server))
    if not channel_id or guild is None:
        return Sentence("No log channel is set here, so nobody else can read this; community.log_channel names one.")
    # Looked up among the server's own: an id from the file must never lead into another server.
    channel = guild.get_channel_or_thread(int(channel_id))
    if not isinstance(channel, discord.abc.Messageable):
        return Sentence("The log channel does not exist; community.log_channel has to name one of this server.")
    content = "\n".join(lines(language_of(guild.preferred_locale)))
    try:
        await channel.send(shorten(content, MAX_CONTENT), suppress_embeds=True)
    except DISCORD_ERRORS as error:
        _log.info("The log of server %s could not be written to: %s", server, error)
        if is_passing(error):
            return Sentence("The log channel cannot be reached at the moment, so nobody else can read this.")
        return Sentence("The log channel cannot be written to; give this bot the permission to send messages there.")
    return None
