"""The giro: along the road, through one prompt after another."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from engine.recipe.recipe import Giro
from engine.recipe.settings import Settings
from engine.storyboard.camera_motion import CameraMotion
from engine.storyboard.shot import Shot, frame_seed, noise_shot
from engine.storyboard.stage_schedule import StageSchedule


def shots(recipe: Giro, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of a giro: text-to-image first, then image-to-image of the frame before, one move further."""
    schedule, motion = StageSchedule(recipe, settings), CameraMotion.from_recipe(recipe, settings)
    yield from schedule.key_shots
    for index in range(recipe.frames):
        shot = noise_shot(index, schedule.prompt(index), settings, frame_seed(recipe.seed, index), recipe.negative)
        shot = msgspec.structs.replace(shot, goal=schedule.goal(index))
        if index:
            past, approach = schedule.frames_before(index), schedule.approach(index)
            shot = motion.continue_shot(shot, past, approach, schedule.colours(index))
        yield shot
