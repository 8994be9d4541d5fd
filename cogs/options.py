"""The options that several commands have."""

from __future__ import annotations

from typing import Any

from discord import app_commands

from engine.recipe import MAX_FRAMES, MAX_PROMPT, MAX_SEED, MAX_WORD, Recipe, from_plain
from engine.studio import new_seed

SeedOption = app_commands.Range[int, 0, MAX_SEED]
FramesOption = app_commands.Range[int, 2, MAX_FRAMES]
PromptOption = app_commands.Range[str, 1, MAX_PROMPT]
WordOption = app_commands.Range[str, 1, MAX_WORD]

SEED_HELP = "The same seed gives the same animation again; left out, one is drawn"


def build_recipe(kind: str, seed: int | None, **given: Any) -> Recipe:
    """Make a recipe from a command's options; those that were left out are None and get their defaults.

    Raises:
        RecipeError: an option holds something that is not possible.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    return from_plain({"kind": kind, "seed": new_seed() if seed is None else seed, **chosen})
