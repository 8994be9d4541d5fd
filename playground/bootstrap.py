"""Run a discord.py bot, unmodified, against a playground:

    python -m playground.bootstrap http://127.0.0.1:PORT bot.py --config config.toml

Three public class attributes of discord.py say where Discord is; they are set before the bot's own main runs.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import discord.asset
import discord.gateway
import discord.http
import yarl


def point_at(url: str) -> None:
    """Have discord.py talk to the playground at `url`."""
    discord.http.Route.BASE = f"{url}/api/v{discord.http.INTERNAL_API_VERSION}"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url.replace("http", "ws", 1)) / "gateway"
    discord.asset.Asset.BASE = url


def main() -> None:
    """Take the playground's URL, the bot's script and its arguments, as `python bot.py` would have run it."""
    url, script, *arguments = sys.argv[1:]
    point_at(url)
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
