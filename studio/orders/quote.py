"""What a recipe will cost, in seconds of the engine's time: known before a render starts.

The cost is what the storyboard says it is, denoising steps times picture area; how many seconds that takes is measured
from each finished render, per model, and the latest renders count most.
"""

from __future__ import annotations

import msgspec

from engine.protocol.messages import Report
from engine.recipe.recipe import Recipe
from engine.recipe.settings import Settings
from engine.storyboard.builder import storyboard

STARTING_PACE = 1.0
"""Seconds for a denoising step of a megapixel, everything else of a frame included, before anything was measured.

A small GPU takes about two, a large one a twentieth.
"""

_KEPT = 0.8
"""Share of what was measured before that still counts beside each new render."""

_PIXELS = 1_000_000

_NOT_THE_ENGINES = ("gif",)
"""Phases of a render that keep no other job from the accelerator."""


class Pace(msgspec.Struct, frozen=True):
    """How fast one model renders: so many seconds for so much work, a step of a megapixel being 1."""

    seconds: float = 0.0
    work: float = 0.0

    @property
    def seconds_per_work(self) -> float:
        """What one denoising step of a megapixel takes."""
        return self.seconds / self.work if self.work > 0 else STARTING_PACE

    def after(self, report: Report, work: float) -> Pace:
        """Return the pace with one more render taken in; it has to have been rendered from its first frame.

        Args:
            report: what the engine says of it.
            work: what `work_of` says of its recipe.
        """
        seconds = sum(spent for phase, spent in report.seconds_by_phase.items() if phase not in _NOT_THE_ENGINES)
        if seconds <= 0 or work <= 0:
            return self
        return Pace(self.seconds * _KEPT + seconds, self.work * _KEPT + work)


def work_of(recipe: Recipe, settings: Settings) -> float:
    """Return how much work a recipe is: denoising steps times megapixels of a frame."""
    return work(storyboard(recipe, settings).unet_calls, settings)


def work(unet_calls: int, settings: Settings) -> float:
    """Return how much work so many denoising steps are."""
    return unet_calls * settings.size**2 / _PIXELS


def quote(recipe: Recipe, settings: Settings, pace: Pace) -> float:
    """Return how many seconds of the engine's time a recipe will take."""
    return work_of(recipe, settings) * pace.seconds_per_work
