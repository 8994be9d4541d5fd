"""A playground and the bot in it, put up for one run and taken down after it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from playground.launch import BotProcess, Launch
from playground.member import Member
from playground.server import Playground
from playground.settings import PlaygroundSettings


class Rig(msgspec.Struct, frozen=True):
    """What runs."""

    playground: Playground
    bot: BotProcess

    @property
    def member(self) -> Member:
        """The person who types."""
        return self.playground.members[0]


@contextlib.asynccontextmanager
async def rig(
    settings: PlaygroundSettings, *, config: Path | None = None, data: Path | None = None
) -> AsyncIterator[Rig]:
    """Run a playground and the bot until the context ends.

    Args:
        settings: the playground's.
        config: the bot's config.toml; None lets it find its own.
        data: the bot's data directory; None makes one that is thrown away.

    Raises:
        BotFailed: the bot did not come online.
    """
    async with contextlib.AsyncExitStack() as cleanup:
        if data is None:
            data = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="playground-")))
        playground = await cleanup.enter_async_context(Playground(settings))
        bot = BotProcess(playground, Launch(data=data, log=data / "bot.log", config=config))
        cleanup.push_async_callback(bot.stop)
        await bot.start()
        yield Rig(playground, bot)
