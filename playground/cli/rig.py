"""A playground and the bot in it, put up for one run and taken down after it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from playground.launch import BOT, BotProcess, Launch
from playground.member import Member
from playground.server import Playground
from playground.world.settings import PlaygroundSettings


class Rig(msgspec.Struct, frozen=True):
    """What runs."""

    playground: Playground
    bot: BotProcess

    @property
    def member(self) -> Member:
        """The person who types."""
        return self.playground.members[0]


class Bot(msgspec.Struct, frozen=True, kw_only=True):
    """Which bot.

    Attributes:
        script: its main program.
        config: its config.toml; None lets it find its own.
        data: its data directory; None makes one that is thrown away.
    """

    script: Path = BOT
    config: Path | None = None
    data: Path | None = None


@contextlib.asynccontextmanager
async def rig(settings: PlaygroundSettings, which: Bot) -> AsyncIterator[Rig]:
    """Run a playground and the bot until the context ends.

    Raises:
        BotFailed: the bot did not come online.
    """
    async with contextlib.AsyncExitStack() as cleanup:
        data = which.data
        if data is None:
            directory = tempfile.TemporaryDirectory(prefix="playground-", ignore_cleanup_errors=True)
            data = Path(cleanup.enter_context(directory))
        playground = await cleanup.enter_async_context(Playground(settings))
        launch = Launch(data=data, log=data / "bot.log", config=which.config, script=which.script)
        bot = BotProcess(playground, launch)
        cleanup.push_async_callback(bot.stop)
        await bot.start()
        yield Rig(playground, bot)
