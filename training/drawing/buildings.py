"""Houses, churches and streets."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from training.drawing.canvas import SIZE, Canvas
from training.drawing.facts import Facts
from training.drawing.palette import LAMP, PLASTER, SNOW, STONE, TILES, colour, mix
from training.drawing.view import View


def paint_house(canvas: Canvas, facts: Facts, x: float, y: float, width: float) -> None:
    """A farmhouse seen from the front, its foot at (x, y)."""
    height = width * canvas.between(0.55, 0.75)
    wall = canvas.choice(PLASTER)
    roof = SNOW if facts.season == "winter" else canvas.choice(TILES)
    canvas.rectangle(x - width / 2, y - height, x + width / 2, y, wall)
    canvas.rectangle(x + width * 0.2, y - height, x + width / 2, y, mix(wall, "8a5a48", 0.22))
    eave, ridge = y - height, y - height * 1.45
    canvas.polygon(
        [
            (x - width * 0.58, eave),
            (x + width * 0.58, eave),
            (x + width * 0.4, ridge),
            (x - width * 0.4, ridge),
        ],
        roof,
    )
    lit = facts.light == "night"
    for offset in (-0.3, 0.0, 0.3):
        left = x + width * (offset - 0.06)
        canvas.rectangle(
            left,
            y - height * 0.78,
            left + width * 0.12,
            y - height * 0.45,
            LAMP if lit else "5a4a42",
            glow=lit,
        )
    canvas.rectangle(x - width * 0.07, y - height * 0.34, x + width * 0.07, y, "6a4128")


def paint_church(canvas: Canvas, facts: Facts, x: float, y: float, height: float) -> None:
    """A white church with a bell tower, far down the street."""
    roof = SNOW if facts.season == "winter" else canvas.choice(["8a4a3a", "5a6a7a", "a8503a"])
    half = height * 0.12
    canvas.rectangle(x + half, y - height * 0.42, x + half * 5.5, y, "e6dac4")
    canvas.polygon(
        [
            (x + half * 0.8, y - height * 0.42),
            (x + half * 5.7, y - height * 0.42),
            (x + half * 3.2, y - height * 0.66),
        ],
        roof,
    )
    canvas.rectangle(x - half, y - height, x + half, y, "f0e6d2")
    canvas.polygon([(x - half * 1.4, y - height), (x + half * 1.4, y - height), (x, y - height * 1.45)], roof)
    lit = facts.light == "night"
    canvas.rectangle(
        x - half * 0.4,
        y - height * 0.88,
        x + half * 0.4,
        y - height * 0.66,
        LAMP if lit else "4a4048",
        glow=lit,
    )


def paint_tower(canvas: Canvas, facts: Facts, x: float, y: float, width: float, height: float) -> None:
    """A stone tower with battlements or a pointed roof, at the end of a medieval street."""
    stone = mix(canvas.choice(STONE), "806850", 0.25)
    canvas.rectangle(x - width / 2, y - height, x + width / 2, y, stone)
    canvas.rectangle(x + width * 0.15, y - height, x + width / 2, y, mix(stone, "503828", 0.25))
    if canvas.chance(0.6):
        for share in np.linspace(-0.5, 0.5, 4):
            left = x + width * share * 1.1
            canvas.rectangle(left - width * 0.1, y - height - width * 0.22, left + width * 0.1, y - height, stone)
    else:
        roof = SNOW if facts.season == "winter" else canvas.choice(TILES)
        canvas.polygon([(x - width * 0.65, y - height), (x + width * 0.65, y - height), (x, y - height - width)], roof)
    lit = facts.light == "night"
    canvas.rectangle(x - 2.5, y - height * 0.8, x + 2.5, y - height * 0.64, LAMP if lit else "3a3038", glow=lit)


def paint_houses(canvas: Canvas, facts: Facts, view: View, distance: float, stone: bool) -> None:
    """Both sides of a street, from far to near; `distance` metres from its middle to the walls."""
    for side in (-1, 1):
        fronts = [canvas.between(1.8, 2.6)]
        while fronts[-1] < 40:
            fronts.append(fronts[-1] + canvas.between(3.0, 5.0) * (1 + fronts[-1] * 0.05))
        pairs = list(pairwise(fronts))
        for near, far in reversed(pairs):
            tall = canvas.between(5.0, 8.5) if stone else canvas.between(4.2, 7.0)
            _paint_row_house(canvas, facts, view, side * distance, (near, far), tall, STONE if stone else PLASTER)


def _paint_row_house(
    canvas: Canvas,
    facts: Facts,
    view: View,
    x: float,
    depth: tuple[float, float],
    tall: float,
    walls: list[str],
) -> None:
    near, far = depth
    outward = math.copysign(1.0, x)
    wall = colour(canvas.choice(walls))
    shade = mix(wall, "403028", 0.12 if x < 0 else 0.26)
    roof = SNOW if facts.season == "winter" else canvas.choice(TILES)
    place = view.project
    gable = [
        (x, 0.0),
        (x, tall),
        (x + outward * 3, tall + 1.8),
        (x + outward * 6, tall),
        (x + outward * 6, 0.0),
    ]
    slope = [(x - outward * 0.5, tall - 0.1, near), (x - outward * 0.5, tall - 0.1, far)]
    slope += [(x + outward * 3, tall + 1.8, far), (x + outward * 3, tall + 1.8, near)]
    canvas.polygon([place(*corner) for corner in slope], roof)
    canvas.polygon([place(a, b, near) for a, b in gable], mix(wall, "403028", 0.35))
    canvas.polygon([place(x, 0, near), place(x, tall, near), place(x, tall, far), place(x, 0, far)], shade)
    canvas.polygon(
        [place(*corner) for corner in (slope[0], slope[1], (x, tall - 0.5, far), (x, tall - 0.5, near))],
        mix(roof, "402018", 0.3),
    )
    columns = max(1, int((far - near) / 2.0))
    for floor in range(max(1, int(tall / 2.8))):
        for column in range(columns):
            start = near + (far - near) * (column + 0.3) / columns
            end = near + (far - near) * (column + 0.7) / columns
            sill = floor * 2.7 + 1.1
            lit = facts.light == "night" and canvas.chance(0.75)
            frame = [
                place(x, sill, start),
                place(x, sill + 1.4, start),
                place(x, sill + 1.4, end),
                place(x, sill, end),
            ]
            canvas.polygon(frame, LAMP if lit else "4a4048", glow=lit)


def paint_arch(canvas: Canvas, view: View, half: float) -> None:
    """A stone arch across the street."""
    z, reach = canvas.between(9, 15), half
    top = canvas.between(6.5, 8.0)
    opening = [
        view.project(reach * 0.8 * math.cos(a), 2.6 + reach * 0.8 * math.sin(a), z) for a in np.linspace(0, math.pi, 14)
    ]
    outline = [view.project(reach, 0, z), view.project(reach, top, z), view.project(-reach, top, z)]
    outline += [view.project(-reach, 0, z), view.project(-reach * 0.8, 0, z), *opening[::-1]]
    canvas.polygon([*outline, view.project(reach * 0.8, 0, z)], mix(canvas.choice(STONE), "504030", 0.2))


def paint_cobbles(canvas: Canvas, view: View, half: float, stone: str) -> None:
    """Cobblestones across a street `half` metres to each side."""
    for z in np.geomspace(view.nearest, 26, 15):
        for x in np.linspace(-half, half, 7):
            if not canvas.chance(0.6):
                continue
            px, py = view.project(x + canvas.between(-0.15, 0.15), 0, z)
            tone = mix(stone, "504840" if canvas.chance(0.6) else "ffffff", 0.2)
            canvas.ellipse(px, py, SIZE * 0.2 / z, SIZE * 0.05 * view.height / z, tone)
