"""What a full gallery costs: python -m benchmarks.gallery [--shares 100000] [--repeat 200]

One server has --shares shares, and four others as many together. Every figure is what the bot's event loop waits for:
through the store, its thread and the queue before it. "end to end" is a member's client in the playground, over real
sockets, from typing to the list of choices; the engine is idle. The data are made in a folder of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import quantiles

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py imports audioop
    import discord  # noqa: F401

from benchmarks.report import read_options
from benchmarks.scenes import sample_share
from bot import serve
from engine.protocol.card import Card
from engine.protocol.engine import Engine
from engine.protocol.messages import JobId, Ready
from engine.recipe.recipe import Giro, Morph, Recipe, Stage, Zoom
from playground.bootstrap import point_at
from playground.server import Playground
from playground.world.settings import UNLIMITED, PlaygroundSettings
from studio.config.config import Config
from studio.config.config_file import ConfigFile
from studio.store import Member, PageQuery, Share, Store
from studio.store.database import Database
from studio.store.page_finder import SortOrder
from studio.store.renders import Render, Renders
from studio.store.shares import Shares
from studio.studio import Studio

OTHERS = ("901", "902", "903", "904")
BATCH = 1000

LOOKS = ("red", "blue", "green", "old", "misty", "golden", "tiny", "huge", "wild", "quiet", "neon", "frozen", "sunny")
THINGS = ("fox", "cat", "road", "tower", "river", "castle", "frog", "skunk", "puppy", "whale", "robot", "lamp", "clock")
DOINGS = ("dancing", "sleeping", "riding", "flying", "melting", "singing", "glowing", "falling", "running", "hiding")
PLACES = ("by the sea", "in the snow", "at night", "under a moon", "on mars", "in a theater", "at dawn", "in the rain")


class Dice(random.Random):
    """Draws recipes: many share their common words, and one in ten is a prompt that many have used."""

    def share(self, number: int, server: str) -> Share:
        """Return a share from within the last two weeks."""
        maker, shared = str(self.randrange(500)), time.time() - self.random() * 14 * 24 * 3600
        member = Member(id=maker, name=f"Member {maker}")
        return sample_share(f"{number:016x}", server, member, self.recipe(number), shared)

    def recipe(self, number: int) -> Recipe:
        match self.randrange(3):
            case 0:
                stages = tuple(Stage(self.prompt(), 20) for _ in range(3))
                return Giro(stages=stages, seed=number, negative=f"{self.choice(LOOKS)}, {self.choice(THINGS)}")
            case 1:
                source, target = self.choice(THINGS), self.choice(THINGS)
                return Morph(source=source, target=target, prompt=f"a {{}} {self.choice(PLACES)}", seed=number)
            case _:
                return Zoom(prompt=self.prompt(), seed=number)

    def prompt(self) -> str:
        if self.random() < 0.1:
            return f"a {self.choice(THINGS)} {self.choice(PLACES)}"
        words = " ".join(map(self.choice, (LOOKS, THINGS, DOINGS, PLACES)))
        return f"a {words}, {self.choice(LOOKS)} light, take {self.randrange(100_000)}"


class Pictures(Renders):
    """The same picture for every share: 200,000 files would say nothing about the gallery."""

    async def load(self, job: JobId) -> Render:
        return Render(b"GIF89a" + bytes(1024 * 1024), ".gif")


class IdleEngine(Engine):
    """An engine that is never given a job; whatever else it is told, it does nothing, as the protocol's methods do."""

    @property
    def ready(self) -> Ready:
        return Ready(model="idle", card=Card(), device="cpu", dtype="float32", judges=True)

    async def wait_ready(self) -> Ready:
        return self.ready


async def fill(database: Database, server: str, count: int) -> None:
    """Share so many recipes on one server, and as many on the others."""
    dice, gallery = Dice(1), Shares(database)
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        shares = [dice.share(2 * number, server) for number in numbers]
        shares += [dice.share(2 * number + 1, OTHERS[number % len(OTHERS)]) for number in numbers]
        await database.rows("BEGIN")  # or every share would wait for the disk
        await asyncio.gather(*(gallery.add(share) for share in shares))
        await asyncio.gather(*(gallery.save(share.id, "7") for share in shares[: len(numbers) : 10]))
        await database.rows("COMMIT")


