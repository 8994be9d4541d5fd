"""The largest settings that a job may have, whoever chooses more: a member, the model's card or config.toml."""

from __future__ import annotations

import msgspec

from engine.recipe.recipe import Recipe, Variations
from engine.recipe.settings import Overrides
from engine.sentence import Sentence


class Ceiling(msgspec.Struct, frozen=True, kw_only=True):
    """Limits on one job's settings, wherever and whenever they are decided; None is no limit.

    Attributes:
        size: longest side of a frame in pixels, a multiple of 8.
        steps: denoising steps of a frame that starts from noise.
    """

    size: int | None = None
    steps: int | None = None


NO_CEILING = Ceiling()


class ClampedSettings(msgspec.Struct, frozen=True):
    """A recipe under a ceiling, and a note for its owner on each setting that is lower than it was."""

    recipe: Recipe
    notes: tuple[Sentence, ...] = ()


def clamp_settings(recipe: Recipe, ceiling: Ceiling) -> ClampedSettings:
    """Bring the settings that are written into a recipe under a ceiling; those that are left open stay open."""
    if isinstance(recipe, Variations):  # or the one that is picked could not be rendered
        lowered = clamp_settings(recipe.of, ceiling)
        return ClampedSettings(msgspec.structs.replace(recipe, of=lowered.recipe), lowered.notes)
    settings, notes = _lower_settings(recipe.settings, ceiling)
    return ClampedSettings(msgspec.structs.replace(recipe, settings=settings), notes)


def _lower_settings(overrides: Overrides, ceiling: Ceiling) -> tuple[Overrides, tuple[Sentence, ...]]:
    notes: list[Sentence] = []
    changes: dict[str, int] = {}
    if isinstance(overrides.size, int) and ceiling.size is not None and overrides.size > ceiling.size:
        changes["size"] = ceiling.size
        text = "Frames of {size} pixels were asked for; at most {limit} are allowed here."
        notes.append(Sentence(text, {"size": overrides.size, "limit": ceiling.size}))
    if isinstance(overrides.steps, int) and ceiling.steps is not None and overrides.steps > ceiling.steps:
        changes["steps"] = ceiling.steps
        text = "{steps} denoising steps a frame were asked for; at most {limit} are allowed here."
        notes.append(Sentence(text, {"steps": overrides.steps, "limit": ceiling.steps}))
    return msgspec.structs.replace(overrides, **changes), tuple(notes)
