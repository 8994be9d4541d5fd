"""The slash command that repeats an animation, seed included."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.errors import RecipeError
from engine.recipe.camera import format_camera
from engine.recipe.edits import pick_variation
from engine.recipe.focus import AUTO, format_focus
from engine.recipe.preset import Preset
from engine.recipe.recipe import Giro, Morph, Recipe, Stage, Variations, Zoom
from engine.recipe.stages import format_stages, parse_stages
from engine.recipe.waypoints import format_waypoints

_MORPH_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Morph)}


def command_line(recipe: Recipe, presets: Mapping[str, Preset]) -> str:
    """Return the command that repeats `recipe`; of a contact sheet, its first animation."""
    match recipe:
        case Giro():
            options = {
                **_stage_options(recipe, presets),
                "loop": recipe.loop,
                **_mode_option(recipe),
                **_camera_options(recipe),
            }
        case Morph():
            options = {"source": recipe.source, "target": format_waypoints(recipe.waypoints[1:])}
            for name in ("prompt", "loop", "tries"):
                if (value := getattr(recipe, name)) != _MORPH_DEFAULTS[name]:
                    options[name] = value
            options["frames"] = recipe.frames
        case Zoom():
            options = {"prompt": recipe.prompt, "frames": recipe.frames, **_camera_options(recipe)}
        case Variations():
            return command_line(pick_variation(recipe, 1), presets)
    if recipe.negative:
        options["negative"] = recipe.negative
    return _format_command(recipe, options)


def form_line(recipe: Giro) -> str:
    """Return the command that opens the stages form, with all other options given."""
    options: dict[str, object] = {"loop": recipe.loop, **_mode_option(recipe), **_camera_options(recipe)}
    if recipe.negative:
        options["negative"] = recipe.negative
    return _format_command(recipe, options)


def stages_on_one_line(stages: tuple[Stage, ...]) -> str:
    """Write stages on one line that reads back the same."""
    plain = format_stages(stages, "; ")
    try:
        if parse_stages(plain) == stages:
            return plain
    except RecipeError:
        pass  # a prompt with a semicolon in it, or one that begins like JSON
    return msgspec.json.encode([[stage.prompt, stage.frames] for stage in stages]).decode()


def _camera_options(recipe: Giro | Zoom) -> dict[str, str]:
    focus = {} if recipe.focus == AUTO else {"focus": format_focus(recipe.focus)}
    return focus | ({"camera": format_camera(recipe.camera)} if recipe.camera else {})


def _stage_options(recipe: Giro, presets: Mapping[str, Preset]) -> dict[str, object]:
    for name, preset in presets.items():
        if preset.parse_stages() == recipe.stages:
            return {"preset": name}
    return {"stages": stages_on_one_line(recipe.stages)}


def _mode_option(recipe: Giro) -> dict[str, object]:
    return {} if recipe.mode == "chain" else {"mode": recipe.mode}


def _format_command(recipe: Recipe, options: Mapping[str, object]) -> str:
    given = " ".join(f"{name}:{value}" for name, value in {**options, "seed": recipe.seed}.items())
    return f"/{recipe.__struct_config__.tag} {given}"
