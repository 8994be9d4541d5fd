"""What was asked for, brought within the limits where that is possible; what was changed is told to the member."""

from __future__ import annotations

import msgspec

from engine.errors import LimitError
from engine.recipe.edits import without_measurements
from engine.recipe.recipe import Animation, Giro, Recipe, Variations
from engine.recipe.settings import Overrides, Settings
from engine.recipe.stages import spread_frames
from engine.sentence import Sentence
from studio.config.config import LimitsConfig

_SIZE_UNIT = 8
"""Sides of frames are multiples of so many pixels."""

_MIN_FRAMES = 2
"""An animation of one thing that changes has at least a first and a last frame."""


class ClampedRecipe(msgspec.Struct, frozen=True):
    """A recipe within the limits, and a note on each value that is not what was asked for."""

    recipe: Recipe
    notes: tuple[Sentence, ...] = ()


def clamp_recipe(recipe: Recipe, limits: LimitsConfig, settings: Settings | None = None) -> ClampedRecipe:
    """Bring frames, size and steps within the limits; the frames of a giro shrink in step over all its stages.

    Args:
        recipe: as it was asked for.
        limits: what is allowed.
        settings: what the recipe comes to with everything decided, if that is known; without it only the recipe's own
            wishes can be held to the limits.

    Raises:
        LimitError: it has too many stages, or cannot be made as short as it would have to be.
    """
    if isinstance(recipe, Variations):  # or the one that is picked could not be rendered
        clamped = _clamp_animation(recipe.of, limits, settings)
        return ClampedRecipe(msgspec.structs.replace(recipe, of=clamped.recipe), clamped.notes)
    return _clamp_animation(recipe, limits, settings)


def _clamp_animation(recipe: Animation, limits: LimitsConfig, settings: Settings | None) -> ClampedRecipe:
    shorter, notes = _clamp_frames(recipe, limits)
    wishes, more = _clamp_settings(shorter.settings, limits, settings)
    return ClampedRecipe(msgspec.structs.replace(shorter, settings=wishes), (*notes, *more))


def _clamp_frames(recipe: Animation, limits: LimitsConfig) -> tuple[Animation, tuple[Sentence, ...]]:
    if isinstance(recipe, Giro) and len(recipe.stages) > limits.stages:
        raise LimitError(
            "There are {stages} stages; at most {limit} are allowed here, so leave some out.",
            stages=len(recipe.stages),
            limit=limits.stages,
        )
    if recipe.frames <= limits.frames:
        return recipe, ()
    note = Sentence(
        "{frames} frames were asked for; at most {limit} are allowed here.",
        {"frames": recipe.frames, "limit": limits.frames},
    )
    if isinstance(recipe, Giro):
        return msgspec.structs.replace(recipe, stages=spread_frames(recipe.stages, limits.frames)), (note,)
    if limits.frames < _MIN_FRAMES:
        raise LimitError("Only giros are possible here, for no more than a single frame is allowed.")
    return msgspec.structs.replace(without_measurements(recipe), frames=limits.frames), (note,)


def _clamp_settings(
    wishes: Overrides, limits: LimitsConfig, settings: Settings | None
) -> tuple[Overrides, tuple[Sentence, ...]]:
    size = settings.size if settings else wishes.size
    steps = settings.steps if settings else wishes.steps
    notes: list[Sentence] = []
    changes: dict[str, int] = {}
    most = limits.size // _SIZE_UNIT * _SIZE_UNIT
    if isinstance(size, int) and size > most:
        changes["size"] = most
        text = "Frames of {size} pixels were asked for; at most {limit} are allowed here."
        notes.append(Sentence(text, {"size": size, "limit": most}))
    if isinstance(steps, int) and steps > limits.steps:
        changes["steps"] = limits.steps
        text = "{steps} denoising steps a frame were asked for; at most {limit} are allowed here."
        notes.append(Sentence(text, {"steps": steps, "limit": limits.steps}))
    return msgspec.structs.replace(wishes, **changes), tuple(notes)