async def report(name: str, work: Callable[[], Awaitable[object]], repeat: int, most: float) -> None:
    """Print one line of the table: the median and 99th percentile of some calls, and `most`, in milliseconds."""
    times = []
    for _ in range(repeat + 2):  # two come first and do not count
        start = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - start))
    cuts = quantiles(times[2:], n=100, method="inclusive")
    print(f"| {name} | {cuts[49]:.2f} | {cuts[98]:.2f} | {most or ''} |", flush=True)


async def measure_store(gallery: Shares, server: str, options: argparse.Namespace) -> None:
    count, repeat = options.shares, options.repeat

    async def pages(name: str, query: PageQuery, offset: int) -> None:
        total = (await gallery.page(query, 0)).total
        name = f"{name}, page {min(offset, total - 1) + 1:,} of {total:,}" if total else f"{name}, no page"
        await report(name, partial(gallery.page, query, offset), repeat, 50)

    orders: dict[SortOrder, str] = {"new": "", "top": "", "random": "x", "member": "7", "saved": "7"}
    for order, argument in orders.items():
        for offset in (0, count // 2, count - 1):
            await pages(order, PageQuery(server, order, argument), offset)
    for typed in ("light", "fox", "l", "fox dan", "a red fox", "take 77", "take 77123", "nothinglikeit"):
        for offset in (0, count // 2):
            await pages(f"search “{typed}”", PageQuery(server, "search", typed), offset)
    for typed in ("", "a", "a r", "a red fox", "l", "moon", "take 77", "nothinglikeit"):
        suggest = partial(gallery.suggest, server, "prompt", typed, 25)
        await report(f"prompts for “{typed}”", suggest, repeat, 100)
    dice, draw = Dice(3), random.Random(2)
    fresh = [dice.share(10**9 + number, server) for number in range(repeat + 2)]
    added, deleted = iter(fresh), iter(fresh)
    await report("share", lambda: gallery.add(next(added)), repeat, 0)
    await report("vote", lambda: gallery.vote(f"{2 * draw.randrange(count):016x}", "voter"), repeat, 0)
    await report("delete", lambda: gallery.delete(next(deleted).id), repeat, 0)


async def measure_end_to_end(playground: Playground, data: Path, repeat: int) -> None:
    """Print what a member waits for: choices while a command is typed, and the first page with its picture."""
    ada = playground.member("Ada")

    async def choose(line: str) -> None:
        if not await ada.autocomplete(line):
            raise LookupError(line)

    async def open_page(line: str) -> None:
        handle = await ada.slash(line)
        await handle.message_where(lambda message: message.gif is not None)

    async with bot_in(playground, data):
        for line in (
            *("/zoom prompt:a", "/zoom prompt:moon", "/giro stages:a red", "/morph prompt:a"),
            *("/morph target:f", "/giro negative:r", "/gallery search:fox", "/recipe export render:fox"),
        ):
            await report(f"end to end, choices for `{line}`", partial(choose, line), repeat, 100)
        for line in ("/gallery", "/gallery order:top", "/gallery order:random", "/gallery search:fox"):
            await report(f"end to end, `{line}`", partial(open_page, line), repeat, 0)


@contextlib.asynccontextmanager
async def bot_in(playground: Playground, data: Path) -> AsyncIterator[None]:
    """Run the bot on some data, with an engine that renders nothing."""
    store = Store(data)
    store.renders = Pictures(data / "renders")
    configuration = ConfigFile.without_file(Config())
    studio = Studio(configuration, IdleEngine(), store)  # type: ignore[abstract]
    running = asyncio.create_task(serve(configuration, studio, store, playground.token))
    try:
        await playground.world.news.until(lambda: True if any(playground.world.commands.values()) else None, 30)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def measure(options: argparse.Namespace, data: Path) -> None:
    async with Playground(PlaygroundSettings(rate_limits=UNLIMITED)) as playground:
        point_at(playground.url)
        server = next(iter(playground.world.guilds))
        database = Database(data / "tappa.db")
        await database.open()
        start = time.perf_counter()
        await fill(database, server, options.shares)
        print(f"{2 * options.shares:,} shares in {time.perf_counter() - start:.0f} s\n")
        print("| what | median ms | 99 % ms | at most |\n|---|---|---|---|")
        await measure_store(Shares(database), server, options)
        await database.close()
        await measure_end_to_end(playground, data, options.repeat)


def main() -> None:
    options = read_options(__doc__, shares=100_000, repeat=200)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options, Path(folder)))


if __name__ == "__main__":
    main()
