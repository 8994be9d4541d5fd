"""Where the camera goes: what giro and zoom read of it, and what they offer while it is typed."""

from __future__ import annotations

from typing import Any

import discord
import msgspec
from discord import app_commands

from cogs.i18n.language import Language, language_of
from cogs.orders.suggestions import filter_values, label_choices, last_entry, make_choices
from engine.recipe.camera import EXAMPLE, NAMED, parse_camera
from engine.recipe.focus import NAMED as POINTS
from engine.recipe.focus import parse_focus
from engine.recipe.recipe import Focus


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Where the camera goes as it was typed, not read yet; None was left out."""

    focus: str | None = None
    camera: str | None = None

    def options(self) -> dict[str, Any]:
        """Return what was typed as `engine.recipe.recipe.from_plain` takes it; None where nothing was.

        Raises:
            RecipeError: it cannot be read.
        """
        return {
            "focus": None if self.focus is None else msgspec.to_builtins(parse_focus(self.focus)),
            "camera": None if self.camera is None else msgspec.to_builtins(parse_camera(self.camera)),
        }


def suggest_focus(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    """Offer the points that have a name."""
    names = focus_names(language_of(interaction.locale))
    labels = {
        name: f"{names[name]} ({point.x:g},{point.y:g})" if isinstance(point, Focus) else names[name]
        for name, point in POINTS.items()
    }
    return label_choices(typed, labels)


def suggest_camera(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    """Offer the moves that have a name as the next one, and an example of what can be written."""
    before, last = last_entry(typed, ">")
    example = () if before else filter_values(last, [EXAMPLE])
    return make_choices(filter_values(last, NAMED), example, before=before)


def focus_names(say: Language) -> dict[str, str]:
    """Return what the points that have a name are called."""
    return {
        "auto": say("where the road leads"),
        "centre": say("centre"),
        "above": say("above"),
        "below": say("below"),
        "left": say("left"),
        "right": say("right"),
    }
