"""The zoom: one prompt, ever closer to one point, and back to the first frame."""

from __future__ import annotations

from collections.abc import Iterator

from engine.recipe.recipe import Zoom
from engine.recipe.settings import Settings
from engine.storyboard.camera_motion import CameraMotion, ColourTargets
from engine.storyboard.loop_closure import LoopClosure
from engine.storyboard.morph_path import PromptMix
from engine.storyboard.shot import Anchor, Shot, frame_seed, noise_shot


def shots(recipe: Zoom, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of an endless zoom that loops."""
    closure, motion = LoopClosure(recipe.frames), CameraMotion.from_recipe(recipe, settings)
    anchor = Anchor(0, settings.colour_anchor, settings.layout_anchor)
    colours = ColourTargets((anchor,) if anchor.weight > 0 or anchor.layout > 0 else ())
    prompt = PromptMix.of(recipe.prompt)
    for index in range(recipe.frames):
        shot = noise_shot(index, prompt, settings, frame_seed(recipe.seed, index), recipe.negative)
        yield motion.continue_shot(shot, range(index), closure.approach(index), colours) if index else shot
