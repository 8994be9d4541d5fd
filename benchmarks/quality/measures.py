"""What is measured on single frames, besides perceptual distances: pure functions of 8-bit pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import msgspec
import numpy as np

from engine.vision.degenerate import FrameContext, check_frame
from engine.vision.perception import Pixels, to_lab


class Look(msgspec.Struct, frozen=True):
    """A frame in a few numbers, all of them in CIELAB.

    `sharpness` is the mean gradient of lightness, a pixel; `saturation` the mean chroma, 0 for grey; `contrast` the
    standard deviation of lightness, 0…50; `mean` the mean colour.
    """

    sharpness: float
    saturation: float
    contrast: float
    mean: tuple[float, float, float]


def look(picture: Pixels) -> Look:
    """Measure one frame."""
    image = to_lab(picture)
    lightness, chroma = image[..., 0], np.hypot(image[..., 1], image[..., 2])
    return Look(
        sharpness=float(np.hypot(*np.gradient(lightness)).mean()),
        saturation=float(chroma.mean()),
        contrast=float(lightness.std()),
        mean=tuple(image.mean(axis=(0, 1)).tolist()),
    )


def degenerate(pictures: Sequence[Pixels]) -> float:
    """Return the share of frames that the engine would not let stay: flat, burnt, or the same as the frame before."""
    pairs = zip(pictures, (None, *pictures), strict=False)
    return fmean(check_frame(one, FrameContext(before=before)).fault is not None for one, before in pairs)


def colour_drift(looks: Sequence[Look]) -> float:
    """Return how far the mean colour strays from the first frame's, in CIELAB (ΔE): the 95th percentile of all frames.

    It sees what saturation does not, summer that turns to autumn.
    """
    return float(np.percentile([math.dist(of.mean, looks[0].mean) for of in looks], 95))


def kept(values: Sequence[float]) -> float:
    """Return the mean of the last quarter over that of the first: 1 where nothing is lost or gained.

    Raises:
        ValueError: fewer than four values.
    """
    if len(values) < 4:
        raise ValueError(f"quarters need at least four values, not {len(values)}")
    quarter = len(values) // 4
    return fmean(values[-quarter:]) / max(fmean(values[:quarter]), 1e-9)
