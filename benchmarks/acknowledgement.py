"""How soon the bot answers at full load: python -m benchmarks.acknowledgement [--commands 200]

The real bot with the real engine and its default settings, each in a process of its own, in a playground: real sockets.
All of the engine's slots are taken by long giros while members type one command after another; measured is the time
until Discord has the bot's acknowledgement, which it wants within three seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path
from statistics import quantiles

from playground.launch import BotProcess, Launch
from playground.member import Member
from playground.server import Playground
from playground.world.settings import UNLIMITED, PlaygroundSettings

PATIENCE_SECONDS = 300
LONG = "/giro stages:a road by the sea | 130; a narrow road through a medieval town | 130"


async def measure(commands: int, folder: Path) -> list[float]:
    """Return the milliseconds until each command was acknowledged."""
    async with Playground(PlaygroundSettings(rate_limits=UNLIMITED)) as playground:
        bot = BotProcess(playground, Launch(data=folder / "data", log=folder / "log"))
        try:
            await bot.start()
            members = [playground.member("Ada"), playground.member("Bruno")]
            await occupy(members)
            return [await acknowledged(members[number % 2], number) for number in range(commands)]
        finally:
            await bot.stop()


async def occupy(members: list[Member]) -> None:
    """Let every slot of the engine be taken, and wait until pictures come."""
    handles = [await members[number % 2].slash(f"{LONG} seed:{number}") for number in range(4)]
    for handle in handles:
        await handle.message_where(
            lambda message: " · frame " in message.content or "fotogramma" in message.content, timeout=PATIENCE_SECONDS
        )


async def acknowledged(member: Member, number: int) -> float:
    """Return the milliseconds until a command was acknowledged: orders, looks at the queue, and others."""
    command = (
        "/queue",
        f"/zoom prompt:a road frames:300 seed:{number}",
        "/gallery",
        f"/morph source:fox target:puppy seed:{number}",
    )
    handle = await member.slash(command[number % len(command)])
    return float(await handle.acknowledged())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
        taken = asyncio.run(measure(options.commands, Path(folder)))
    cuts = quantiles(taken, n=100)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    print(f"{len(taken)} commands, {os.cpu_count()} cores, load average {load}\n")
    print("| median ms | 90 % ms | 99 % ms | longest ms |\n| --- | --- | --- | --- |")
    print(f"| {cuts[49]:.0f} | {cuts[89]:.0f} | {cuts[98]:.0f} | {max(taken):.0f} |")


if __name__ == "__main__":
    main()
