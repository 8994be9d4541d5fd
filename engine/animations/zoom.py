"""The zoom: one prompt, ever closer to one point, and back to the first frame."""

from __future__ import annotations

from collections.abc import Iterator

from engine.animations.loop import LoopClosure
from engine.animations.travel import Look, Travel
from engine.recipe import Zoom
from engine.settings import Settings
from engine.storyboard import Anchor, Noise, Shot, Text, frame_seed


def shots(recipe: Zoom, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of an endless zoom that loops."""
    closure, travel = LoopClosure(recipe.frames), Travel.of(recipe, settings)
    held = Anchor(0, settings.colour_anchor, settings.layout_anchor)
    look = Look((held,) if held.weight > 0 or held.layout > 0 else ())
    for index in range(recipe.frames):
        shot = Shot(
            index=index,
            prompt=Text.of(recipe.prompt),
            start=Noise(),
            steps=settings.steps,
            strength=settings.strength,
            guidance=settings.guidance,
            guidance_rescale=settings.guidance_rescale,
            seed=frame_seed(recipe.seed, index),
            negative=recipe.negative,
            retries=settings.retries,
        )
        yield travel.follow(shot, range(index), closure.approach(index), look) if index else shot
