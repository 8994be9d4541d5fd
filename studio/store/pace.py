"""How fast a model renders, measured from finished renders."""

from __future__ import annotations

import msgspec

from engine.protocol.messages import Report

STARTING_PACE = 1.0
"""Seconds for a denoising step of a megapixel, everything else of a frame included, before anything was measured.

A small GPU takes about two, a large one a twentieth.
"""

DECAY = 0.8
"""Weight of everything measured before each new render: the latest renders count most."""

_IN_PARALLEL = ("gif",)
"""Phases of a render that do not keep other jobs from the accelerator."""


class ModelPace(msgspec.Struct, frozen=True):
    """A model's measured pace: total seconds, and total work in denoising steps times megapixels."""

    seconds: float = 0.0
    work: float = 0.0

    @property
    def seconds_per_work(self) -> float:
        """What one denoising step of a megapixel takes."""
        return self.seconds / self.work if self.work > 0 else STARTING_PACE


def engine_seconds(report: Report) -> float:
    """Return for how long a render has kept other jobs from the accelerator."""
    return sum(seconds for phase, seconds in report.seconds_by_phase.items() if phase not in _IN_PARALLEL)
