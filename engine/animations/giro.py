"""The giro: forward along the road, through one prompt after another."""

from __future__ import annotations

from collections.abc import Iterator

from engine.animations.loop import LoopClosure
from engine.recipe import Giro
from engine.settings import Settings
from engine.storyboard import Camera, Feedback, Noise, Shot, Text, frame_seed


def shots(recipe: Giro, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of a giro: text-to-image first, then image-to-image of the frame before, a little closer."""
    prompts = [stage.prompt for stage in recipe.stages for _ in range(stage.frames)]
    closure = LoopClosure(recipe.frames if recipe.loop else 0)
    camera = Camera(zoom=settings.zoom, focus_x=recipe.focus.x, focus_y=recipe.focus.y)
    for index, prompt in enumerate(prompts):
        yield Shot(
            index=index,
            prompt=Text.between(prompt, prompts[0], closure.weight(index)),
            start=Feedback(index - 1, camera, closure.blend(index)) if index else Noise(),
            steps=settings.steps,
            strength=settings.strength,
            guidance=settings.guidance,
            seed=frame_seed(recipe.seed, index),
        )
