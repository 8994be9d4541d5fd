"""How much work a recipe is, known before a render starts: denoising steps times megapixels of a frame.

How many seconds that takes is measured per model from finished renders; see `studio.store.pace`.
"""

from __future__ import annotations

from engine.protocol.messages import Plan
from engine.recipe.recipe import Recipe
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard

_PIXELS = 1_000_000


def work_of_plan(plan: Plan) -> float:
    """Return how much work is left of a plan, as the engine has counted it."""
    return _work(plan.unet_calls, _written_settings(plan.recipe))


def work_of_recipe(recipe: Recipe) -> float:
    """Return how much work a recipe is that has no plan yet, its settings written down; this lays out a storyboard."""
    settings = _written_settings(recipe)
    return _work(build_storyboard(recipe, settings).unet_calls, settings)


def _written_settings(recipe: Recipe) -> Settings:
    return Settings.from_layers([recipe.settings])


def _work(unet_calls: int, settings: Settings) -> float:
    return unet_calls * settings.size**2 / _PIXELS
