"""`serve`: the playground stays up, with its chat page and the bot."""

from __future__ import annotations

from typing import TextIO

import msgspec

from playground.cli.rig import Bot, rig
from playground.cli.send import BROKEN
from playground.world.settings import GuildSettings, MemberSettings, PlaygroundSettings

_SETTINGS = PlaygroundSettings(
    guilds=(
        GuildSettings(),
        GuildSettings(name="Boosted", premium_tier=2, channels=("lounge",), locale="it"),
    ),
    members=(
        MemberSettings(name="Ada"),
        MemberSettings(name="Bruno", locale="it"),
        MemberSettings(name="Chloé", locale="fr", roles=("patron",)),
    ),
)


async def serve(port: int, bot: Bot, out: TextIO) -> int:
    """Stay up until interrupted or until the bot ends; return the exit status.

    Raises:
        BotFailed: the bot did not come online.
    """
    settings = msgspec.structs.replace(_SETTINGS, port=port)
    async with rig(settings, bot) as running:
        out.write(f"Open {running.playground.url}\n")
        out.flush()
        status = await running.bot.wait()
        out.write(f"The bot ended with status {status}.\n{running.bot.log_tail()}\n")
    return BROKEN
