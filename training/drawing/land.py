"""The ground: hills, mountains, water and fields."""

from __future__ import annotations

import math

import numpy as np

from training.drawing.canvas import SIZE, Canvas, Point
from training.drawing.facts import Facts
from training.drawing.palette import SNOW, WATER, WHITE, Colour, colour, mix
from training.drawing.plants import paint_tree
from training.drawing.view import View


def paint_ridge(canvas: Canvas, base: float, rise: float, paint: Colour, waves: float = 1.0) -> list[Point]:
    """A line of hills, `rise` pixels at most above `base`, filled to the bottom. Returns its crest."""
    x = np.linspace(0, SIZE, 49)
    crest = np.zeros(49)
    for harmonic in (1, 2, 3):
        crest += np.sin(x / SIZE * 2 * np.pi * waves * harmonic * 0.7 + canvas.between(0, 6.3)) / harmonic
    crest = base - rise * np.clip(crest / 3.0 + 0.5, 0, 1)
    points = [(float(a), float(b)) for a, b in zip(x, crest, strict=True)]
    canvas.polygon([*points, (SIZE, SIZE), (0, SIZE)], paint)
    return points


def paint_peak(canvas: Canvas, facts: Facts, x: float, base: float, height: float) -> None:
    """One mountain: a lit and a shaded face, snow on top. In the Dolomites a rose tower with steep walls."""
    tower = facts.region == "dolomites"
    rock = colour(
        canvas.choice(["cbaea2", "d6b7a8", "bfa8a4"]) if tower else canvas.choice(["7d8aa0", "6f7f95", "8b93a5"])
    )
    width = height * (canvas.between(0.42, 0.55) if tower else canvas.between(0.62, 0.9))
    power = 0.6 if tower else 1.0
    steps = np.linspace(0, 1, 8)
    left, right, middle = [], [], []
    for t in steps:
        rough = 0.0 if t in (0, 1) else 0.05
        left.append((x - width * (t**power + canvas.between(-rough, rough)), base - height * (1 - t)))
        right.append((x + width * (t**power + canvas.between(-rough, rough)), base - height * (1 - t)))
        middle.append((x + width * canvas.between(-0.1, 0.22) * (t > 0), base - height * (1 - t)))
    canvas.polygon(left + right[::-1], rock)
    canvas.polygon(right + middle[::-1], mix(rock, "3c4660", 0.4))
    depth = 3 if facts.season == "winter" else 2
    if tower and facts.season != "winter":
        return
    snow_left, snow_right = left[: depth + 1], right[: depth + 1]
    line = [
        (
            snow_left[-1][0] + (snow_right[-1][0] - snow_left[-1][0]) * t,
            snow_left[-1][1] + height * (0.09 if n % 2 else -0.05),
        )
        for n, t in enumerate(np.linspace(0.12, 0.88, 5))
    ]
    canvas.polygon(snow_left + line + snow_right[::-1], SNOW)


def paint_range(canvas: Canvas, facts: Facts, base: float, height: float, number: int) -> None:
    """Several mountains across the picture."""
    places = [(n + 0.5 + canvas.between(-0.25, 0.25)) / number * SIZE for n in range(number)]
    for place in canvas.rng.permutation(places):
        paint_peak(canvas, facts, float(place), base, height * canvas.between(0.65, 1.05))


def ground_of(canvas: Canvas, facts: Facts) -> Colour:
    from training.drawing.palette import GROUNDS

    return colour(canvas.choice(GROUNDS[facts.season]))


def paint_distance(canvas: Canvas, facts: Facts, view: View, ground: Colour, haze: Colour) -> None:
    """What stands on the horizon, by region, and the plain ground below it."""
    horizon = view.horizon
    far = mix(ground, mix(haze, "6a86a8", 0.35), 0.5)
    if facts.region == "dolomites":
        paint_range(canvas, facts, horizon + 4, canvas.between(0.5, 0.75) * horizon, canvas.count(3, 4))
        forest = colour("8fa3b0" if facts.season == "winter" else "2f5d43")
        paint_ridge(canvas, horizon + 6, horizon * 0.14, mix(forest, haze, 0.2), 2.0)
    elif facts.region == "tuscany":
        _paint_tuscan_hills(canvas, facts, horizon, ground, far)
    else:
        rise = 0.12 if facts.region == "france" else 0.28
        for layer in range(canvas.count(1, 2)):
            paint_ridge(canvas, horizon + 4 + layer * 3, horizon * (rise - 0.06 * layer), mix(far, ground, layer / 3))
    canvas.rectangle(0, horizon, SIZE, SIZE, ground)


def _paint_tuscan_hills(canvas: Canvas, facts: Facts, horizon: float, ground: Colour, far: Colour) -> None:
    """Soft hills one behind another, a farmhouse on one and a file of cypresses up another."""
    from training.drawing.buildings import paint_house

    for layer in range(3):
        crest = paint_ridge(
            canvas, horizon + 6 + layer * 4, horizon * (0.34 - 0.09 * layer), mix(far, ground, layer / 2.5)
        )
        if layer == 0:
            continue
        first = canvas.count(3, 38)
        for step in range(canvas.count(2, 5)):
            x, y = crest[min(48, first + step)]
            paint_tree(canvas, "cypress", facts.season, x, y + 2, canvas.between(12, 18) + layer * 4)
        if canvas.chance(0.6):
            x, y = crest[canvas.count(5, 43)]
            paint_house(canvas, facts, x, y + 4, canvas.between(18, 28))


