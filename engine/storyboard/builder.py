"""From a recipe to its storyboard: one pure module for each kind of animation."""

from __future__ import annotations

from engine.recipe.recipe import Giro, Morph, Recipe, Variations, Zoom
from engine.recipe.settings import Settings
from engine.storyboard import giro, morph, variations, zoom
from engine.storyboard.storyboard import Storyboard


def build_storyboard(recipe: Recipe, settings: Settings) -> Storyboard:
    """Lay out all shots of `recipe`; the same arguments always give the same storyboard."""
    match recipe:
        case Giro():
            shots = giro.shots(recipe, settings)
        case Morph():
            shots = morph.shots(recipe, settings)
        case Zoom():
            shots = zoom.shots(recipe, settings)
        case Variations():
            shots = variations.shots(recipe, settings)
    return Storyboard(
        shots=tuple(shots),
        width=settings.size,
        height=settings.size,
        scheduler=settings.scheduler,
        frame_ms=settings.frame_ms,
        boomerang=isinstance(recipe, Morph) and recipe.effective_loop == "there and back",
    )
