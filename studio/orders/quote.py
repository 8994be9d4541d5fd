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
    return plan.unet_calls * plan_settings(plan).size ** 2 / _PIXELS


def work_of_recipe(recipe: Recipe, settings: Settings) -> float:
    """Return how much work a recipe is of which there is no plan yet; this lays out its storyboard."""
    return build_storyboard(recipe, settings).unet_calls * settings.size**2 / _PIXELS


def plan_settings(plan: Plan) -> Settings:
    """Return the settings of a plan, all of which are written into its recipe."""
    return Settings.layered([plan.recipe.settings])
