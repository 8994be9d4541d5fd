"""A render as a member asked for it: parsed once, not yet a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cogs.orders.styles import NONE, find_style_name
from engine.recipe.camera import parse_camera
from engine.recipe.edits import with_style
from engine.recipe.focus import parse_focus
from engine.recipe.recipe import Recipe, from_plain
from engine.recipe.seeds import new_seed
from engine.recipe.settings import Kind
from engine.recipe.style import Style
from studio.profiles.defaults import Defaults


class RenderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a command was told. None, or an option that is missing, was left out.

    The member's defaults fill in what was left out, unless a seed is given: a seed repeats an animation, and the line
    under a result has to mean the same to everybody.

    Attributes:
        options: parsed values of the recipe's fields, as `from_plain` takes them.
        style: name of a style as it was typed.
    """

    kind: Kind
    options: Mapping[str, Any] = {}
    style: str | None = None
    negative: str | None = None
    seed: int | None = None

    def with_options(self, options: Mapping[str, Any]) -> RenderRequest:
        """Return the request with further options; those that it has already win."""
        given = {name: value for name, value in self.options.items() if value is not None}
        return msgspec.structs.replace(self, options={**options, **given})

    def recipe(self, defaults: Defaults, styles: Mapping[str, Style]) -> Recipe:
        """Return the recipe for a member's defaults, in the style that they chose.

        Raises:
            RecipeError: an option holds something that is not possible.
            LimitError: there is no such style.
        """
        typed = {**self.options, "negative": self.negative}
        given = {name: value for name, value in typed.items() if value is not None}
        if self.negative is not None and self.negative.strip().casefold() == NONE:
            given["negative"] = ""
        own = {} if self.seed is not None else defaults.options(self.kind)
        seed = new_seed() if self.seed is None else self.seed
        recipe = from_plain({"kind": self.kind, "seed": seed, **own, **given})
        style = self._find_style(defaults, styles)
        return recipe if style is None else with_style(recipe, style)

    def _find_style(self, defaults: Defaults, styles: Mapping[str, Style]) -> Style | None:
        if self.style is None:
            return None if self.seed is not None else styles.get(defaults.style)
        return styles.get(find_style_name(self.style, styles))


def parse_view(focus: str | None, camera: str | None) -> dict[str, Any]:
    """Parse where the camera goes into options of a request; None was left out.

    Raises:
        RecipeError: one of them cannot be read.
    """
    return {
        "focus": None if focus is None else msgspec.to_builtins(parse_focus(focus)),
        "camera": None if camera is None else msgspec.to_builtins(parse_camera(camera)),
    }
