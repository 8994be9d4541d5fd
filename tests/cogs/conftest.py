"""The real bot over real sockets: a playground for its Discord, and an engine that does what the test tells it to."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py imports audioop
    import discord.asset
    import discord.gateway
    import discord.http

from bot import serve
from playground.bootstrap import point_at
from playground.member import Member
from playground.server import Playground
from playground.world.model import Message
from playground.world.news import BotConnected
from playground.world.settings import UNLIMITED, PlaygroundSettings
from studio.config.config import Config, DeliveryConfig, LimitsConfig
from studio.config.config_file import ConfigFile
from studio.store import Store
from studio.studio import Studio
from tests.fakes.engine import FakeEngine
from tests.playground.specification import specification

BRISK = DeliveryConfig(edit_seconds=0.05)


@dataclass
class Theatre:
    """A playground, and the bot in it."""

    playground: Playground
    engine: FakeEngine
    studio: Studio
    store: Store

    @property
    def ada(self) -> Member:
        return self.playground.member("Ada")

    @property
    def bruno(self) -> Member:
        return self.playground.member("Bruno")

    @property
    def app_id(self) -> str:
        return self.playground.world.bot.id


class Stage:
    """Puts up playgrounds and bots, and takes them down again."""

    def __init__(self, data: Path) -> None:
        self._data = data

    @property
    def renders(self) -> Path:
        """Where the bots keep finished files."""
        return self._data / "renders"

    @asynccontextmanager
    async def playground(self, **settings):
        """Open a playground; whatever the bot says in it must fit Discord's own specification."""
        async with Playground(PlaygroundSettings(**{"rate_limits": UNLIMITED, **settings})) as playground:
            point_at(playground.url)
            yield playground
        known = [exchange for exchange in playground.backend.traffic if exchange.template]
        assert [fault for exchange in known for fault in specification().faults(exchange)] == []

    @asynccontextmanager
    async def bot(
        self,
        playground: Playground,
        *,
        engine: FakeEngine | None = None,
        config: Config | None = None,
        configuration: ConfigFile | None = None,
    ):
        """Run the bot until the block ends; the next one finds its data. Only a configuration may have a file."""
        config = config or Config(delivery=BRISK, limits=LimitsConfig(jobs_per_member=20))
        configuration = configuration or ConfigFile.without_file(config)
        engine = engine or FakeEngine()
        store = Store(self._data)
        studio = Studio(configuration, engine, store)
        running = asyncio.create_task(serve(configuration, studio, store, playground.token))
        try:
            await self._online(playground, store, running)
            yield Theatre(playground, engine, studio, store)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _online(self, playground: Playground, store: Store, running: asyncio.Task[None]) -> None:
        """Wait until the bot is connected and its commands are registered, and known to be."""
        connected = asyncio.Event()
        with playground.world.news.listening(lambda news: isinstance(news, BotConnected) and connected.set()):
            waiting = asyncio.create_task(connected.wait())
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            await playground.world.news.until(lambda: True if any(playground.world.commands.values()) else None, 10)
        while not await store.commands.load_digests():  # noqa: ASYNC110  # the store tells nobody when it is written
            await asyncio.sleep(0.005)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    for owner, name in (
        (discord.http.Route, "BASE"),
        (discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY"),
        (discord.asset.Asset, "BASE"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # put back what the playground is about to replace
    return Stage(tmp_path / "data")


@pytest.fixture
async def theatre(stage):
    """The ordinary case: everything works."""
    async with stage.playground() as playground, stage.bot(playground) as theatre:
        yield theatre


def says(*parts: str):
    """Return a condition on a message: its content has all these parts."""
    return lambda message: all(part in message.content for part in parts)


def has_gif(message: Message) -> bool:
    return message.gif is not None


def is_note(message: Message) -> bool:
    return message.ephemeral and not message.loading
