"""The drawings that model and judge have learnt from, as if they were a method: the judge's own limit."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from benchmarks.quality.subject import STAGES, ZOOM, Expected, Subject
from engine.frames.frame_store import JobFrames
from engine.storyboard.shot import Camera
from engine.vision.perception import Pixels
from training.drawing.facts import Facts, sample
from training.drawing.picture import Picture

EACH: Final = 8
"""Drawings of each stage."""
FIRST_SEED: Final = 9_000_000
"""Of drawings that nothing was trained on."""


@dataclass(frozen=True)
class Drawings:
    """No model and no animation: some drawings of what each stage names, all else as chance has it."""

    name: str = "drawings"
    title: str = "drawings"
    version: int = 1

    def essence(self, subject: Subject) -> bytes:
        """Return what is drawn; see `Method.essence`."""
        return msgspec.json.encode([self.version, subject.kind, subject.seed, subject.frames, _wanted(subject)])

    def cameras(self, subject: Subject, folder: JobFrames) -> Sequence[Camera | None]:
        """Return nothing; see `Method.cameras`."""
        return [None] * subject.frames

    def render(self, subject: Subject, folder: JobFrames) -> Iterator[int]:
        """Draw; see `Method.render`."""
        folder.path.mkdir(parents=True, exist_ok=True)
        order, there = list(dict.fromkeys(subject.prompts)), folder.frames()

        @functools.cache
        def draw(stage: int, number: int) -> Pixels:
            rng = np.random.default_rng([FIRST_SEED, subject.seed, stage, number])
            return np.asarray(Picture.of(_facts(_wanted(subject)[stage], rng), rng).image)

        for index, prompt in enumerate(subject.scenery):
            if index not in there:
                folder.save(index, draw(order.index(prompt), index % EACH))
            yield index + 1


def _wanted(subject: Subject) -> tuple[Expected, ...]:
    """Return what each stage of a giro names, or a zoom."""
    return STAGES if subject.kind == "giro" else (ZOOM,)


def _facts(expected: Expected, rng: np.random.Generator) -> Facts:
    """Return facts as the training has them, among those that are as expected."""
    while True:
        facts = sample(rng)
        if all(getattr(facts, name) == value for name, value in expected.items()):
            return facts
