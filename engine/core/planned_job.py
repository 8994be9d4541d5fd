"""A job that waits: its plan, and what earlier attempts or other jobs have left for it on disk."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable, Iterator
from typing import Final

import msgspec

from engine.frames.frame_store import JobFrames
from engine.protocol.messages import Job, Plan
from engine.recipe.recipe import Recipe
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.shot import count_shown
from engine.storyboard.shot_graph import find_inherited_frames
from engine.storyboard.storyboard import Storyboard

STORYBOARDS_KEPT: Final = 8
"""A storyboard is needed when its job is checked, added and begun, and by jobs that continue it."""
PORTION: Final = 8
"""Frames that are verified before other jobs have their turn on the thread."""


@functools.lru_cache(maxsize=STORYBOARDS_KEPT)
def lay_out(recipe: Recipe) -> Storyboard:
    """Return the storyboard of a recipe that has every setting written down."""
    return build_storyboard(recipe, Settings.from_layers([recipe.settings]))


class PlannedJob(msgspec.Struct, frozen=True):
    """A job in the queue: little more than its recipe.

    Attributes:
        frames_found: how many displayed frames are on disk already.
        calls_left: denoising steps still to go.
    """

    job: Job
    plan: Plan
    frames: JobFrames
    frames_found: int
    calls_left: int

    def prepare(self, base: JobFrames | None) -> Generator[None, None, PlannedJob]:
        """Verify the frames on disk, or take over those of `base`, with a `yield` after every few milliseconds of it.

        Returns the job as it may be admitted; raises OSError.
        """
        plan, frames = self.plan, self.frames
        if (begun := frames.open(plan)) is None:
            taken: frozenset[int] = frozenset()
            if base is not None:
                for some in _split(find_inheritable_frames(plan, base)):
                    taken |= frames.take_over(some, base)
                    yield
            plan = without_frames(plan, taken)
            frames.begin(plan)
        else:
            plan = begun
            for some in _split(frames.indices()):
                frames.verify(some)
                yield
        found = frames.indices()
        left = sum(shot.unet_calls for shot in lay_out(plan.recipe).shots if shot.index not in found)
        return PlannedJob(self.job, plan, frames, count_shown(found), left)


def _split(indices: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(indices)
    return (ordered[start : start + PORTION] for start in range(0, len(ordered), PORTION))


def find_inheritable_frames(plan: Plan, base: JobFrames) -> frozenset[int]:
    """Return the frames of `plan` that `base` holds."""
    theirs = base.plan
    if theirs is None or theirs.model != plan.model:
        return frozenset()
    return find_inherited_frames(lay_out(plan.recipe), lay_out(theirs.recipe), base.indices())


def without_frames(plan: Plan, taken: frozenset[int]) -> Plan:
    """Return the plan of a whole animation, less the frames that were taken over."""
    spared = sum(shot.unet_calls for shot in lay_out(plan.recipe).shots if shot.index in taken)
    return msgspec.structs.replace(plan, unet_calls=plan.unet_calls - spared, inherited=count_shown(taken))
