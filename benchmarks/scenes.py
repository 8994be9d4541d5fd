"""Something to measure with, the same on every machine: animations drawn by program, and shares of a gallery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL import Image

from engine.recipe.recipe import Recipe
from studio.store import Member, Share

SCENES: Final = ("poster", "grainy poster", "noise")
_GRAIN: Final = 9.0  # levels; about what a rendered frame has on top of its shapes


def draw_frames(scene: str, count: int, side: int) -> Iterator[Image.Image]:
    """Yield `count` square frames of one of SCENES."""
    for index in range(count):
        rng = np.random.default_rng(index)
        if scene == "noise":
            yield Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
        else:
            picture = _poster(index, side)
            if scene == "grainy poster":
                picture += rng.normal(0, _GRAIN, (side, side, 1))
            yield Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def _poster(index: int, side: int) -> np.ndarray:
    """A road by the sea under a gradient sky, as the camera moves forward: float levels, height × width × 3."""
    zoom = 1 + 0.01 * (index % 60)
    y, x = np.mgrid[0:side, 0:side] / side
    x, y = (x - 0.5) / zoom + 0.5, (y - 0.5) / zoom + 0.5

    picture = np.stack([70 + 170 * y, 140 + 110 * y, 235 - 10 * y], axis=-1)  # the sky
    picture[(x - 0.72) ** 2 + (y - 0.24) ** 2 < 0.0035] = (250, 225, 120)  # the sun
    sea = y > 0.5
    waves = 8 * np.sin(60 * y + 9 * x + 0.6 * index)
    picture[sea] = np.stack([20 + 30 * y, 100 + 40 * y + waves, 180 - 30 * y + waves], axis=-1)[sea]
    hill = (y > 0.45 + 0.08 * np.sin(8 * x + 1) + 0.02 * np.sin(31 * x)) & (x < 0.47)
    picture[hill] = np.stack([70 + 50 * y, 140 - 20 * y, 60 + 30 * x], axis=-1)[hill]
    road = (np.abs(x - 0.5 - 0.08 * np.sin(5 * y)) < 0.45 * (y - 0.5)) & sea
    picture[road] = (225, 200, 165)
    picture[(x - 0.28) ** 2 + (y - 0.66) ** 2 < 0.002] = (215, 35, 40)  # a red parasol
    return picture


def sample_share(job: str, server: str, member: Member, recipe: Recipe, time: float) -> Share:
    """Return a share as a gallery has them; `time` is when it was made and shared, in seconds since the epoch."""
    return Share(
        id=job,
        server=server,
        member=member,
        recipe=recipe,
        model="tappa-embedded-1",
        width=256,
        height=256,
        frames=60,
        created=time,
        shared=time,
        channel="700",
        message="900",
    )
