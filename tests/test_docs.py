"""The docs are held to the program: what they name exists, and what exists is in them."""

from __future__ import annotations

import ast
import functools
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
TOUR, DECISIONS = ROOT / "docs" / "architecture.md", ROOT / "docs" / "decisions"
CODE_PAGES = (*PAGES, TOUR, *sorted(DECISIONS.glob("*.md")))
"""Pages that speak of the code."""
PROGRAM = ("bot.py", "engine", "studio", "cogs")

LARGEST_PICTURE = 300_000
"""Bytes; only the giro in the README, which is the product itself, is larger."""

_SPAN = re.compile(r"`([^`\n]+)`")
_KEY = re.compile(
    r"`\[(?P<table>[a-z_.A-Z]+)\](?: (?P<key>[a-z_]+))?`|`(?P<dotted>[a-z]+\.[a-z_]+)`|`(?P<bare>[a-z]+_[a-z_]+)`"
)


@pytest.fixture
async def commands(tmp_path: Path) -> AsyncIterator[set[str]]:
    """Every command, as members type it or find it in a menu."""
    configuration = ConfigFile.without_file(Config())
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


@pytest.mark.parametrize("page", CODE_PAGES, ids=lambda page: page.name)
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


# ---- what the docs say of the code ----

_PATH = re.compile(r"[\w.<>-]+(?:/[\w.<>-]+)*(?:/|\.(?:py|toml|md|po|json))")
_MODULE = re.compile(r"(?:engine|studio|cogs|benchmarks|training|playground)(?:\.[a-z_]+)+")
_NAME = re.compile(r"(?P<owner>[A-Z]\w*[a-z]\w*)(?:\.(?P<member>\w+))?(?:\(\))?")
_FUNCTION = re.compile(r"(?P<name>[a-z_]+)\(\)")
_WORKING_DIRECTORY = ("data/", "renders/", "spool/")
"""Folders that a running bot makes."""


class Definitions(ast.NodeVisitor):
    """The names that a program defines, and the members of its classes, those of their bases included."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.functions: set[str] = set()
        self.bases: dict[str, set[str]] = {}
        self.members: dict[str, set[str]] = {}

    def visit_Module(self, node: ast.Module) -> None:
        """Take in what a file defines at its top."""
        self.names.update(name for statement in node.body for name in defined_by(statement))
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Take in a class and its members, those that a method assigns to itself included."""
        own = {name for statement in node.body for name in defined_by(statement)}
        assigned = {
            part.attr
            for part in ast.walk(node)
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and ast.unparse(part.value) == "self"
        }
        self.members.setdefault(node.name, set()).update(own | assigned)
        self.bases.setdefault(node.name, set()).update(ast.unparse(base).split("[")[0] for base in node.bases)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Take in a function or a method."""
        self.functions.add(node.name)
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def has_member(self, owner: str, member: str) -> bool:
        """Whether a class, or one that it is made from, has a member of that name."""
        if member in self.members.get(owner, ()):
            return True
        return any(self.has_member(base, member) for base in self.bases.get(owner, ()))


def defined_by(statement: ast.stmt) -> list[str]:
    """Return the names that a statement of a module or of a class defines."""
    match statement:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


@functools.cache
def program() -> Definitions:
    """Return what the bot's own code defines; benchmarks, tests and tools do not count."""
    found = Definitions()
    for place in PROGRAM:
        path = ROOT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            found.visit(ast.parse(file.read_text(encoding="utf-8")))
    return found


def is_there(path: str) -> bool:
    """Whether a path from the root is a file, or a folder with any; `<word>` in it stands for any name.

    A file's bare name may be that of one anywhere in the program, such as `__init__.py`.
    """
    found = list(ROOT.glob(re.sub(r"<\w+>", "*", path)))
    if not path.endswith("/"):
        elsewhere = (one for place in (*PROGRAM, "models") for one in (ROOT / place).rglob(path))
        return any(one.is_file() for one in found) or ("/" not in path and any(elsewhere))
    files = (file for one in found if one.is_dir() for file in one.rglob("*"))
    return any(file.is_file() and file.suffix != ".pyc" for file in files)


def untrue(span: str) -> str | None:
    """Return what is wrong with words in backticks, as far as they speak of the code; None if nothing is."""
    if _PATH.fullmatch(span):
        known = span.startswith(_WORKING_DIRECTORY) or is_there(span)
        return None if known else f"there is no {span}"
    if _MODULE.fullmatch(span) and tuple(span.split(".")) not in KEYS:
        path = span.replace(".", "/")
        return None if is_there(f"{path}.py") or is_there(f"{path}/__init__.py") else f"there is no module {span}"
    if match := _NAME.fullmatch(span):
        owner, member = match["owner"], match["member"]
        if owner not in program().names:
            return f"nothing is called {owner}"
        return None if member is None or program().has_member(owner, member) else f"{owner} has no {member}"
    if (match := _FUNCTION.fullmatch(span)) and match["name"] not in program().functions:
        return f"no function is called {match['name']}"
    return None


@pytest.mark.parametrize("page", CODE_PAGES, ids=lambda page: page.name)
def test_what_is_named_of_the_code_exists(page: Path) -> None:
    assert [fault for span in spans(page) if (fault := untrue(span))] == []


def test_the_tour_names_much_of_the_code() -> None:
    """Or the test above would pass over pages that it cannot read."""
    named_there = spans(TOUR)
    assert sum(bool(_PATH.fullmatch(span)) for span in named_there) > 30
    assert sum(bool(_NAME.fullmatch(span)) for span in named_there) > 20


@pytest.mark.parametrize(
    "span",
    [
        "engine/reel.py",
        "engine/media/",
        "cogs/locales/<tag>.po",
        "engine.service",
        "Spool",
        "RenderRequest.view",
        "ride()",
    ],
)
def test_a_name_that_is_gone_is_found(span: str) -> None:
    assert untrue(span)


def test_every_room_is_in_the_tour_with_its_own_sentence() -> None:
    text = TOUR.read_text(encoding="utf-8")
    told = dict(re.findall(r"^- `((?:engine|studio|cogs)/\w+)/` (.*)$", text, re.MULTILINE))
    rooms = {
        file.parent.relative_to(ROOT).as_posix(): ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        for side in ("engine", "studio", "cogs")
        for file in (ROOT / side).glob("*/__init__.py")
    }
    assert told == {room: sentence.partition("\n")[0] for room, sentence in rooms.items()}


@pytest.mark.parametrize("side", ["cogs", "studio", "engine"])
def test_the_layers_in_the_tour_are_those_that_are_held(side: str) -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in lint["contracts"] if contract.get("containers") == [side])
    told = " ".join(TOUR.read_text(encoding="utf-8").split())
    assert f"{side} {' > '.join(layers)}" in told


def test_every_decision_is_listed_once_and_says_why() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^- \[(\d{4})\]\([^)]*\) (.*)$", index, re.MULTILINE))
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    titles = {}
    for number, file in enumerate(files, 1):
        text = file.read_text(encoding="utf-8")
        assert file.name.startswith(f"{number:04}-"), "numbers have no gap, and none stands twice"
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Weighed"], file.name
        titles[f"{number:04}"] = text.partition("\n")[0].partition(". ")[2]
    assert listed == titles
