"""The zoom: one prompt, ever closer to one point, and back to the first frame."""

from __future__ import annotations

from collections.abc import Iterator

from engine.recipe.recipe import Zoom
from engine.recipe.settings import Settings
from engine.storyboard.camera_motion import CameraMotion, ColourTargets
from engine.storyboard.loop_closure import LoopClosure
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import Anchor, Shot, frame_seed


def shots(recipe: Zoom, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of an endless zoom that loops."""
    closure, motion = LoopClosure(recipe.frames), CameraMotion.from_recipe(recipe, settings)
    held = Anchor(0, settings.colour_anchor, settings.layout_anchor)
    colours = ColourTargets((held,) if held.weight > 0 or held.layout > 0 else ())
    for index in range(recipe.frames):
        shot = Shot(
            index=index,
            prompt=PromptMix.of(recipe.prompt),
            start=NoiseStart(),
            steps=settings.steps,
            strength=settings.strength,
            guidance=settings.guidance,
            guidance_rescale=settings.guidance_rescale,
            seed=frame_seed(recipe.seed, index),
            negative=recipe.negative,
            retries=settings.retries,
        )
        yield motion.continue_shot(shot, range(index), closure.approach(index), colours) if index else shot