def paint_sea(canvas: Canvas, facts: Facts, view: View) -> None:
    """Water from the horizon down, with glints, sails, and the path of a low sun."""
    water = colour(canvas.choice(WATER))
    horizon = view.horizon
    canvas.rectangle(0, horizon, SIZE, SIZE, water)
    canvas.rectangle(0, horizon, SIZE, horizon + 5, mix(water, "0c3c66", 0.3))
    for _ in range(canvas.count(8, 16)):
        y = horizon + (SIZE - horizon) * canvas.between(0.03, 0.7)
        length = 3 + 26 * (y - horizon) / (SIZE - horizon)
        x = canvas.between(0, SIZE)
        canvas.line([(x - length, y), (x + length, y)], mix(water, WHITE, 0.4), 1.6)
    for _ in range(canvas.count(0, 3)):
        x, y, size = canvas.between(0, SIZE), horizon + canvas.between(3, 18), canvas.between(6, 12)
        hull = [
            (x - size * 0.8, y),
            (x + size * 0.8, y),
            (x + size * 0.5, y + size * 0.3),
            (x - size * 0.5, y + size * 0.3),
        ]
        canvas.polygon(hull, "7a3b2a")
        canvas.polygon([(x, y - 1), (x, y - size * 1.8), (x + size * 0.8, y - 1)], WHITE)
    if facts.light != "day":
        paint = "ffd890" if facts.light == "sunset" else "c8d4f0"
        centre = view.vanishing_x + (SIZE * 0.2 if facts.sea_side == "right" else -SIZE * 0.2)
        for step in range(10):
            length = canvas.between(4, 14)
            y = horizon + step * 4 + 2
            canvas.line([(centre - length, y), (centre + length, y)], paint, 1.6, glow=True)


def paint_patches(canvas: Canvas, facts: Facts, view: View, ground: Colour) -> None:
    """Soft patches of other greens, so that the ground is not one flat colour."""
    for _ in range(canvas.count(2, 5)):
        y = canvas.between(view.horizon, SIZE)
        other = canvas.choice(["ffffff", "406020", "dde8f0" if facts.season == "winter" else "e8c860"])
        height = (y - view.horizon) * 0.16 + 2
        canvas.ellipse(canvas.between(-40, SIZE + 40), y, canvas.between(30, 120), height, mix(ground, other, 0.16))


_CROPS = {"lavender": ("8e6bbf", "a684d6"), "sunflowers": ("5d8a2c", "7a9c3c"), "wheat": ("e9c35a", "d1a53c")}


def paint_field(canvas: Canvas, facts: Facts, view: View, half: float) -> None:
    """Rows of crops on both sides of the road, running to the vanishing point."""
    if facts.field == "none":
        return
    if facts.field == "vineyard":
        leaf = {"spring": "86b84a", "summer": "4c8a36", "autumn": "c2622a", "winter": "6f5a48"}[facts.season]
        row, gap = colour(leaf), mix("b58a58", leaf, 0.2)
    else:
        row, gap = colour(_CROPS[facts.field][0]), colour(_CROPS[facts.field][1])
    if facts.season == "winter":
        gap = colour("e8edf2")
    far, near = 70.0, view.nearest
    for side in (-1, 1):
        edge = half + 1.4
        span = [(side * edge, near), (side * edge, far), (side * 90, far), (side * 90, near)]
        canvas.polygon([view.project(x, 0, z) for x, z in span], gap)
        for number in reversed(range(12)):
            x = side * (edge + 0.8 + number * 2.6)
            _paint_row(canvas, view, x, row, facts.field)


def _paint_row(canvas: Canvas, view: View, x: float, paint: Colour, field: str) -> None:
    """One row of plants: the side that faces the road in shade, the top in the light."""
    tall, wide = (1.0, 0.42) if field == "vineyard" else (0.55, 0.8)
    depths = np.geomspace(view.nearest, 60.0, 9)
    left = [view.project(x - wide, tall, float(z)) for z in depths]
    right = [view.project(x + wide, tall, float(z)) for z in depths]
    inner = -math.copysign(wide, x)
    face = [view.project(x + inner, tall, float(z)) for z in depths]
    face += [view.project(x + inner, 0, float(z)) for z in depths[::-1]]
    canvas.polygon(face, mix(paint, "201810", 0.35))
    canvas.polygon(left + right[::-1], paint)
    if field != "sunflowers":
        return
    for z in np.geomspace(view.nearest * 1.02, 30, 11)[::-1]:
        px, py = view.project(x, tall + 0.25, float(z))
        r = 110 / z
        canvas.ellipse(px, py, r, r, "ffd23a")
        canvas.ellipse(px, py, r * 0.5, r * 0.5, "6b3d12")
