"""Whether a frame is degenerate.

A model that is fed its own pictures sometimes leaves what it has learnt: one tone, colours at full strength, a picture
that no camera moves any more, or a stage that never arrives. Another seed and more noise bring it back. Everything is
measured on a few thousand of a frame's pixels, which takes a millisecond whatever its size.
"""

from __future__ import annotations

import functools
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.vision.perception import Pixels, to_lab

Fault = Literal["flat", "saturated", "unchanged", "astray"]

GRID: Final = 64
"""Pixels sampled along each side."""
FLAT: Final = 4.0
"""Spread (standard deviation) of lightness, of 100, and of chroma below which a picture shows nothing."""
VIVID: Final = 85.0
"""Chroma in CIELAB from which a pixel is at full colour."""
CLIPPED: Final = 0.6
"""Share of pixels at full colour or at an end of the range above which a picture is burnt."""
UNCHANGED: Final = 0.05
"""Mean difference, of 255 levels, below which a frame equals the one before."""
ASTRAY: Final = 1.25
"""A frame is astray when it is this many times as far from its own stage's key frame as from the former one's."""
_CELL: Final = 4

_WORST_FIRST: Final[tuple[Fault | None, ...]] = ("flat", "saturated", "unchanged", "astray", None)


class FrameCheck(msgspec.Struct, frozen=True):
    """What is wrong with a frame, if anything.

    Attributes:
        measure: how bad it is; higher is better, comparable only within one fault.
    """

    fault: Fault | None
    measure: float = 0.0

    @property
    def rank(self) -> tuple[int, float]:
        """Orders the attempts at one frame, the best last."""
        return _WORST_FIRST.index(self.fault), self.measure


class FrameContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a frame is compared with.

    Attributes:
        before: the frame that the camera moved on from; None where it need not differ.
        goal: the key frames of its stage and of the stage before; None where it may look like either.
    """

    before: Pixels | None = None
    goal: tuple[Pixels, Pixels] | None = None


def check_frame(picture: Pixels, context: FrameContext) -> FrameCheck:
    """Return what is wrong with a frame; a picture of NaN is black, and so flat."""
    image = _sample(picture)
    lightness, chroma = image[..., 0], np.hypot(image[..., 1], image[..., 2])
    spread = float(max(lightness.std(), chroma.std()))
    if spread < FLAT:
        return FrameCheck("flat", spread)
    clipped = float(((chroma > VIVID) | (lightness < 1) | (lightness > 99)).mean())
    if clipped > CLIPPED:
        return FrameCheck("saturated", -clipped)
    if context.before is not None and (change := _measure_change(picture, context.before)) < UNCHANGED:
        return FrameCheck("unchanged", change)
    if context.goal is not None:
        own, former = (_layout_distance(image, _sample(key)) for key in context.goal)
        if own > ASTRAY * former:
            return FrameCheck("astray", -own / max(former, 1e-6))
    return FrameCheck(None)


def _sample(picture: Pixels) -> NDArray[np.float64]:
    """Return pixels from all over a picture, in CIELAB, shape (GRID, GRID, 3)."""
    return to_lab(picture[_sample_grid(*picture.shape[:2])])


def _measure_change(picture: Pixels, before: Pixels) -> float:
    places = _sample_grid(*picture.shape[:2])
    return float(np.abs(picture[places].astype(np.int16) - before[places]).mean())


@functools.lru_cache(maxsize=8)
def _sample_grid(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the sampled rows, shape (GRID, 1), and columns, shape (GRID,)."""
    rows, columns = (np.linspace(0, size - 1, GRID).round().astype(np.intp) for size in (height, width))
    return rows[:, None], columns


def _layout_distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return how differently colours are laid out over two pictures; shifts within a cell do not count."""
    cells = GRID // _CELL
    difference = (one - other).reshape(cells, _CELL, cells, _CELL, 3).mean(axis=(1, 3))
    return float(np.abs(difference).mean())
