"""A frame is the same alone and among others.

At a fixed batch width, on a CPU, to the last bit. At another width the order of additions inside the UNet differs, and
with it the last digits: the tolerance is stated below.
"""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest

from engine.backend import Picture
from engine.diffusion.model import DiffusionModel
from engine.diffusion.sampling.lane import DiffusionLane
from engine.recipe.recipe import Giro, Morph, Stage
from engine.recipe.settings import SchedulerName, Settings
from engine.storyboard import giro, morph
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import FeedbackStart, Shot
from tests.embedded import denoise_round, embedded_model, make_shot, numpy_deprecation, request

pytestmark = numpy_deprecation

SIZE = 64
WIDTH = 4
FREE_WIDTH_TOLERANCE = 2
"""Levels of 255 by which a pixel of one frame may differ at another batch width."""


def giro_shots() -> list[Shot]:
    """Four frames that move, re-noise, and blend the first frame back in."""
    recipe = Giro(seed=3, stages=(Stage("a road by the sea", 2), Stage("an avenue in autumn", 2)))
    return list(giro.shots(recipe, Settings(size=SIZE, steps=4, strength=0.5, guidance=3.0, zoom=1.02)))


def morph_shots() -> list[Shot]:
    """Four frames of the seed's own morph, each from the one before; those of the usual one depend on no other."""
    recipe = Morph(seed=3, source="skunk", target="puppy", frames=4)
    return list(morph.shots(recipe, Settings(size=SIZE, steps=4, strength=0.5, guidance=1.0, morphing="feedback")))


class Company:
    """Strangers who come and go: other prompts, samplers, guidance and lengths, a few of them at any time."""

    NAMES: tuple[SchedulerName, ...] = ("euler", "dpm++2m", "lcm", "lms", "ddim")

    def __init__(self, model: DiffusionModel) -> None:
        self._model = model
        self._names = cycle(self.NAMES)
        self._lanes: list[DiffusionLane] = []
        self._count = 0

    def join(self) -> list[DiffusionLane]:
        """Return the strangers present in the next call, at most three, letting a new one in every other time."""
        self._lanes = [lane for lane in self._lanes if lane.steps_left]
        self._count += 1
        if len(self._lanes) < WIDTH - 1 and self._count % 2:
            self._lanes += self._model.open([self._next_request()])
        return self._lanes

    def _next_request(self):
        start = FeedbackStart(0) if self._count % 3 else NoiseStart()
        shot = make_shot(
            start, prompt="a frog", steps=3 + self._count % 4, strength=0.8, guidance=3.0, seed=self._count
        )
        picture = np.full((SIZE, SIZE, 3), 40 * self._count % 256, np.uint8)
        return request(shot, scheduler=next(self._names), size=SIZE, sources={0: picture})


def render_chain(
    shots: list[Shot], scheduler: SchedulerName, *, width: int, company: Company | None = None
) -> list[Picture]:
    """Render frames that start from one another, with strangers in every slot but one if there is company."""
    model = embedded_model()
    pictures: dict[int, Picture] = {}
    for shot in shots:
        (lane,) = model.open([request(shot, scheduler=scheduler, size=SIZE, sources=pictures)])
        while lane.steps_left:
            strangers = company.join() if company else []
            slot = shot.index % (len(strangers) + 1)
            denoise_round(model, [*strangers[:slot], lane, *strangers[slot:]], width)
        through = [lane, *(stranger for stranger in (company.join() if company else []) if not stranger.steps_left)]
        pictures[shot.index] = model.decode(through)[0].picture()
    return list(pictures.values())


@pytest.mark.parametrize("scheduler", ["ddim", "lms", "lcm"])
def test_a_guided_chain_is_the_same_to_the_last_bit(scheduler):
    alone = render_chain(giro_shots(), scheduler, width=WIDTH)
    among_others = render_chain(giro_shots(), scheduler, width=WIDTH, company=Company(embedded_model()))

    assert all(np.array_equal(a, b) for a, b in zip(alone, among_others, strict=True))


def test_an_unguided_chain_among_guided_strangers_is_the_same_to_the_last_bit():
    alone = render_chain(morph_shots(), "euler", width=WIDTH)
    among_others = render_chain(morph_shots(), "euler", width=WIDTH, company=Company(embedded_model()))

    assert all(np.array_equal(a, b) for a, b in zip(alone, among_others, strict=True))


@pytest.mark.parametrize("width", [1, 2, 3])
def test_at_another_width_a_frame_differs_by_no_more_than_the_tolerance(width):
    shot = giro_shots()[0]

    (wide,) = render_chain([shot], "ddim", width=WIDTH)
    (narrow,) = render_chain([shot], "ddim", width=width)

    assert np.abs(wide.astype(int) - narrow.astype(int)).max() <= FREE_WIDTH_TOLERANCE


def test_frames_started_together_are_the_frames_started_one_by_one():
    model = embedded_model()
    picture = np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    requests = [
        request(make_shot(FeedbackStart(0), seed=seed), size=size, sources={0: picture[:size, :size]})
        for seed, size in ((1, SIZE), (2, SIZE - 8), (3, SIZE))
    ]

    together = model.open(requests)
    one_by_one = [model.open([single])[0] for single in requests]

    for a, b in zip(together, one_by_one, strict=True):
        assert np.array_equal(a.latents.numpy(), b.latents.numpy())
