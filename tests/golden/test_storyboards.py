"""A recipe's storyboard stays the same, shot by shot and to the last digit."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from engine.recipe.edits import extend_giro
from engine.recipe.recipe import Giro, Recipe, Stage, from_plain, resolve, to_json
from engine.recipe.settings import BUILT_IN
from engine.storyboard.builder import build_storyboard
from engine.storyboard.shot import is_hidden
from engine.storyboard.storyboard import Storyboard
from tests.golden import golden
from tests.golden.canonical import canonical, digest

GOLDEN = "storyboards.json"
RECIPES: dict[str, Any] = golden.read("recipes.json")


def recipe_of(name: str) -> Recipe:
    """Return a recipe of the list, or the one that it is made from with one more stage."""
    plain = RECIPES[name]
    if "extend" not in plain:
        return from_plain(plain)
    giro = recipe_of(plain["extend"])
    assert isinstance(giro, Giro)
    return extend_giro(giro, msgspec.convert(plain["stage"], Stage))


def described(recipe: Recipe) -> dict[str, Any]:
    """Return what is written down of a recipe: how it is stored, what its storyboard is, and some of it to read."""
    resolved, settings = resolve(recipe, (BUILT_IN,))
    board = build_storyboard(resolved, settings)
    return {
        "recipe": msgspec.json.decode(to_json(resolved)),
        "shots": len(board.shots),
        "hidden": sum(is_hidden(shot.index) for shot in board.shots),
        "seen": board.displayed_frames,
        "unet_calls": board.unet_calls,
        "sources": sum(len(shot.sources) for shot in board.shots),
        "first_indices": [shot.index for shot in board.shots[:6]],
        "first_seeds": [shot.seed for shot in board.shots[:3]],
        "shot_digests": [digest(shot)[:8] for shot in board.shots],
        "digest": digest(board),
    }


def test_what_is_written_down_is_of_these_recipes() -> None:
    if golden.WRITES:
        golden.require(GOLDEN, {name: described(recipe_of(name)) for name in RECIPES})
    assert list(golden.read(GOLDEN)) == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_storyboard_is_what_it_was(name: str) -> None:
    seen = json.loads(json.dumps(described(recipe_of(name))))
    assert list(golden.differences(golden.read(GOLDEN)[name], seen)) == []


def test_names_do_not_count_but_every_value_does() -> None:
    board = build_storyboard(*resolve(recipe_of("zoom that loops"), (BUILT_IN,)))
    assert isinstance(board, Storyboard)

    class Board(msgspec.Struct):
        """The same under other names."""

        pictures: tuple[Any, ...]
        across: int
        down: int
        sampler: str
        shown_for: int
        boomerang: bool

    renamed = Board(*(getattr(board, name) for name in board.__struct_fields__))
    assert canonical(renamed) == canonical(board)
    for name in board.__struct_fields__:
        if name != "shots":
            assert digest(msgspec.structs.replace(board, **{name: "other"})) != digest(board)
    last = msgspec.structs.replace(board.shots[-1], strength=board.shots[-1].strength + 1e-15)
    assert digest(msgspec.structs.replace(board, shots=(*board.shots[:-1], last))) != digest(board)
