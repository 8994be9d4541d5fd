"""What is measured on frames besides perceptual distances, and how well they follow the camera: pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Final

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.diffusion.sampling.warp import source_positions, warp
from engine.storyboard.shot import Camera
from engine.vision.degenerate import FrameContext, check_frame
from engine.vision.perception import Pixels, to_lab

SIDE: Final = 128  # pixels that frames are brought to before magnifications are sought
REACH: Final = 0.25  # magnifications are sought between exp(−0.25) and exp(0.25), 0.78 and 1.28
PRECISION: Final = 0.01
BLUR: Final = 9  # pixels: what is coarser than this says nothing about scale and is taken away first


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
    """Return how far the mean colour strays from the first frame's (ΔE), as summer turns to autumn: 95th percentile."""
    return float(np.percentile([math.dist(of.mean, looks[0].mean) for of in looks], 95))


def kept(values: Sequence[float]) -> float:
    """Return the mean of the last quarter over that of the first; ValueError for fewer than four values."""
    if len(values) < 4:
        raise ValueError(f"quarters need at least four values, not {len(values)}")
    quarter = len(values) // 4
    return fmean(values[-quarter:]) / max(fmean(values[:quarter]), 1e-9)


def in_view(camera: Camera, height: int, width: int) -> NDArray[np.bool_]:
    """Return which pixels after a move show something that the frame before it showed: shape (height, width)."""
    x, y = (place.numpy().reshape(height, width) for place in source_positions(width, height, camera))
    seen: NDArray[np.bool_] = (x > 0) & (x < width) & (y > 0) & (y < height)
    return seen


def warp_error(before: Pixels, after: Pixels, camera: Camera) -> float:
    """Return the mean absolute difference, in levels, of what stays in view to the frame before, moved by the camera.
    It is what the model changed beyond the motion: crawling, flicker, repainting."""
    moved = warp(_tensor(before), camera)[0].permute(1, 2, 0).clamp(0, 255).numpy()
    seen = in_view(camera, *after.shape[:2])
    return float(np.abs(moved[seen] - after[seen]).mean())


def magnification(before: Pixels, after: Pixels, focus: tuple[float, float]) -> float:
    """Return how much closer `after` is than `before` about a focus (x, y in fractions), 1 for not at all: the best
    correlation of fine structure, sought by brute force and refined by a parabola."""
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
    if best in (0, len(scores) - 1):
        return math.exp(places[best])
    left, top, right = scores[best - 1 : best + 2]
    bend = left - 2 * top + right
    off = 0.0 if bend == 0 else np.clip((left - right) / (2 * bend), -0.5, 0.5)  # where the parabola's top lies
    return math.exp(places[best] + PRECISION * off)


def _structure(picture: Pixels) -> Tensor:
    """Return fine structure of a picture's lightness: shape (1, 1, SIDE, SIDE)."""
    grey = F.interpolate(_tensor(picture).mean(1, keepdim=True), (SIDE, SIDE), mode="area")
    return grey - F.avg_pool2d(F.pad(grey, (BLUR // 2,) * 4, mode="reflect"), BLUR, stride=1)


def _tensor(picture: Pixels) -> Tensor:
    return torch.tensor(picture).permute(2, 0, 1)[None].float().contiguous()
