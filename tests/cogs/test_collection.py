"""Over all cogs: every command is fit for Discord, and nothing on the bot's side knows torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import discord
import pytest

import cogs
from bot import COGS, build_client
from studio.config.config import Config
from studio.config.config_file import ConfigFile
from studio.store import Store
from studio.studio import Studio
from tests.fakes.engine import FakeEngine

ROOT = Path(cogs.__file__).resolve().parents[1]
STRING, INTEGER = 3, 4

OF_SERVERS = {"gallery", "admin"}
"""Commands about what there is in a server only."""


@pytest.fixture
async def bot(tmp_path):
    """The bot with all its cogs."""
    configuration = ConfigFile.without_file(Config())
    bot = build_client(configuration, Studio(configuration, FakeEngine(), Store(tmp_path)))
    for cog in COGS:
        await bot.load_extension(cog)
    yield bot
    for cog in COGS:
        await bot.unload_extension(cog)


@pytest.fixture
def commands(bot):
    """Every command that is typed, as it is sent to Discord."""
    typed = bot.tree.get_commands(type=discord.AppCommandType.chat_input)
    return {command.name: command.to_dict(bot.tree) for command in typed}


async def test_the_names_and_options_are_the_products_own(commands):
    options = {name: [option["name"] for option in command.get("options", [])] for name, command in commands.items()}
    assert options == {
        "giro": ["stages", "preset", "loop", "mode", "focus", "camera", "style", "negative", "seed"],
        "morph": ["source", "target", "prompt", "frames", "loop", "tries", "style", "negative", "seed"],
        "zoom": ["prompt", "frames", "focus", "camera", "style", "negative", "seed"],
        "preset": ["save", "use", "list", "show", "delete"],
        "settings": ["style", "negative", "loop", "morph-frames", "zoom-frames", "focus"],
        "queue": [],
        "help": ["command"],
        "gallery": ["order", "search", "member"],
        "admin": ["reload", "set", "status", "pause", "resume", "cancel", "purge", "block", "unblock", "blocked"],
        "recipe": ["export", "import"],
    }


def test_a_message_has_a_menu_of_its_own(bot):
    menus = bot.tree.get_commands(type=discord.AppCommandType.message)
    assert {menu.name for menu in menus} == {"Remix this render", "Who made this?"}


async def test_everything_is_described_within_discords_limits(commands):
    for command in commands.values():
        assert 20 <= len(command["description"]) <= 100
        assert len(json.dumps(command)) <= 8000
        for option in command.get("options", []):
            assert 5 <= len(option["description"]) <= 100
            assert option["description"] != "…"


async def test_required_options_come_first(commands):
    for command in commands.values():
        required = [option.get("required", False) for option in command.get("options", [])]
        assert required == sorted(required, reverse=True)


async def test_numbers_and_texts_have_bounds_or_suggestions(commands):
    for command in commands.values():
        for option in command.get("options", []):
            if option["type"] == INTEGER:
                assert option["min_value"] >= 0
                assert option["max_value"] <= 2**32
            if option["type"] == STRING:
                assert "max_length" in option or option.get("autocomplete") or option.get("choices")


async def test_commands_are_for_servers_and_for_direct_messages_with_the_bot(commands):
    for name, command in commands.items():
        assert sorted(command["contexts"]) == ([0] if name in OF_SERVERS else [0, 1])
        assert command["integration_types"] == [0]


async def test_discord_shows_the_admins_commands_to_those_who_manage_the_server(commands):
    manage_server = 1 << 5
    restricted = {name: command["default_member_permissions"] for name, command in commands.items()}
    assert {name: value for name, value in restricted.items() if value is not None} == {"admin": manage_server}


def test_every_file_among_the_cogs_that_adds_commands_is_loaded():
    files = (path.relative_to(ROOT) for path in (ROOT / "cogs").rglob("*.py") if "async def setup(" in path.read_text())
    with_setup = {".".join(path.with_suffix("").parts) for path in files}
    assert with_setup == set(COGS)


def test_the_bot_and_its_cogs_load_without_torch():
    program = f"""
import importlib, json, sys
for name in ("bot", *{COGS!r}):
    importlib.import_module(name)
print(json.dumps([name for name in ("torch", "diffusers", "transformers", "accelerate") if name in sys.modules]))
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []
