"""The slash command that repeats an animation, seed included."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from engine.errors import RecipeError
from engine.recipe.camera import format_camera, parse_camera
from engine.recipe.focus import AUTO, format_focus, parse_focus
from engine.recipe.preset import Preset
from engine.recipe.recipe import Animation, Giro, Morph, Recipe, Stage, Variations, Zoom, from_plain
from engine.recipe.stages import format_stages, parse_stages
from engine.recipe.waypoints import format_waypoints, waypoint_options

_OPTION = re.compile(r"\s(source|target|prompt|frames|loop|tries|stages|preset|mode|focus|camera|style|negative|seed):")
"""Start of any command's option; text that looks like one is taken for one."""

_MORPH_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Morph)}


def command_line(recipe: Recipe, presets: Mapping[str, Preset]) -> str | None:
    """Return the command that repeats `recipe`; None if no command asks for exactly that.

    Commands have no settings, no measured positions and no contact sheets. The command is read back first: if anything
    would be lost, as with a prompt that looks like an option, the recipe itself has to be handed on instead.
    """
    if isinstance(recipe, Variations):
        return None
    options = _options(recipe, presets)
    line = _format_command(recipe, options)
    written = {name: str(value) for name, value in {**options, "seed": recipe.seed}.items()}
    return line if _read_options(line) == written and _repeats(written, recipe, presets) else None


def form_line(recipe: Giro) -> str | None:
    """Return the command that opens the stages form, with all other options given; None if one cannot be."""
    if command_line(msgspec.structs.replace(recipe, stages=(Stage("a", 1),)), {}) is None:
        return None
    return _format_command(recipe, _giro_options(recipe))


def _options(recipe: Animation, presets: Mapping[str, Preset]) -> dict[str, object]:
    match recipe:
        case Giro():
            return {**_stage_options(recipe, presets), **_giro_options(recipe)}
        case Morph():
            options: dict[str, object] = {"source": recipe.source, "target": format_waypoints(recipe.waypoints[1:])}
            for name in ("prompt", "loop", "tries"):
                if (value := getattr(recipe, name)) != _MORPH_DEFAULTS[name]:
                    options[name] = value
            return {**options, "frames": recipe.frames, **_negative_option(recipe)}
        case Zoom():
            options = {"prompt": recipe.prompt, "frames": recipe.frames}
            return {**options, **_camera_options(recipe), **_negative_option(recipe)}


def _giro_options(recipe: Giro) -> dict[str, object]:
    mode = {} if recipe.mode == "chain" else {"mode": recipe.mode}
    return {"loop": recipe.loop, **mode, **_camera_options(recipe), **_negative_option(recipe)}


def _negative_option(recipe: Animation) -> dict[str, object]:
    return {"negative": recipe.negative} if recipe.negative else {}


def _read_options(line: str) -> dict[str, str]:
    """Return the options of a typed command; a repeated one has its last value."""
    pieces = _OPTION.split(line)
    return {name: value.strip() for name, value in zip(pieces[1::2], pieces[2::2], strict=True)}


def _repeats(given: dict[str, str], recipe: Animation, presets: Mapping[str, Preset]) -> bool:
    """Whether a command with these options asks for exactly this recipe."""
    try:
        return from_plain({"kind": recipe.__struct_config__.tag, **_parse_options(given, presets)}) == recipe
    except RecipeError:
        return False


def _parse_options(given: dict[str, str], presets: Mapping[str, Preset]) -> dict[str, Any]:
    """Return typed options as `from_plain` takes them."""
    plain: dict[str, Any] = {**given}
    if "preset" in plain:
        plain["stages"] = presets[plain.pop("preset")].parse_stages()
    elif "stages" in plain:
        plain["stages"] = parse_stages(plain["stages"])
    if "source" in plain:
        plain |= waypoint_options(plain["source"], plain["target"])
    for name, read in (("focus", parse_focus), ("camera", parse_camera)):
        if name in plain:
            plain[name] = read(plain[name])
    for name in {"seed", "frames", "tries"} & plain.keys():
        plain[name] = int(plain[name])
    if (loop := plain.get("loop")) in ("True", "False"):
        plain["loop"] = loop == "True"
    plain_values: dict[str, Any] = msgspec.to_builtins(plain)
    return plain_values


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


def _format_command(recipe: Recipe, options: Mapping[str, object]) -> str:
    given = " ".join(f"{name}:{value}" for name, value in {**options, "seed": recipe.seed}.items())
    return f"/{recipe.__struct_config__.tag} {given}"
