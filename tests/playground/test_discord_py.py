"""A real discord.py client over real sockets: commands, modals, buttons, files, and its return after a cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import discord
import pytest
import yarl

from playground.errors import ClientRefused
from playground.member import Member
from playground.posting.cdn import Upload
from playground.server import Playground
from playground.world.news import BotConnected, CommandsRegistered, News
from tests.playground.sample_bot import SampleBot


@contextlib.asynccontextmanager
async def running(bot: SampleBot, playground: Playground) -> AsyncIterator[None]:
    """Run `bot` against `playground` until the context ends."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bot.start(playground.token))
        await bot.online.wait()
        yield
        await bot.close()


@pytest.fixture
def pointed(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point discord.py at the playground by its three public class attributes."""
    monkeypatch.setattr(discord.http.Route, "BASE", f"{playground.url}/api/v10")
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(playground.backend.gateway_url))
    monkeypatch.setattr(discord.asset.Asset, "BASE", playground.url)


@pytest.fixture
async def bot(playground: Playground, pointed: None, gif: bytes) -> AsyncIterator[SampleBot]:
    bot = SampleBot(gif)
    async with running(bot, playground):
        yield bot


async def test_a_command_is_answered(bot: SampleBot, ada: Member) -> None:
    handle = await ada.slash("/echo text:hello, world: it works")
    message = await handle.response()
    assert message.content == "hello, world: it works"
    assert await handle.acknowledged() < 3000
