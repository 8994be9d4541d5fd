"""How well an animation closes its loop, measured while frames go by."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 64  # pixels that frames are shrunk to: the distance sees composition, not grain
LEAST_DISTANCE: Final = 1 / (3 * SIDE * SIDE)  # one channel of one pixel by one level: the smallest that is not nothing


class SeamMeter:
    """Compares the jump from the last frame to the first with the usual step; keeps two thumbnails, a float a frame."""

    def __init__(self) -> None:
        self._first: NDArray[np.int16] | None = None
        self._last: NDArray[np.int16] | None = None
        self._steps = array("d")

    def add(self, frame: Image.Image) -> None:
        small = _shrink(frame)
        if self._first is None or self._last is None:
            self._first = small
        else:
            self._steps.append(_measure_distance(self._last, small))
        self._last = small

    @property
    def seam(self) -> float:
        """d(last, first) / median d of neighbours, where d is the mean absolute difference (0..255) of 64×64 RGB.

        About 1 for a loop that closes as smoothly as it runs; 0 with fewer than two frames, or when the last equals
        the first. Two frames give 1. Where the median is 0 (most neighbours are identical) it counts as the smallest
        difference there can be, so the result is finite: very large when the loop jumps, 0 when nothing moves at all.
        """
        if self._first is None or self._last is None or not self._steps:
            return 0.0
        return _measure_distance(self._last, self._first) / max(median(self._steps), LEAST_DISTANCE)


def measure_seam(frames: Iterable[Image.Image]) -> float:
    meter = SeamMeter()
    for frame in frames:
        meter.add(frame)
    return meter.seam


def _shrink(frame: Image.Image) -> NDArray[np.int16]:
    small = frame.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.int16)


def _measure_distance(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    return float(np.abs(one - other).mean())
