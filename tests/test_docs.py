"""The docs are held to the program: what they name exists, and what exists is in them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import discord
import msgspec
import pytest

from bot import COGS, build_client
from engine.__main__ import build_parser
from studio.config.config import Config, LimitsConfig, parse_config
from studio.config.config_file import ConfigFile
from studio.store import Store
from studio.studio import Studio
from tests.fakes.engine import FakeEngine

ROOT = Path(__file__).parent.parent
README, MEMBERS, ADMINS = ROOT / "README.md", ROOT / "docs" / "community.md", ROOT / "docs" / "admin.md"
PAGES = (README, MEMBERS, ADMINS)

LARGEST_PICTURE = 300_000
"""Bytes; only the giro in the README, which is the product itself, is larger."""

_SPAN = re.compile(r"`([^`\n]+)`")
_KEY = re.compile(
    r"`\[(?P<table>[a-z_.A-Z]+)\](?: (?P<key>[a-z_]+))?`|`(?P<dotted>[a-z]+\.[a-z_]+)`|`(?P<bare>[a-z]+_[a-z_]+)`"
)


@pytest.fixture
async def commands(tmp_path: Path) -> AsyncIterator[set[str]]:
    """Every command, as members type it or find it in a menu."""
    configuration = ConfigFile.fixed(Config())
    bot = build_client(configuration, Studio(configuration, FakeEngine(), Store(tmp_path)))
    for cog in COGS:
        await bot.load_extension(cog)
    typed = {
        f"/{one.qualified_name}" for one in bot.tree.walk_commands() if isinstance(one, discord.app_commands.Command)
    }
    menus = {one.name for kind in MENUS for one in bot.tree.get_commands(type=kind)}
    yield typed | menus
    for cog in COGS:
        await bot.unload_extension(cog)


MENUS = (discord.AppCommandType.message, discord.AppCommandType.user)


def spans(page: Path) -> list[str]:
    return _SPAN.findall(page.read_text(encoding="utf-8"))


def named(page: Path, commands: set[str]) -> Iterator[str]:
    """Yield the commands that a page names; of a group and a command in it, the command."""
    for span in spans(page):
        if span.startswith("/"):
            words = re.match(r"/[a-z]+(?: [a-z]+)*", span)
            assert words, f"{page.name}: `{span}`"
            pair = " ".join(words[0].split()[:2])
            yield pair if pair in commands else pair.split()[0]
        elif span in commands:
            yield span


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
async def test_every_command_that_is_named_exists(page: Path, commands: set[str]) -> None:
    groups = {command.split()[0] for command in commands if " " in command}
    assert set(named(page, commands)) <= commands | groups


async def test_every_command_is_documented(commands: set[str]) -> None:
    assert commands <= {*named(MEMBERS, commands), *named(ADMINS, commands)}


def keys_of(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key of a configuration; a table for each of many things has * in it."""
    if isinstance(kind, msgspec.inspect.UnionType):
        for one in kind.types:
            yield from keys_of(one, path)
    elif isinstance(kind, msgspec.inspect.DictType):
        yield from keys_of(kind.value_type, (*path, "*"))
    elif isinstance(kind, msgspec.inspect.StructType):
        for field in kind.fields:
            yield from keys_of(field.type, (*path, field.name))
    else:
        yield path


KEYS = set(keys_of(msgspec.inspect.type_info(Config)))
PLACEHOLDERS = {"ID", "NAME", "ROLE", "CHANNEL"}


def test_every_key_of_the_configuration_is_in_config_toml() -> None:
    """With its default and its range, which is for its reader to judge."""
    shown = words_of(ROOT / "config.toml")
    missing = {key for path in KEYS for key in path if key != "*"} - shown
    assert missing == set()


def test_every_key_that_admins_decide_by_is_in_their_docs() -> None:
    told = words_of(ADMINS)
    decided = {path[-1] for path in KEYS if path[0] in ("limits", "community", "moderation", "styles")}
    assert decided >= set(LimitsConfig.__struct_fields__)
    assert decided - told == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_key_that_is_named_exists(page: Path) -> None:
    tables = {path[:length] for path in KEYS for length in range(1, len(path))}
    leaves = {path[-1] for path in KEYS}
    for match in _KEY.finditer(page.read_text(encoding="utf-8")):
        if table := match["table"]:
            path = tuple("*" if part in PLACEHOLDERS else part for part in table.split("."))
            assert path in tables, match[0]
            assert not match["key"] or (*path, match["key"]) in KEYS, match[0]
        elif dotted := match["dotted"]:
            path = tuple(dotted.split("."))
            assert path in KEYS or path[:1] not in tables, match[0]
        else:
            assert match["bare"] in leaves, match[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_of_a_configuration_is_allowed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        assert tomllib.loads(example)
        parse_config(example, page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_line_for_a_shell_is_understood(page: Path) -> None:
    for line in re.findall(
        r"^ {4}python -m engine (.*?)(?:\s{2,}#.*)?$", page.read_text(encoding="utf-8"), re.MULTILINE
    ):
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
        assert vars(build_parser().parse_args(words)), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere_and_pictures_are_small_and_described(page: Path) -> None:
    for bang, words, target in re.findall(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path = page.parent / target.split("#")[0]
        assert path.exists(), target
        if bang:
            assert len(words) > 20, f"{target} needs words for who does not see it"
            assert path.stat().st_size <= LARGEST_PICTURE or path.name == "giro.gif"


def words_of(path: Path) -> set[str]:
    return set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
