"""Pictures for the GIF tests: as easy and as hostile as they come."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageSequence

Size = tuple[int, int]


def flat(index: int, size: Size = (96, 64)) -> Image.Image:
    return Image.new("RGB", size, (40 + index % 200, 90, 200 - index % 200))


def noise(index: int, size: Size = (96, 64)) -> Image.Image:
    levels = np.random.default_rng(index).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(levels)


def hills(index: int, size: Size = (96, 64), grain: float = 6.0) -> Image.Image:
    """A sky, a hill that moves, a red sun, and a little grain: much like a rendered frame."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    picture = np.stack([90 + 120 * y, 150 + 60 * y, 230 - 60 * y], axis=-1)
    picture[(x - 0.3) ** 2 + (y - 0.15) ** 2 < 0.004] = (225, 30, 35)
    picture[y > 0.35 + 0.1 * np.sin(7 * x + 0.1 * index)] = (50, 130, 60)
    picture += np.random.default_rng(index).normal(0, grain, (size[1], size[0], 1))
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def decoded(data: bytes) -> tuple[list[Image.Image], list[int], int]:
    """Return a GIF's frames as RGB, their durations in ms, and its loop count (0 is for ever)."""
    with Image.open(io.BytesIO(data)) as file:
        loop = int(file.info["loop"])
        frames, durations = [], []
        for frame in ImageSequence.Iterator(file):
            durations.append(int(frame.info["duration"]))
            frames.append(frame.convert("RGB"))
    return frames, durations, loop


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean absolute difference of two pictures, in levels."""
    return float(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).mean())
