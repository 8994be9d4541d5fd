"""A recipe as the fields of a form, at most five, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

import discord
import msgspec

from cogs.i18n.language import Language
from cogs.ui.drafts import MAX_MODAL_TEXT
from cogs.ui.forms import Field
from engine.errors import LimitError, RecipeError
from engine.recipe.camera import format_camera, parse_camera
from engine.recipe.edits import extend_giro
from engine.recipe.focus import AUTO, format_focus, parse_focus
from engine.recipe.recipe import (
    MAX_FRAMES,
    MAX_PROMPT,
    MAX_SEED,
    Animation,
    Giro,
    Mode,
    Morph,
    MorphLoop,
    Recipe,
    Variations,
    Zoom,
    from_plain,
)
from engine.recipe.seeds import new_seed
from engine.recipe.stages import format_stages, parse_stages
from engine.recipe.waypoints import waypoint_options

_NUMBER = 10
_TOWARDS = "towards"


def remix_fields(recipe: Recipe, say: Language) -> tuple[Field, ...]:
    """Return the fields that change a recipe, filled in from it, if it is not too long for a form."""
    if isinstance(recipe, Variations):
        return tuple(field for field in remix_fields(recipe.of, say) if field.name != "seed")
    negative = Field(
        name="negative", label=say("Lead away from"), value=recipe.negative, most=MAX_PROMPT, required=False
    )
    seed = Field(name="seed", label=say("Seed; empty: a new one"), value=str(recipe.seed), most=_NUMBER, required=False)
    fields = (*_kind_fields(recipe, say), negative, seed)
    if any(len(field.value) > field.most for field in fields):
        raise LimitError(
            "This animation is too long for a form; /recipe export gives it as a file, and /recipe import takes it back"
            " when you have changed it."
        )
    return fields


def apply_remix(recipe: Recipe, typed: Mapping[str, str], say: Language) -> Recipe:
    """Return a recipe changed as typed into its fields, in the language of the form or in English.

    What has no field stays as it is.
    """
    if isinstance(recipe, Variations):
        of = apply_remix(recipe.of, {**typed, "seed": str(recipe.of.seed)}, say)
        return msgspec.structs.replace(recipe, of=of)
    changes = _parse_kind_values(recipe, typed, say)
    changes["negative"] = typed.get("negative", "").strip()
    changes["seed"] = _parse_seed(typed.get("seed", ""))
    return from_plain(msgspec.to_builtins(recipe) | changes)


def extend_fields(recipe: Recipe, say: Language) -> tuple[Field, ...]:
    """Return the field for the next stage of a giro."""
    _require_giro(recipe)
    label, example = say("The next stage: prompt | frames"), say("a road by the sea, sunny day | 50")
    return (Field(name="stage", label=label, placeholder=example, most=MAX_MODAL_TEXT, lines=True),)


def apply_extension(recipe: Recipe, typed: Mapping[str, str]) -> Giro:
    """Return a giro with the stages that were typed, one a line, at its end."""
    giro = _require_giro(recipe)
    for stage in parse_stages(typed.get("stage", "")):
        giro = extend_giro(giro, stage)
    return giro


def _require_giro(recipe: Recipe) -> Giro:
    if not isinstance(recipe, Giro):
        raise LimitError("Only a giro can be extended: it has stages, and another one can follow.")
    return recipe


def _kind_fields(recipe: Animation, say: Language) -> tuple[Field, ...]:
    match recipe:
        case Giro():
            label, value = say("One stage a line: prompt | frames"), format_stages(recipe.stages)
            stages = Field(name="stages", label=label, value=value, most=MAX_MODAL_TEXT, lines=True)
            return (stages, _course_field(recipe, say), _view_field(recipe, say))
        case Morph():
            label, value, loops = say("What turns into what"), " → ".join(recipe.waypoints), _loop_names(say)
            return (
                Field(name="words", label=label, value=value, most=MAX_MODAL_TEXT),
                Field(name="prompt", label=say("The picture around it"), value=recipe.prompt, most=MAX_PROMPT),
                Field(
                    name="frames",
                    label=say("Frames, and how it comes back"),
                    value=f"{recipe.frames}, {loops[recipe.loop]}",
                    placeholder=f"21, {' / '.join(loops.values())}",
                ),
            )
        case Zoom():
            return (
                Field(name="prompt", label=say("What is to be seen"), value=recipe.prompt, most=MAX_PROMPT, lines=True),
                Field(name="frames", label=say("Frames"), value=str(recipe.frames), most=_NUMBER),
                _view_field(recipe, say),
            )


def _parse_kind_values(recipe: Animation, typed: Mapping[str, str], say: Language) -> dict[str, Any]:
    match recipe:
        case Giro():
            return {
                "stages": msgspec.to_builtins(parse_stages(typed.get("stages", ""))),
                **_parse_course(typed.get("course", "")),
                **_parse_view(typed),
            }
        case Morph():
            way, prompt = waypoint_options(typed.get("words", ""), None), typed.get("prompt", "").strip()
            frames, _, loop = typed.get("frames", "").partition(",")
            return {**way, "prompt": prompt, "frames": _parse_frames(frames), "positions": (), **_parse_loop(loop, say)}
        case Zoom():
            prompt = " ".join(typed.get("prompt", "").split())
            return {"prompt": prompt, "frames": _parse_frames(typed.get("frames", "")), **_parse_view(typed)}


def _course_field(recipe: Giro, say: Language) -> Field:
    ends = {True: say("Comes back to the start"), False: say("Ends where it arrives")}
    modes: dict[Mode, str] = {
        "chain": say("each stage grows out of the one before"),
        "parallel": say("each stage opens with a picture of its own"),
    }
    names = {
        (True, "chain"): say("Loop, stage after stage"),
        (False, "chain"): say("Once, stage after stage"),
        (True, "parallel"): say("Loop, stages side by side"),
        (False, "parallel"): say("Once, stages side by side"),
    }
    options = [
        discord.SelectOption(
            value=_course_value(loop, mode), label=names[loop, mode], description=f"{end}; {beginning}"
        )
        for mode, beginning in modes.items()
        for loop, end in ends.items()
    ]
    value = _course_value(recipe.loop, recipe.mode)
    return Field(name="course", label=say("How it goes"), value=value, options=tuple(options))


def _course_value(loop: bool, mode: Mode) -> str:
    return f"{mode} {'loop' if loop else 'once'}"


def _parse_course(chosen: str) -> dict[str, Any]:
    """Parse the course of a giro; a form of an earlier version has no such field."""
    courses = {
        _course_value(loop, mode): {"loop": loop, "mode": mode} for mode in get_args(Mode) for loop in (True, False)
    }
    return courses.get(chosen, {})


def _loop_names(say: Language) -> dict[MorphLoop, str]:
    return {"there and back": say("there and back"), "round": say("round"), "none": say("once")}


def _parse_loop(typed: str, say: Language) -> dict[str, Any]:
    """Parse how a morph comes back, in the member's language or in English; empty leaves it as it is."""
    if not (word := " ".join(typed.split()).casefold()):
        return {}
    names = _loop_names(say)
    for loop, name in names.items():
        if word in {loop, name.casefold()}:
            return {"loop": loop}
    raise RecipeError("A morph comes back {names}, not “{text}”.", names=" / ".join(names.values()), text=word[:40])


def _view_field(recipe: Giro | Zoom, say: Language) -> Field:
    value = f"{format_camera(recipe.camera)} {_TOWARDS} {format_focus(recipe.focus)}"
    return Field(name="camera", label=say("Camera: moves towards auto, or x,y"), value=value, most=MAX_MODAL_TEXT)


def _parse_view(typed: Mapping[str, str]) -> dict[str, Any]:
    """Parse camera moves, “towards”, and a focus; either part may be left out."""
    moves, towards, focus = typed.get("camera", "").partition(_TOWARDS)
    return {
        "camera": msgspec.to_builtins(parse_camera(moves)) if moves.strip() else (),
        "focus": msgspec.to_builtins(parse_focus(focus)) if towards else AUTO,
    }


def _parse_frames(typed: str) -> int:
    text = typed.strip()
    if not re.fullmatch(r"\d{1,9}", text):
        raise RecipeError("The frames are a whole number between 2 and {most}.", most=MAX_FRAMES)
    return int(text)


def _parse_seed(typed: str) -> int:
    text = typed.strip()
    if not text:
        return new_seed()
    if not re.fullmatch(r"\d{1,10}", text):
        raise RecipeError("The seed is a whole number between 0 and {most}.", most=MAX_SEED)
    return int(text)
