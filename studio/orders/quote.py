"""What a recipe will cost, in seconds of the engine's time: known before a render starts.

The cost is what the storyboard says it is, denoising steps times picture area; how many seconds that takes is measured
from each finished render, per model, and the latest renders count most.
"""

from __future__ import annotations

from engine.recipe.recipe import Recipe
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from studio.store.pace import ModelPace

_PIXELS = 1_000_000


def work_of(recipe: Recipe, settings: Settings) -> float:
    """Return how much work a recipe is: denoising steps times megapixels of a frame."""
    return work_of_calls(build_storyboard(recipe, settings).unet_calls, settings)


def work_of_calls(unet_calls: int, settings: Settings) -> float:
    """Return how much work so many denoising steps are."""
    return unet_calls * settings.size**2 / _PIXELS


def quote_seconds(recipe: Recipe, settings: Settings, pace: ModelPace) -> float:
    """Return how many seconds of the engine's time a recipe will take."""
    return work_of(recipe, settings) * pace.seconds_per_work
