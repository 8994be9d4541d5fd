"""How soon the bot answers at full load: python -m benchmarks.acknowledgement [--commands 200]

The real bot with the real engine and its default settings, each in a process of its own, in a playground: real sockets.
All of the engine's slots are taken by long giros while members type one command after another; measured is the time
until Discord has the bot's acknowledgement, which it wants within three seconds.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path
from statistics import quantiles

from benchmarks.report import load_average, read_options, table
from playground.launch import BotProcess, Launch
from playground.server import Playground
from playground.world.settings import UNLIMITED, PlaygroundSettings

PATIENCE_SECONDS = 300
LONG = "/giro stages:a road by the sea | 130; a narrow road through a medieval town | 130"
SHOWS_FRAMES = re.compile(r" · frame |fotogramma")
TYPED = ("/queue", "/zoom prompt:a road frames:300 seed:{}", "/gallery", "/morph source:fox target:puppy seed:{}")


async def measure(commands: int, folder: Path) -> list[float]:
    """Return the milliseconds until each command was acknowledged."""
    async with Playground(PlaygroundSettings(rate_limits=UNLIMITED)) as playground:
        bot = BotProcess(playground, Launch(data=folder / "data", log=folder / "log"))
        try:
            await bot.start()
            members = [playground.member("Ada"), playground.member("Bruno")]
            long = [await members[number % 2].slash(f"{LONG} seed:{number}") for number in range(4)]
            for handle in long:  # until pictures come
                await handle.message_where(
                    lambda message: bool(SHOWS_FRAMES.search(message.content)), timeout=PATIENCE_SECONDS
                )
            taken = []
            for number in range(commands):
                handle = await members[number % 2].slash(TYPED[number % len(TYPED)].format(number))
                taken.append(float(await handle.acknowledged()))
            return taken
        finally:
            await bot.stop()


def main() -> None:
    options = read_options(__doc__, commands=200)
    with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
        taken = asyncio.run(measure(options.commands, Path(folder)))
    cuts = quantiles(taken, n=100)
    figures = [f"{value:.0f}" for value in (cuts[49], cuts[89], cuts[98], max(taken))]
    print(f"{len(taken)} commands, {os.cpu_count()} cores, load average {load_average()}\n")
    print(table(["median ms", "90 % ms", "99 % ms", "longest ms"], [figures]))


if __name__ == "__main__":
    main()
