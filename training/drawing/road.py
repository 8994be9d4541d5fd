"""Roads: in perspective ahead of the painter, or winding over a slope; and what stands along them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from training.drawing.canvas import SIZE, Canvas, Point
from training.drawing.facts import Facts
from training.drawing.palette import ASPHALT, GRAVEL, Colour, mix
from training.drawing.plants import paint_tree
from training.drawing.view import View

VERGE = "e8dcc0"


def surface(canvas: Canvas, facts: Facts) -> str:
    """A colour for the road."""
    if facts.season == "winter" and canvas.chance(0.5):
        return canvas.choice(["c9d0d8", "b8c0ca"])
    return canvas.choice(ASPHALT * 2 + GRAVEL if facts.jersey == "none" else ASPHALT)


def paint_road(canvas: Canvas, facts: Facts, view: View, half: float, verge: Colour | None) -> None:
    """A road `half` metres to each side of its middle, to the horizon, with a verge and sometimes a dashed line."""
    paint = surface(canvas, facts)
    depths = np.geomspace(view.nearest, 120, 26)
    if verge is not None:
        canvas.polygon(_band(view, half * 1.13, depths), mix(verge, VERGE, 0.55))
    canvas.polygon(_band(view, half, depths), paint)
    if paint in ASPHALT and canvas.chance(0.75):
        z = view.nearest
        while z < 60:
            end = z + 2.6
            corners = [(-0.09, z), (0.09, z), (0.09, end), (-0.09, end)]
            canvas.polygon([view.project(x, 0, d) for x, d in corners], "f4efe0")
            z = end + 3.0


def _band(view: View, half: float, depths: NDArray[np.float64]) -> list[Point]:
    left = [view.project(-half, 0, float(z)) for z in depths]
    right = [view.project(half, 0, float(z)) for z in depths]
    return left + right[::-1]


def paint_winding(canvas: Canvas, facts: Facts, near: Point, far: Point, widths: tuple[float, float]) -> None:
    """A road in hairpins from `near` up (or down) to `far`, narrowing from one width to the other."""
    paint = surface(canvas, facts)
    turns, phase = canvas.choice([3, 4, 5]), canvas.choice([0.0, math.pi])
    wide, narrow = canvas.between(44, 68), canvas.between(6, 14)
    t = np.linspace(0, 1, 70)
    sway = (wide * (1 - t) + narrow * t) * np.sin(t**0.8 * turns * math.pi + phase) * np.minimum(1, t * 5)
    x = near[0] + (far[0] - near[0]) * t + sway
    y = near[1] + (far[1] - near[1]) * t
    width = widths[0] * (1 - t) ** 1.6 + widths[1]
    for scale, tone in ((1.3, VERGE), (1.0, paint)):
        left = [(float(a - w * scale / 2), float(b)) for a, b, w in zip(x, y, width, strict=True)]
        right = [(float(a + w * scale / 2), float(b)) for a, b, w in zip(x, y, width, strict=True)]
        canvas.polygon(left + right[::-1], tone)
        canvas.line([(float(a), float(b)) for a, b in zip(x, y, strict=True)], tone, max(1.0, widths[1] * scale))


def _sides(facts: Facts) -> tuple[int, ...]:
    return {"left": (-1,), "right": (1,), "both": (-1, 1), "none": ()}[facts.tree_side]


def paint_avenue(canvas: Canvas, facts: Facts, view: View, half: float) -> None:
    """Trees in two even rows, far ones first."""
    tall = canvas.between(6.5, 9.0) * (1.25 if facts.trees in ("poplar", "cypress") else 1.0)
    step = canvas.between(4.0, 6.0)
    for z in np.arange(canvas.between(5.0, 7.0), 60, step)[::-1]:
        for side in _sides(facts):
            _stand(canvas, facts, view, side * (half + 1.7), float(z), tall * canvas.between(0.94, 1.06))


def paint_roadside(canvas: Canvas, facts: Facts, view: View, half: float) -> None:
    """Trees scattered along the sides that the facts name, at least one of them near."""
    tall = canvas.between(5.0, 7.5) * (1.4 if facts.trees in ("poplar", "cypress") else 1.0)
    places: list[tuple[float, float]] = []
    for side in _sides(facts):
        distances = [canvas.between(7, 11), *(canvas.between(7, 34) for _ in range(canvas.count(2, 4)))]
        places += [(z, side * (half + canvas.between(1.6, 4.5))) for z in distances]
    for z, x in sorted(places, reverse=True):
        _stand(canvas, facts, view, x, z, tall * canvas.between(0.85, 1.15))


def _stand(canvas: Canvas, facts: Facts, view: View, x: float, z: float, tall: float) -> None:
    px, py = view.project(x, 0, z)
    if -70 < px < SIZE + 70:
        paint_tree(canvas, facts.trees, facts.season, px, py, SIZE * tall / z)
