"""`serve`: the playground stays up, with its chat page and the bot."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import msgspec

from playground.cli.rig import rig
from playground.cli.send import BROKEN
from playground.settings import GuildSettings, MemberSettings, PlaygroundSettings

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


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, and the bot's configuration and data."""

    port: int = 8899
    config: Path | None = None
    data: Path | None = None


async def serve(options: ServeOptions, out: TextIO) -> int:
    """Stay up until interrupted or until the bot ends; return the exit status.

    Raises:
        BotFailed: the bot did not come online.
    """
    settings = msgspec.structs.replace(_SETTINGS, port=options.port)
    async with rig(settings, config=options.config, data=options.data) as running:
        out.write(f"Open {running.playground.url}\n")
        out.flush()
        status = await running.bot.wait()
        out.write(f"The bot ended with status {status}.\n{running.bot.log_tail()}\n")
    return BROKEN
