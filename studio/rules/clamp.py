"""Reduces what was asked for to the limits where possible, and notes for the member what was changed."""

from __future__ import annotations

import msgspec

from engine.errors import LimitError
from engine.recipe.ceiling import Ceiling, clamp_settings
from engine.recipe.edits import without_measurements
from engine.recipe.recipe import Animation, Giro, Recipe, Variations
from engine.recipe.stages import spread_frames
from engine.sentence import Sentence
from studio.config.config import LimitsConfig

_SIZE_UNIT = 8
"""The sides of a frame are multiples of this many pixels."""

_MIN_FRAMES = 2
"""Morphs and zooms need a first and a last frame."""


class ClampedRecipe(msgspec.Struct, frozen=True):
    """A recipe within the limits, and a note on each value that is not what was asked for."""

    recipe: Recipe
    notes: tuple[Sentence, ...] = ()


def ceiling_of(limits: LimitsConfig) -> Ceiling:
    """Return the limits on a single frame, as the engine is told of them."""
    return Ceiling(size=limits.size // _SIZE_UNIT * _SIZE_UNIT, steps=limits.steps)


def clamp_recipe(recipe: Recipe, limits: LimitsConfig) -> ClampedRecipe:
    """Bring frames, size and steps within the limits; the frames of a giro shrink in step over all its stages.

    What the recipe leaves open the engine decides, under the same ceiling.

    Raises:
        LimitError: it has too many stages, or cannot be made as short as it would have to be.
    """
    lowered = clamp_settings(recipe, ceiling_of(limits))
    if isinstance(lowered.recipe, Variations):  # or the one that is picked could not be rendered
        shorter, notes = _clamp_frames(lowered.recipe.of, limits)
        return ClampedRecipe(msgspec.structs.replace(lowered.recipe, of=shorter), (*notes, *lowered.notes))
    shorter, notes = _clamp_frames(lowered.recipe, limits)
    return ClampedRecipe(shorter, (*notes, *lowered.notes))


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
