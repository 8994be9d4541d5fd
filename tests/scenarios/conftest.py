"""The whole thing: the real bot with its real engine, in processes of their own, in a playground."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import psutil
from PIL import Image

from playground.launch import BotProcess, Launch
from playground.member import Member
from playground.server import Playground
from playground.world.settings import UNLIMITED, PlaygroundSettings
from tests.playground.specification import specification

SMALL = """
[engine]
threads = 1
lanes = 2
preview_seconds = 0.5
gif_side = 0
[render.common]
size = 64
steps = 2
strength = 0.5
scheduler = "ddim"
[delivery]
edit_seconds = 1.0
"""
"""Pictures as small and quick as the model can make them: here it is about what happens to them."""

PATIENCE = 150
"""Seconds for an engine to load and render on a busy machine."""


@dataclass
class House:
    """A playground, the bot that lives in it, and its configuration."""

    playground: Playground
    bot: BotProcess
    config: Path

    @property
    def ada(self) -> Member:
        return self.playground.member("Ada")

    @property
    def bruno(self) -> Member:
        return self.playground.member("Bruno")

    def kill_engine(self) -> None:
        for child in psutil.Process(self.bot.pid).children(recursive=True):
            if "engine.process" in child.cmdline():
                child.kill()


@asynccontextmanager
async def house(folder: Path, rules: Callable[[Playground], str] = lambda _: "", **settings):
    """Put up a playground and start the bot in it; whatever is said must fit Discord's own specification.

    Args:
        folder: for the bot's data and its configuration.
        rules: returns what stands in the configuration besides; ids are known only once there is a playground.
        settings: of the playground.
    """
    config = folder / "config.toml"
    launch = Launch(data=folder / "data", log=folder / "log", config=config)
    async with Playground(PlaygroundSettings(**{"rate_limits": UNLIMITED, **settings})) as playground:
        config.write_text(SMALL + rules(playground))
        bot = BotProcess(playground, launch)
        try:
            await bot.start()
            yield House(playground, bot, config)
        finally:
            await bot.stop()
    known = [exchange for exchange in playground.backend.traffic if exchange.template]
    assert [fault for exchange in known for fault in specification().faults(exchange)] == []


async def gif_of(handle) -> bytes:
    """Wait for the GIF that comes of an interaction."""
    message = await handle.message_where(lambda message: message.gif is not None, timeout=PATIENCE)
    return message.gif.data


async def message_with(handle, *parts: str):
    """Wait for a version of the message that says all of `parts`."""
    return await handle.message_where(lambda message: all(part in message.content for part in parts), timeout=PATIENCE)


def frames_in(gif: bytes) -> int:
    with Image.open(BytesIO(gif)) as image:
        assert image.format == "GIF"
        assert image.info["loop"] == 0
        return image.n_frames


def gifs_posted(playground: Playground) -> list[str]:
    """Return the names of all GIFs that were ever taken."""
    return [
        name
        for one in playground.backend.traffic
        if one.status == 200
        for name, _ in one.files
        if name.endswith(".gif")
    ]
