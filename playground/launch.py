"""The bot in a process of its own, connected to a playground."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import msgspec

from playground.errors import BotFailed
from playground.server import Playground
from playground.world.news import BotConnected, News

ROOT = Path(__file__).resolve().parent.parent
_LOG_LINES = 40
_GRACE_SECONDS = 15.0


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """How to start the bot.

    Attributes:
        data: its data directory.
        log: file that its output goes to, appended.
        config: its config.toml; None lets it find its own.
        script: bot.py, or another discord.py bot.
    """

    data: Path
    log: Path
    config: Path | None = None
    script: Path = ROOT / "bot.py"

    def command(self, url: str) -> list[str]:
        """Return the command line that runs the bot against the playground at `url`."""
        arguments = ["--data", str(self.data)]
        if self.config is not None:
            arguments = ["--config", str(self.config), *arguments]
        return [sys.executable, "-m", "playground.bootstrap", url, str(self.script), *arguments]


class BotProcess:
    """One run of the bot after another: start, stop or kill, start again."""

    def __init__(self, playground: Playground, launch: Launch) -> None:
        self._playground = playground
        self._launch = launch
        self._process: asyncio.subprocess.Process | None = None

    @property
    def returncode(self) -> int | None:
        """Exit status; None while it runs or before it was started."""
        return self._process.returncode if self._process else None

    @property
    def pid(self) -> int:
        """Process id; the bot leads a process group of its own.

        Raises:
            RuntimeError: it was never started.
        """
        if self._process is None:
            raise RuntimeError("the bot was never started")
        return self._process.pid

    async def start(self, timeout: float = 30.0) -> None:  # noqa: ASYNC109
        """Start the bot and wait until it is online: identified at the gateway, its commands registered.

        Raises:
            BotFailed: it ended, or was not online within `timeout` seconds.
        """
        world = self._playground.world
        connected = False

        def note(news: News) -> None:
            nonlocal connected
            connected |= isinstance(news, BotConnected)

        def online() -> bool | None:
            return True if connected and any(world.commands.values()) else None

        with world.news.listening(note):
            await self._spawn()
            waiting = asyncio.create_task(world.news.until(online, timeout))
            ending = asyncio.create_task(self.wait())
            try:
                await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    raise BotFailed(f"The bot ended with status {self.returncode}.\n{self.log_tail()}")
                await waiting
            except TimeoutError:
                raise BotFailed(f"The bot was not online in time.\n{self.log_tail()}") from None
            finally:
                waiting.cancel()
                ending.cancel()

    async def _spawn(self) -> None:
        self._launch.log.parent.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"DISCORD_TOKEN": self._playground.token, "PYTHONUNBUFFERED": "1"}
        with self._launch.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._launch.command(self._playground.url),
                cwd=ROOT,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )

    async def wait(self) -> int:
        """Wait for its end and return the exit status."""
        if self._process is None:
            raise RuntimeError("the bot was never started")
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end as a service manager would, insist after a while, and leave nothing of it behind."""
        if self._process is None:
            return
        if self.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self.wait()
            except TimeoutError:
                await self.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def kill(self) -> None:
        """End it without a warning, as a power cut would; its own children are left to notice."""
        if self._process is not None and self.returncode is None:
            self._process.kill()
            await self.wait()

    def log_tail(self) -> str:
        """Return the last lines of its log."""
        if not self._launch.log.exists():
            return ""
        lines = self._launch.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])
