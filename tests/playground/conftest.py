"""A playground for every test, and three ways to talk to it: raw REST, a raw gateway client, a discord.py bot."""

from __future__ import annotations

import io
import warnings
from collections.abc import AsyncIterator

import aiohttp
import pytest
from PIL import Image

from playground.client.handle import InteractionHandle
from playground.member import Member
from playground.server import Playground
from playground.world.settings import UNLIMITED, PlaygroundSettings
from tests.playground.rest import Rest
from tests.playground.specification import specification

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py imports audioop
    import discord  # noqa: F401

PING = {"name": "ping", "description": "Answer"}


@pytest.fixture
def settings() -> PlaygroundSettings:
    """Settings of the test's playground; a test module overrides this."""
    return PlaygroundSettings(rate_limits=UNLIMITED)


@pytest.fixture
async def playground(settings: PlaygroundSettings) -> AsyncIterator[Playground]:
    """A playground; whatever was said to it and answered by it must fit Discord's specification."""
    async with Playground(settings) as playground:
        yield playground
        known = [exchange for exchange in playground.backend.traffic if exchange.template]
        assert [fault for exchange in known for fault in specification().faults(exchange)] == []


@pytest.fixture
async def rest(playground: Playground) -> AsyncIterator[Rest]:
    async with aiohttp.ClientSession() as session:
        client = Rest(playground, session)
        await client.register(PING)
        yield client


@pytest.fixture
def ada(playground: Playground) -> Member:
    return playground.member("Ada")


@pytest.fixture
def bruno(playground: Playground) -> Member:
    return playground.member("Bruno")


@pytest.fixture
async def ping(rest: Rest, ada: Member) -> InteractionHandle:
    """An interaction that waits for its answer."""
    return await ada.slash("/ping")


@pytest.fixture
def channel_path(playground: Playground) -> str:
    """The path of the first channel's messages."""
    return f"/channels/{playground.channel('general').id}/messages"


@pytest.fixture(scope="session")
def gif() -> bytes:
    """A GIF of three frames, 12 by 8 pixels."""
    frames = [Image.new("RGB", (12, 8), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=50, loop=0)
    return buffer.getvalue()
