"""How well frames follow the camera, whose move is known exactly, and how much closer one frame is than another."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.diffusion.sampling.warp import warp
from engine.storyboard.shot import Camera
from engine.vision.perception import Pixels

SIDE: Final = 128
"""Pixels that frames are brought to before magnifications are sought."""
REACH: Final = 0.25
"""Magnifications are sought between exp(−0.25) and exp(0.25), 0.78 and 1.28."""
PRECISION: Final = 0.01
BLUR: Final = 9
"""Pixels: what is coarser than this says nothing about scale and is taken away first."""


def in_view(camera: Camera, height: int, width: int) -> NDArray[np.bool_]:
    """Return which pixels after a move show something that the frame before it showed: shape (height, width)."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    angle = math.radians(camera.degrees)
    across, down = (x - camera.focus_x * width) / camera.zoom, (y - camera.focus_y * height) / camera.zoom
    x = camera.focus_x * width + math.cos(angle) * across - math.sin(angle) * down + camera.pan_x * width
    y = camera.focus_y * height + math.sin(angle) * across + math.cos(angle) * down + camera.pan_y * height
    seen: NDArray[np.bool_] = (x > 0) & (x < width) & (y > 0) & (y < height)
    return seen


def warp_error(before: Pixels, after: Pixels, camera: Camera) -> float:
    """Return the mean absolute difference, in levels, of a frame and the one before it moved by the camera.

    Only what stays in view counts. It is what the model changed beyond the motion: crawling, flicker, repainting.
    """
    moved = warp(_tensor(before), camera)[0].permute(1, 2, 0).clamp(0, 255).numpy()
    seen = in_view(camera, *after.shape[:2])
    return float(np.abs(moved[seen] - after[seen]).mean())


def magnification(before: Pixels, after: Pixels, focus: tuple[float, float]) -> float:
    """Return how much closer `after` is than `before`, 1 for not at all, by the best correlation of fine structure.

    `focus`, the point that stays where it is, is x and y in fractions from the top left corner. The magnification is
    sought by brute force, then refined by a parabola.
    """
    one, other = _structure(before), _structure(after)

    def correlate(place: float) -> float:
        camera = Camera(zoom=math.exp(place), focus_x=focus[0], focus_y=focus[1])
        seen = torch.from_numpy(in_view(camera, SIDE, SIDE))
        moved, there = warp(one, camera)[0, 0][seen], other[0, 0][seen]
        moved, there = moved - moved.mean(), there - there.mean()
        return float((moved * there).mean() / (moved.std() * there.std()).clamp_min(1e-6))

    places = np.arange(-REACH, REACH + PRECISION / 2, PRECISION)
    scores = np.array([correlate(place) for place in places])
    best = int(scores.argmax())
    return math.exp(float(places[best]) + PRECISION * _peak(scores, best))


def _peak(scores: NDArray[np.float64], best: int) -> float:
    """Return where between its neighbours the top of a parabola through three scores lies, −0.5…0.5."""
    if best in (0, len(scores) - 1):
        return 0.0
    left, top, right = scores[best - 1 : best + 2]
    bend = left - 2 * top + right
    return 0.0 if bend == 0 else float(np.clip((left - right) / (2 * bend), -0.5, 0.5))


def _structure(picture: Pixels) -> Tensor:
    """Return fine structure of a picture's lightness: shape (1, 1, SIDE, SIDE)."""
    grey = F.interpolate(_tensor(picture).mean(1, keepdim=True), (SIDE, SIDE), mode="area")
    return grey - F.avg_pool2d(F.pad(grey, (BLUR // 2,) * 4, mode="reflect"), BLUR, stride=1)


def _tensor(picture: Pixels) -> Tensor:
    return torch.tensor(picture).permute(2, 0, 1)[None].float().contiguous()
