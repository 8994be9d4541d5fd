"""The line that repeats an animation: what a member would type, seed and all."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.config import Preset
from engine.errors import RecipeError
from engine.recipe import Focus, Giro, Morph, Recipe, Stage, Zoom
from engine.stages import format_stages, parse_stages

_MORPH_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Morph)}


def command_line(recipe: Recipe, presets: Mapping[str, Preset]) -> str:
    """Return the slash command that asks for `recipe` again."""
    match recipe:
        case Giro():
            options = {**_journey(recipe, presets), "loop": recipe.loop}
        case Morph():
            options = {"source": recipe.source, "target": recipe.target}
            if recipe.prompt != _MORPH_DEFAULTS["prompt"]:
                options["prompt"] = recipe.prompt
            options["frames"] = recipe.frames
        case Zoom():
            options = {"prompt": recipe.prompt, "frames": recipe.frames}
            if recipe.focus != Focus():
                options["focus"] = f"{_exact(recipe.focus.x)},{_exact(recipe.focus.y)}"
    return _line(recipe, options)


def form_line(recipe: Giro) -> str:
    """Return the command that opens the form for the stages, everything else said."""
    return _line(recipe, {"loop": recipe.loop})


def stages_on_one_line(stages: tuple[Stage, ...]) -> str:
    """Write stages on one line so that they read back as they are."""
    plain = format_stages(stages, "; ")
    try:
        if parse_stages(plain) == stages:
            return plain
    except RecipeError:
        pass  # a prompt with a semicolon in it, or one that begins like JSON
    return msgspec.json.encode([[stage.prompt, stage.frames] for stage in stages]).decode()


def _journey(recipe: Giro, presets: Mapping[str, Preset]) -> dict[str, object]:
    for name, preset in presets.items():
        if preset.parsed() == recipe.stages:
            return {"preset": name}
    return {"stages": stages_on_one_line(recipe.stages)}


def _exact(number: float) -> str:
    return format(Decimal(repr(number)), "f")


def _line(recipe: Recipe, options: Mapping[str, object]) -> str:
    given = " ".join(f"{name}:{value}" for name, value in {**options, "seed": recipe.seed}.items())
    return f"/{recipe.__struct_config__.tag} {given}"
