"""How different two pictures look, as one number, and what the steps of an animation say about it.

No network and no weights: a picture is described by its colours (CIELAB) at four sizes and by its edges (gradient
energy by orientation, as in HOG, pooled over a grid) at four sizes. The distance of two pictures is the sum of absolute
differences of their descriptions. Pooling forgives grain and a shift of a pixel, which a difference of pixels does not,
and the coarse sizes see composition.

Orientation histograms: Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median, pstdev
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""Shape (height, width, 3), RGB."""
Description = NDArray[np.float32]
"""A picture in numbers, one row. A description is small: 22 KiB."""

SIDE: Final = 128
"""Pixels that a picture is brought to first: the distance does not depend on its size."""
CELL: Final = 8
"""Pixels along each side of the cells that edges are pooled over, at each size."""
SIZES: Final = 4
"""Each size is half the one before: 128, 64, 32 and 16 pixels."""
ORIENTATIONS: Final = 8
EDGE_WEIGHT: Final = 6.0
"""Between different scenes edges make up a quarter to a half of the distance."""
LEAST_STEP: Final = 1e-3
"""A median step counts as at least this much, less than one level in one pixel makes, so that no ratio is infinite."""

_TO_XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
) / np.array([[0.95047], [1.0], [1.08883]])  # sRGB to XYZ, as shares of the white point D65


def to_lab(picture: Pixels) -> NDArray[np.float64]:
    """Return a picture in CIELAB: lightness 0…100, then the two axes of colour, about −100…100; the same shape."""
    levels = np.arange(256) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)[picture]
    xyz = linear @ _TO_XYZ.T
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def describe_picture(picture: Pixels) -> Description:
    small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX)
    image = to_lab(np.asarray(small))
    parts = []
    for _ in range(SIZES):
        parts.append(_measure_edges(image[..., 0]) * EDGE_WEIGHT)
        image = _pool(image, 2)
        parts.append(_pool(image, 2))
    row = np.concatenate([part.ravel() / part[..., 0].size for part in parts]) / len(parts)
    return row.astype(np.float32)


def _measure_edges(lightness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean gradient in each cell along each orientation: shape (cells, cells, ORIENTATIONS).

    A gradient is shared between the two orientations next to it; light to dark counts as dark to light.
    """
    dy, dx = np.gradient(lightness)
    strength = np.hypot(dx, dy)
    place = np.mod(np.arctan2(dy, dx) / np.pi, 1.0) * ORIENTATIONS
    lower = np.floor(place)
    share = place - lower
    lower = lower.astype(int) % ORIENTATIONS
    energy = np.zeros((*lightness.shape, ORIENTATIONS))
    np.put_along_axis(energy, lower[..., None], (strength * (1 - share))[..., None], axis=-1)
    np.put_along_axis(energy, ((lower + 1) % ORIENTATIONS)[..., None], (strength * share)[..., None], axis=-1)
    return _pool(energy, CELL)


def _pool(image: NDArray[np.float64], cell: int) -> NDArray[np.float64]:
    height, width, channels = image.shape
    means: NDArray[np.float64] = image.reshape(height // cell, cell, width // cell, cell, channels).mean(axis=(1, 3))
    return means


def perceptual_distance(one: Description, other: Description) -> float:
    """Return how different two pictures look: a metric, 0 for equal ones.

    On drawings of the embedded model's world: 1 to 3 for grain of ten levels, a shift of one pixel in 256 or a blur of
    two; 8 to 20 for a shift of sixteen; 30 to 70 for another scene.
    """
    return float(np.abs(one - other).sum())


def measure_steps(descriptions: Sequence[Description]) -> list[float]:
    """Return the distances of neighbours, one fewer than there are pictures."""
    return [perceptual_distance(one, other) for one, other in pairwise(descriptions)]


def worst_jump(of: Sequence[float]) -> float:
    """Return the greatest step over the median step; 1 for perfectly even steps. At least one step is needed."""
    return max(of) / max(median(of), LEAST_STEP)


def variation(of: Sequence[float]) -> float:
    """Return the steps' coefficient of variation, standard deviation over mean; 0 for perfectly even steps."""
    return pstdev(of) / max(fmean(of), LEAST_STEP)


def seam(descriptions: Sequence[Description]) -> float:
    """Return the step from the last picture back to the first over the median step; at least two are needed."""
    return perceptual_distance(descriptions[-1], descriptions[0]) / max(median(measure_steps(descriptions)), LEAST_STEP)


def directness(descriptions: Sequence[Description]) -> float:
    """Return the distance from the first picture to the last over the sum of all steps: 1 for a straight line."""
    return perceptual_distance(descriptions[0], descriptions[-1]) / max(sum(measure_steps(descriptions)), LEAST_STEP)
