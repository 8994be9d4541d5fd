"""The drawings that model and judge have learnt from, as if they were a method: the judge's own limit."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from benchmarks.quality.film import Method
from benchmarks.quality.subject import STAGES, ZOOM, Expected, Subject
from engine.frames.frame_store import JobFrames
from engine.vision.perception import Pixels
from training.drawing.facts import sample
from training.drawing.picture import Picture

FIRST_SEED: Final = 9_000_000
"""Of drawings that nothing was trained on."""
VERSION: Final = 1


class Drawings(Method):
    """No model and no animation: some drawings of what each stage names, all else as chance has it."""

    name = title = "drawings"
    each = 8

    def essence(self, subject: Subject) -> bytes:
        return msgspec.json.encode([VERSION, subject.kind, subject.seed, subject.frames, _expected(subject)])

    def make(self, subject: Subject, index: int, folder: JobFrames) -> Pixels:
        """Draw facts as the training has them, the first that are as expected."""
        stage = list(dict.fromkeys(subject.prompts)).index(subject.scenery[index])
        rng = np.random.default_rng([FIRST_SEED, subject.seed, stage, index % self.each])
        facts = sample(rng)
        while any(getattr(facts, name) != value for name, value in _expected(subject)[stage].items()):
            facts = sample(rng)
        return np.asarray(Picture.of(facts, rng).image)


def _expected(subject: Subject) -> tuple[Expected, ...]:
    """Return what each stage of a giro names, or a zoom."""
    return STAGES if subject.kind == "giro" else (ZOOM,)
