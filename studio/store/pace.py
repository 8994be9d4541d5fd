"""How fast a model renders, measured from finished renders."""

from __future__ import annotations

import msgspec

from engine.protocol.messages import Report

STARTING_PACE = 1.0
"""Seconds for a denoising step of a megapixel, everything else of a frame included, before anything was measured.

A small GPU takes about two, a large one a twentieth.
"""


_KEPT = 0.8
"""Share of what was measured before that still counts beside each new render."""


_NOT_THE_ENGINES = ("gif",)
"""Phases of a render that keep no other job from the accelerator."""


class ModelPace(msgspec.Struct, frozen=True):
    """How fast one model renders: so many seconds for so much work, a step of a megapixel being 1."""

    seconds: float = 0.0
    work: float = 0.0

    @property
    def seconds_per_work(self) -> float:
        """What one denoising step of a megapixel takes."""
        return self.seconds / self.work if self.work > 0 else STARTING_PACE

    def after(self, report: Report, work: float) -> ModelPace:
        """Return the pace with one more render taken in; it has to have been rendered from its first frame.

        Args:
            report: what the engine says of it.
            work: what `work_of` says of its recipe.
        """
        seconds = sum(spent for phase, spent in report.seconds_by_phase.items() if phase not in _NOT_THE_ENGINES)
        if seconds <= 0 or work <= 0:
            return self
        return ModelPace(self.seconds * _KEPT + seconds, self.work * _KEPT + work)
