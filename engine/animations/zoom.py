"""The zoom: one prompt, ever closer to one point, and back to the first frame."""

from __future__ import annotations

from collections.abc import Iterator

from engine.animations.loop import LoopClosure
from engine.recipe import Zoom
from engine.settings import Settings
from engine.storyboard import Camera, Feedback, Noise, Shot, Text, frame_seed


def shots(recipe: Zoom, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of an endless zoom that loops."""
    closure = LoopClosure(recipe.frames)
    camera = Camera(zoom=settings.zoom, focus_x=recipe.focus.x, focus_y=recipe.focus.y)
    for index in range(recipe.frames):
        yield Shot(
            index=index,
            prompt=Text.of(recipe.prompt),
            start=Feedback(index - 1, camera, closure.blend(index)) if index else Noise(),
            steps=settings.steps,
            strength=settings.strength,
            guidance=settings.guidance,
            seed=frame_seed(recipe.seed, index),
        )
