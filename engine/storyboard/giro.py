"""The giro: along the road, through one prompt after another."""

from __future__ import annotations

from collections.abc import Iterator

from engine.recipe.recipe import Giro
from engine.recipe.settings import Settings
from engine.storyboard.camera_motion import CameraMotion
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import Shot, frame_seed
from engine.storyboard.stage_schedule import StageSchedule


def shots(recipe: Giro, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of a giro: text-to-image first, then image-to-image of the frame before, one move further."""
    schedule, motion = StageSchedule(recipe, settings), CameraMotion.from_recipe(recipe, settings)
    yield from schedule.key_shots
    for index in range(recipe.frames):
        shot = Shot(
            index=index,
            prompt=schedule.prompt(index),
            start=NoiseStart(),
            steps=settings.steps,
            strength=settings.strength,
            guidance=settings.guidance,
            guidance_rescale=settings.guidance_rescale,
            seed=frame_seed(recipe.seed, index),
            negative=recipe.negative,
            retries=settings.retries,
            goal=schedule.goal(index),
        )
        if index:
            shot = motion.continue_shot(
                shot, schedule.frames_before(index), schedule.approach(index), schedule.colours(index)
            )
        yield shot
