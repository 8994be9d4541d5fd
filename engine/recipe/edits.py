"""From one recipe to another: what members do with what they have made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import msgspec

from engine.errors import RecipeError
from engine.recipe.keyframe import extend_track
from engine.recipe.recipe import Animation, Giro, Morph, Recipe, Stage, Variations, Zoom, from_plain
from engine.recipe.settings import Overrides
from engine.recipe.style import Style
from engine.recipe.survey_result import SurveyResult

_AnyRecipe = TypeVar("_AnyRecipe", bound=Recipe)


def extend_giro(giro: Giro, stage: Stage) -> Giro:
    """Return a giro with one more stage; in the others the camera moves as before. RecipeError if it gets too long."""
    camera = extend_track(giro.camera, loops=giro.loop, share=giro.frames / (giro.frames + stage.frames))
    return _replace_checked(giro, stages=(*giro.stages, stage), camera=camera)


def make_variations(recipe: Recipe, new_seeds: Sequence[int]) -> Variations:
    """Return the contact sheet of an animation for four seeds; of a contact sheet, another of the same animation."""
    of = recipe.of if isinstance(recipe, Variations) else recipe
    return _replace_checked(Variations(of=of, seeds=()), seeds=tuple(new_seeds))


def pick_variation(sheet: Variations, number: int) -> Animation:
    """Return the animation whose stills bear `number`, from 1; RecipeError if the sheet has no such number."""
    return with_seed(sheet.of, _pick_seed(sheet.seeds, number))


def with_survey_result(recipe: Recipe, survey: SurveyResult | None) -> Recipe:
    """Return a rendered recipe with the seed that was chosen and the positions that were measured."""
    if not isinstance(recipe, Morph) or survey is None:
        return recipe
    return msgspec.structs.replace(recipe, seed=survey.seeds[0], tries=1, positions=survey.positions)


def pick_try(recipe: Recipe, survey: SurveyResult | None, number: int) -> Morph:
    """Return the morph of another seed that was tried, from 1, the rendered one; RecipeError if there is no such."""
    seed = _pick_seed(survey.seeds if isinstance(recipe, Morph) and survey is not None else (), number)
    return msgspec.structs.replace(cast("Morph", recipe), seed=seed, tries=1, positions=())


def with_seed(recipe: Animation, seed: int) -> Animation:
    """Return a recipe with another seed and nothing measured."""
    return msgspec.structs.replace(without_measurements(recipe), seed=seed)


def without_measurements(recipe: _AnyRecipe) -> _AnyRecipe:
    """Return a recipe without its measurements, which hold for one seed, prompt and model only."""
    return msgspec.structs.replace(recipe, positions=()) if isinstance(recipe, Morph) else recipe


def without_settings(recipe: Recipe) -> Recipe:
    """Return a recipe that leaves its settings to the model that renders it."""
    if isinstance(recipe, Variations):
        return msgspec.structs.replace(recipe, of=without_settings(recipe.of))
    return msgspec.structs.replace(without_measurements(recipe), settings=Overrides())


def with_style(recipe: Recipe, style: Style) -> Recipe:
    """Return a recipe with a style's words after its prompts and its negative prompt, unless they are there already.

    Raises RecipeError if one gets too long.
    """
    if isinstance(recipe, Variations):
        return msgspec.structs.replace(recipe, of=with_style(recipe.of, style))
    negative = _append_words(recipe.negative, style.negative)
    match recipe:
        case Giro(stages=stages):
            styled = tuple(Stage(_append_words(stage.prompt, style.suffix), stage.frames) for stage in stages)
            return _replace_checked(recipe, stages=styled, negative=negative)
        case Morph() | Zoom():
            prompt = _append_words(recipe.prompt, style.suffix)
            return _replace_checked(without_measurements(recipe), prompt=prompt, negative=negative)


def _pick_seed(seeds: Sequence[int], number: int) -> int:
    if not 1 <= number <= len(seeds):
        raise RecipeError(
            "The contact sheet shows 1 to {count}; there is no {number}.", count=len(seeds), number=number
        )
    return seeds[number - 1]


def _append_words(words: str, more: str) -> str:
    if words == more or words.endswith(f", {more}"):
        return words
    return ", ".join(filter(None, (words, more)))


def _replace_checked(recipe: _AnyRecipe, **changes: Any) -> _AnyRecipe:
    plain = msgspec.to_builtins(recipe) | {name: msgspec.to_builtins(value) for name, value in changes.items()}
    return cast("_AnyRecipe", from_plain(plain))
