"""`send`: commands from a shell, sent at once; what was posted is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from playground.cli.outcome import Outcome, follow
from playground.cli.rig import Bot, Rig, rig
from playground.errors import BotFailed, ClientRefused, DidNotRespond
from playground.world.model import Attachment
from playground.world.settings import GuildSettings, PlaygroundSettings

DELIVERED, BROKEN, REFUSED = 0, 1, 2


class SendOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, and where what comes of it goes.

    Attributes:
        commands: as a member types them.
        out: file of the first command's GIF; the others get a number before the ending.
        traffic: file of the REST exchanges.
        bot: which bot is to answer.
        limit: bytes a file may have; None is Discord's own limit.
        token_seconds: how long interaction tokens live.
        patience: seconds to wait for everything.
    """

    commands: tuple[str, ...]
    out: Path
    traffic: Path | None = None
    bot: Bot = Bot()
    limit: int | None = None
    token_seconds: float = 900.0
    patience: float = 3600.0

    @property
    def settings(self) -> PlaygroundSettings:
        """The playground that these options ask for."""
        return PlaygroundSettings(
            guilds=(GuildSettings(upload_limit=self.limit),),
            token_seconds=self.token_seconds,
            traffic_file=self.traffic,
        )

    def target(self, number: int) -> Path:
        """Return the file of one command's GIF, counted from 0."""
        return self.out if number == 0 else self.out.with_stem(f"{self.out.stem}-{number + 1}")


async def send(options: SendOptions, out: TextIO) -> int:
    """Run the commands and return the exit status.

    Raises:
        BotFailed: the bot did not come online, ended, or took too long.
    """
    async with rig(options.settings, options.bot) as running:
        runs = (_run(running, command) for command in options.commands)
        try:
            async with asyncio.timeout(options.patience):
                results = await asyncio.gather(*runs)
        except TimeoutError:
            raise BotFailed(f"Not all was over in time.\n{running.bot.log_tail()}") from None
    statuses = [
        _report(command, result, options.target(number), out)
        for number, (command, result) in enumerate(zip(options.commands, results, strict=True))
    ]
    return _combined(statuses)


async def _run(running: Rig, command: str) -> Outcome | ClientRefused | DidNotRespond:
    try:
        handle = await running.member.slash(command)
        return await follow(running.member, handle, running.bot)
    except (ClientRefused, DidNotRespond) as error:
        return error


def _report(command: str, result: Outcome | Exception, target: Path, out: TextIO) -> int:
    """Print what a command came to, save its GIF, and return its status."""
    out.write(f"{command}\n")
    if isinstance(result, Exception):
        out.write(f"  {result}\n")
        return REFUSED if isinstance(result, ClientRefused) else BROKEN
    assert isinstance(result, Outcome)
    for line in result.message.text.splitlines():
        out.write(f"  {line}\n")
    if result.gif is None:
        return REFUSED
    save(result.gif, target)
    out.write(f"  {len(result.gif.data):,} bytes → {target}\n")
    return DELIVERED


def save(file: Attachment, target: Path) -> None:
    """Write what was posted to `target`, its directory included."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.data)


def _combined(statuses: Sequence[int]) -> int:
    """Return the worst of it: broken, then refused."""
    return next((status for status in (BROKEN, REFUSED) if status in statuses), DELIVERED)
