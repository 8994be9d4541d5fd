"""Names that other libraries keep to themselves: which are used all the same, and that their versions are bounded."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("bot.py", "cogs", "engine", "studio", "playground", "training", "benchmarks")

KNOWN = {
    "engine/diffusion/loading/lean.py": {
        "_convolution_pointwise"
    },  # held by tests/engine/diffusion/loading/test_lean.py
    "engine/diffusion/speed/acceleration.py": {"_dynamo"},  # held by tests/engine/diffusion/speed/test_acceleration.py
}
"""Each is held to something public by a test. Whoever adds one bounds the library's versions and writes such a test."""

BOUNDED = ("torch", "msgspec")
"""Libraries of which more is used than they promise to keep."""


def sources() -> Iterator[Path]:
    for room in ROOMS:
        path = ROOT / room
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def own_names(tree: ast.AST) -> Iterator[str]:
    """Yield what a file defines."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case ast.Name(ctx=ast.Store()):
                yield node.id


def used_names(tree: ast.AST) -> Iterator[str]:
    """Yield what a file takes of something else by a private name."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute():
                yield node.attr
            case ast.ImportFrom():
                yield from (alias.name for alias in node.names)
                yield from (node.module or "").split(".")
            case ast.Import():
                yield from (part for alias in node.names for part in alias.name.split("."))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_no_private_name_of_another_library_is_used_but_those_that_are_known():
    trees = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in sources()}
    own = {name for tree in trees.values() for name in own_names(tree)} | {"_replace"}  # a named tuple's, documented
    used = {path: {name for name in used_names(tree) if is_private(name)} - own for path, tree in trees.items()}
    assert {path: names for path, names in used.items() if names} == KNOWN


@pytest.mark.parametrize("library", BOUNDED)
def test_the_versions_of_such_a_library_are_bounded_on_both_sides(library):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (wanted,) = (one for one in project["dependencies"] if re.match(rf"{library}\b", one))
    assert re.fullmatch(rf"{library}>=[\d.]+,<[\d.]+", wanted)
