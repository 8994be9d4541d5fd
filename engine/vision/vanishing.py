"""The point that a road leads to: where the slanted edges of a picture would meet.

Parallel lines on the ground meet in one point of the picture. Every strong edge votes for the points that lie on its
line: its orientation is that of the structure tensor [Bigün & Granlund 1987], and what it says of a point is the angle
by which it misses it. A coarse grid finds the point that most edges agree on and which is not far from the centre;
least squares over the edges that do, reweighted (Cauchy), make it exact. Level and upright edges say nothing of a road.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.storyboard.shot import Camera, FeedbackStart, FocusSource, Shot

Picture = NDArray[np.uint8]  # shape (height, width, 3)
Floats = NDArray[np.float32]

SIDE: Final = 64  # pixels that the longer side is shrunk to, at least: coarse, for a road's edges are long
EDGES: Final = 320  # the strongest take part
SLANT: Final = 0.2  # sine of the angle from level and upright below which an edge is neither
SINE_OF_TWICE_SLANT: Final = 2 * SLANT * (1 - SLANT**2) ** 0.5
NEAR: Final = 0.12  # edges nearer to a point than this share of the picture say little about it
TOLERANCE: Final = 0.1  # sine of the angle by which an edge may miss the point that it leads to
ABOVE: Final = 0.5  # what an edge above a point counts: the road lies below
CENTRE: Final = (0.5, 0.47)  # where roads lead to in most pictures
SPREAD: Final = 0.17  # how far from there they usually are
SURE: Final = 0.30  # share of the edges' weight that must agree
MOST_IN_16_BITS: Final = 65535 // 255  # bytes whose sum fits

_GRID: Final = np.linspace(0.15, 0.85, 12, dtype=np.float32)


class VanishingPoint(NamedTuple):
    """A point in fractions of the picture from its top left corner, and the share of the edges that agree on it."""

    x: float
    y: float
    agreement: float


class _Edges(NamedTuple):
    """Places in fractions of the picture, unit normals, and weights that sum to 1; each of shape (edges,)."""

    x: Floats
    y: Floats
    normal_x: Floats
    normal_y: Floats
    weight: Floats


def aim_camera(shot: Shot, pictures: Mapping[int, Picture]) -> Shot:
    """Return a shot whose cameras have found their focus in their focus_sources, which are among `pictures`."""
    if not isinstance(shot.start, FeedbackStart):
        return shot

    @functools.cache  # many of a shot's cameras look at the same frames
    def focus(focus_sources: tuple[FocusSource, ...]) -> tuple[float, float]:
        total = sum(source.weight for source in focus_sources)
        found = [(*find_focus(pictures[source.frame]), source.weight / total) for source in focus_sources]
        return sum(x * weight for x, _, weight in found), sum(y * weight for _, y, weight in found)

    def aim(camera: Camera) -> Camera:
        if not camera.focus_sources:
            return camera
        x, y = focus(camera.focus_sources)
        return msgspec.structs.replace(camera, focus_x=x, focus_y=y, focus_sources=())

    replace = msgspec.structs.replace
    blend = shot.start.blend and replace(shot.start.blend, camera=aim(shot.start.blend.camera))
    start = replace(shot.start, camera=aim(shot.start.camera), blend=blend)
    return replace(
        shot, start=start, carried_noise=tuple(replace(past, camera=aim(past.camera)) for past in shot.carried_noise)
    )


def find_focus(picture: Picture) -> tuple[float, float]:
    """Return the point that the road in a picture leads to, drawn to the centre where few edges agree on it."""
    point = find_vanishing_point(picture)
    trust = min(1.0, point.agreement / SURE)
    return 0.5 + (point.x - 0.5) * trust, 0.5 + (point.y - 0.5) * trust


def find_vanishing_point(picture: Picture) -> VanishingPoint:
    """Return where the slanted edges of a picture meet; the centre, agreed on by none, where there are too few."""
    small = _shrink(picture)
    return _find_in_brightness(small.tobytes(), small.shape[1])


@functools.lru_cache(maxsize=96)  # every frame is looked at several times, by the frames that follow it
def _find_in_brightness(brightness: bytes, width: int) -> VanishingPoint:
    edges = _find_edges(np.frombuffer(brightness, np.float32).reshape(-1, width))
    if len(edges.x) < EDGES // 10:
        return VanishingPoint(0.5, 0.5, 0.0)
    x, y = _vote(edges)
    for _ in range(5):
        x, y = _refine(edges, x, y)
    return VanishingPoint(
        x, y, float(_measure_agreement(edges, np.array([x], np.float32), np.array([y], np.float32))[0])
    )


def _shrink(picture: Picture) -> Floats:
    """Return the brightness, 0…1, with every pixel the mean of a block."""
    step = max(1, max(picture.shape[:2]) // SIDE)
    height, width = picture.shape[0] // step, picture.shape[1] // step
    blocks = picture[: height * step, : width * step].reshape(height, step, width * step * 3)
    columns = blocks.sum(1, dtype=np.uint16 if step <= MOST_IN_16_BITS else np.uint32)
    sums = columns.reshape(height, width, step * 3).astype(np.float32) @ np.ones(step * 3, np.float32)
    means: Floats = sums / np.float32(255 * 3 * step * step)
    return means


def _find_edges(image: Floats) -> _Edges:
    along_y, along_x = (np.asarray(slope) for slope in np.gradient(image))
    xx, xy, yy = _blur(np.stack([along_x * along_x, along_x * along_y, along_y * along_y]))
    line = np.hypot(xx - yy, 2 * xy)  # the difference of the tensor's eigenvalues: nothing where edges cross
    straight = line / (xx + yy + 1e-5)
    slanted = np.abs(2 * xy) > SINE_OF_TWICE_SLANT * line  # an edge's normal is turned by half of atan2(2 xy, xx - yy)
    strength = np.where(slanted, np.sqrt(line) * np.square(np.square(straight)), 0)
    strength[:2], strength[-2:], strength[:, :2], strength[:, -2:] = 0, 0, 0, 0
    flat = strength.ravel()
    chosen = np.argpartition(flat, -EDGES)[-EDGES:] if len(flat) > EDGES else np.arange(len(flat))
    chosen = chosen[flat[chosen] > 1e-3]
    row, column = np.divmod(chosen, image.shape[1])
    angle = np.arctan2(2 * xy[row, column], xx[row, column] - yy[row, column]) / 2
    weight = flat[chosen] ** 0.3  # a white line is not worth ten grey ones
    return _Edges(
        ((column + 0.5) / image.shape[1]).astype(np.float32),
        ((row + 0.5) / image.shape[0]).astype(np.float32),
        np.cos(angle).astype(np.float32),
        np.sin(angle).astype(np.float32),
        (weight / max(weight.sum(), 1e-9)).astype(np.float32),
    )


def _blur(images: Floats) -> Floats:
    """Smooth by 1-2-1 in both directions, twice; shape (images, height, width)."""
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)), mode="edge")
    for _ in range(2):
        across = padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]
        padded = (across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]) / 16
    return padded


def _vote(edges: _Edges) -> tuple[float, float]:
    """Return the point of a coarse grid that most edges agree on."""
    x, y = (axis.ravel() for axis in np.meshgrid(_GRID, _GRID))
    best = int(np.argmax(_measure_agreement(edges, x, y) * _weigh_prior(x, y)))
    return float(x[best]), float(y[best])


def _weigh_prior(x: Floats, y: Floats) -> Floats:
    away: Floats = np.exp(-((x - CENTRE[0]) ** 2 + (y - CENTRE[1]) ** 2) / (2 * SPREAD**2))
    return away


def _measure_agreement(edges: _Edges, x: Floats, y: Floats) -> Floats:
    """Return for each point how much of the edges' weight leads there, 0…1; it takes both sides of a road."""
    to_x, to_y = x[:, None] - edges.x, y[:, None] - edges.y
    distance2 = to_x**2 + to_y**2
    miss2 = (to_x * edges.normal_x + to_y * edges.normal_y) ** 2 / (distance2 + 1e-9)
    vote = edges.weight * (distance2 > NEAR**2) / (1 + miss2 / TOLERANCE**2) ** 2
    vote *= np.where(to_y > 0, ABOVE, 1).astype(np.float32)
    left = (vote * (to_x > 0)).sum(1)
    agreed: Floats = 2 * np.sqrt(left * (vote.sum(1) - left))
    return agreed


def _refine(edges: _Edges, x: float, y: float) -> tuple[float, float]:
    """Return the point nearest to the lines of those edges that lead to about (x, y)."""
    to_x, to_y = x - edges.x, y - edges.y
    distance2 = to_x**2 + to_y**2 + 1e-9
    miss2 = (to_x * edges.normal_x + to_y * edges.normal_y) ** 2 / distance2
    weight = edges.weight * (distance2 > NEAR**2) / distance2 / (1 + miss2 / TOLERANCE**2) ** 2
    offset = edges.normal_x * edges.x + edges.normal_y * edges.y
    pull = 0.02 * float(weight.sum()) + 1e-6  # towards where it is: keeps what the edges leave open
    a = float((weight * edges.normal_x**2).sum()) + pull
    b = float((weight * edges.normal_x * edges.normal_y).sum())
    c = float((weight * edges.normal_y**2).sum()) + pull
    u = float((weight * edges.normal_x * offset).sum()) + pull * x
    v = float((weight * edges.normal_y * offset).sum()) + pull * y
    determinant = a * c - b * b
    return (
        min(max((c * u - b * v) / determinant, 0.1), 0.9),
        min(max((a * v - b * u) / determinant, 0.1), 0.9),
    )
