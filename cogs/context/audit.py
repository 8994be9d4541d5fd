"""What admins do, and what they have to see to, written down in their server's log channel, in its language."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import aiohttp
import discord

from cogs.context.authority import Authority
from cogs.context.outage import is_passing
from cogs.i18n.language import Language, language_of
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import inert, shorten
from engine.sentence import Sentence
from studio.config.config import Config
from studio.config.effective import community_of

_log = logging.getLogger(__name__)


async def log_actions(
    client: discord.Client, config: Config, authority: Authority, actions: Iterable[Sentence], server: str
) -> Sentence | None:
    """Write down in one server what was done there; return why that was not possible, if it was not.

    Args:
        client: the bot.
        config: says where the log is.
        authority: who did it.
        actions: what they did, one sentence each.
        server: id of the server.
    """
    name, member = inert(authority.name), authority.member

    def lines(say: Language) -> list[str]:
        return [
            say("**{member}** ({id}): {action}", member=name, id=member, action=action)
            for action in (inert(say.sentence(action)) for action in actions)
        ]

    return await _send_to_log(client, config, server, lines)


async def log_trouble(client: discord.Client, config: Config, trouble: Sentence, server: str) -> Sentence | None:
    """Write down in one server what its admins have to see to; return why that was not possible, if it was not."""
    return await _send_to_log(client, config, server, lambda say: [f"⚠️ {inert(say.sentence(trouble))}"])


async def _send_to_log(
    client: discord.Client, config: Config, server: str, lines: Callable[[Language], list[str]]
) -> Sentence | None:
    channel_id = community_of(config, server).log_channel
    guild = client.get_guild(int(server))
    if not channel_id or guild is None:
        return Sentence("No log channel is set here, so nobody else can read this; community.log_channel names one.")
    # Looked up among the server's own: an id from the file must never lead into another server.
    channel = guild.get_channel_or_thread(int(channel_id))
    if not isinstance(channel, discord.abc.Messageable):
        return Sentence("The log channel does not exist; community.log_channel has to name one of this server.")
    content = "\n".join(lines(language_of(guild.preferred_locale)))
    try:
        await channel.send(shorten(content, MAX_CONTENT), suppress_embeds=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        _log.info("The log of server %s could not be written to: %s", server, error)
        if is_passing(error):
            return Sentence("The log channel cannot be reached at the moment, so nobody else can read this.")
        return Sentence("The log channel cannot be written to; give this bot the permission to send messages there.")
    return None
