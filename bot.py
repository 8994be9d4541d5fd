"""The bot: python bot.py [--config FILE] [--data DIR] [--check].

Reads the configuration, logs in and opens the studio. The engine starts in a process of its own, so the bot is online
before the model is loaded. While Discord cannot be reached it waits. Exit codes: 0 stopped as asked, 2 the operator has
to change something, which one line says.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import discord

from cogs.client import Tappa
from cogs.command_sync import sync_commands
from cogs.context.failures import Tree
from cogs.context.outage import is_passing, retry_through_outage
from cogs.delivery.delivery import Deliveries
from engine.client.client import EngineClient
from engine.errors import ConfigError, OperatorError, describe
from studio.config.config import DiscordConfig
from studio.config.config_file import ConfigFile
from studio.store import Store
from studio.studio import Studio

COGS = (
    *("cogs.orders.giro", "cogs.orders.morph", "cogs.orders.zoom"),
    *("cogs.renders.buttons", "cogs.renders.sharing", "cogs.renders.variations"),
    *("cogs.renders.recipe_form", "cogs.renders.remix", "cogs.renders.recipe_file", "cogs.renders.deletion"),
    *("cogs.gallery.gallery_command", "cogs.gallery.vote_counts", "cogs.gallery.showcase", "cogs.gallery.digest"),
    *("cogs.presets.presets", "cogs.presets.settings_command"),
    *("cogs.admin.admin", "cogs.admin.purge", "cogs.admin.blocked"),
    *("cogs.info.queue", "cogs.info.help", "cogs.info.presence"),
)

EXIT_OPERATOR = 2

ENGINE_CHECK_SECONDS = 5.0
"""Seconds between two checks whether the engine still runs."""

_log = logging.getLogger("tappa")


def build_client(configuration: ConfigFile, studio: Studio) -> Tappa:
    """Return the client with its cogs and deliveries; it is not connected yet."""
    return Tappa(
        configuration,
        studio,
        extensions=COGS,
        tree=Tree,
        deliver=lambda client: Deliveries(client, studio, configuration),
    )


async def run(configuration: ConfigFile, data: Path, token: str) -> None:
    """Run the bot with an engine process of its own until a signal stops it; raises as `serve` does."""
    store = Store(data)
    studio = Studio(configuration, EngineClient(configuration.current.engine_setup, data / "spool"), store)
    await _run_until_one_ends(serve(configuration, studio, store, token), _wait_for_signal())


async def serve(configuration: ConfigFile, studio: Studio, store: Store, token: str) -> None:
    """Log in, open the studio, resume unfinished deliveries, and stay online until cancelled.

    Raises:
        OperatorError: it cannot run as it is set up.
    """
    async with contextlib.AsyncExitStack() as closing:
        bot = await retry_through_outage(lambda: _log_in(configuration, studio, token))
        closing.push_async_callback(studio.close)  # last: the bot may write until it is closed
        closing.push_async_callback(bot.close)
        await studio.open()
        for record in studio.list_unsettled():
            bot.deliveries.start(record)
        sync = sync_commands(bot.tree, store, configuration.current.discord.servers)
        await _run_until_one_ends(_stay_online(bot, sync), _watch_engine(studio))


async def _log_in(configuration: ConfigFile, studio: Studio, token: str) -> Tappa:
    """Return a logged-in bot: a new one for each attempt, for one that failed cannot be used again."""
    async with contextlib.AsyncExitStack() as closing:
        bot = await closing.enter_async_context(build_client(configuration, studio))
        try:
            await bot.login(token)
        except discord.LoginFailure:
            raise OperatorError(
                "Discord refuses the bot's token; take a new one from the developer portal, and set DISCORD_TOKEN or"
                " discord.token_file to it."
            ) from None
        except discord.HTTPException as error:
            if is_passing(error):
                raise
            raise OperatorError(
                "Discord refuses this bot ({error}); look at its application in the developer portal.", error=error
            ) from None
        closing.pop_all()  # it stays open
    return bot


async def _stay_online(bot: Tappa, sync: Coroutine[Any, Any, None]) -> None:
    try:
        await asyncio.gather(bot.connect(), sync)
    except (discord.ConnectionClosed, discord.GatewayNotFound, discord.PrivilegedIntentsRequired) as error:
        raise OperatorError("Discord ended the connection: {error}", error=error) from None


async def _watch_engine(studio: Studio) -> None:
    """Raise OperatorError once the engine cannot be started, or not restarted after a crash; never return."""
    if not (await studio.wait_ready()).judges:
        _log.warning("This model ships no safety checker that can be loaded: [moderation] nsfw cannot be enforced.")
    while True:
        await studio.wait_ready()
        await asyncio.sleep(ENGINE_CHECK_SECONDS)


async def _wait_for_signal() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # on Windows Ctrl-C arrives as KeyboardInterrupt instead
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def _run_until_one_ends(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run coroutines until one ends, cancel the others, and raise the error of the one that ended."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


def read_token(config: DiscordConfig) -> str:
    """Return the bot's token, from discord.token_file or the environment.

    Raises:
        ConfigError: there is none.
    """
    if not config.token_file:
        if token := os.environ.get("DISCORD_TOKEN", "").strip():
            return token
        raise ConfigError("There is no bot token; set DISCORD_TOKEN, or discord.token_file in config.toml.")
    try:
        lines = Path(config.token_file).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "discord.token_file: {token_file} cannot be read ({error}).", token_file=config.token_file, error=error
        ) from None
    if not lines:
        raise ConfigError(
            "discord.token_file: {token_file} is empty; its first line is the bot's token.",
            token_file=config.token_file,
        )
    return lines[0]


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python bot.py", description="A Discord bot that dreams in GIFs.")
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="default: config.toml")
    parser.add_argument("--data", type=Path, help="where jobs and frames are kept (default: storage.data)")
    parser.add_argument("--check", action="store_true", help="only check the configuration")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    options = build_parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("discord").setLevel(logging.WARNING)
    logging.getLogger("discord.client").setLevel(logging.ERROR)  # it warns that voice is not possible; none is wanted
    try:
        configuration = ConfigFile.read(options.config)
        config = configuration.current
        if options.check:
            sys.stdout.write(f"{options.config}: everything in it is allowed.\n")
            return 0
        asyncio.run(run(configuration, options.data or Path(config.storage.data), read_token(config.discord)))
    except OperatorError as error:
        sys.stderr.write(f"{describe(error)}\n")
        return EXIT_OPERATOR
    except KeyboardInterrupt as error:
        sys.stderr.write(f"{describe(error)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
