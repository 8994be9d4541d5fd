"""Things that are not scenery: the stage, stilts, the wooden carving."""

from __future__ import annotations

import numpy as np

from training.drawing.animals import paint_long_ears
from training.drawing.canvas import SIZE, Canvas
from training.drawing.figure import Figure
from training.drawing.palette import BLACK, Colour, colour, mix


def paint_stage(canvas: Canvas) -> float:
    """A theatre stage with curtains and a spotlight. Returns the height of the floor's edge."""
    curtain = colour(canvas.choice(["b01c2c", "9c1838", "b8242c", "7c1a50", "234a96"]))
    wall = colour(canvas.choice(["3a2430", "2a2038", "452838"]))
    floor, centre = canvas.between(0.76, 0.82) * SIZE, SIZE / 2
    canvas.rectangle(0, 0, SIZE, SIZE, wall)
    canvas.polygon(
        [(centre - 22, 0), (centre + 22, 0), (centre + 92, floor + 22), (centre - 92, floor + 22)],
        mix(wall, "fff0c0", 0.32),
    )
    canvas.rectangle(0, floor, SIZE, SIZE, canvas.choice(["a8703c", "b98148"]))
    for number in range(-4, 5):
        canvas.line([(centre + number * 28, floor), (centre + number * 48, SIZE)], "7a5028", 1.5)
    canvas.ellipse(centre, floor + 20, 92, 13, "e2b67c")
    for side in (-1, 1):
        outer = centre + side * SIZE / 2
        for fold in range(4):
            x = outer - side * fold * 12
            tone = mix(curtain, BLACK, 0.3 * (fold % 2))
            canvas.polygon([(x, 0), (x - side * 13, 0), (x - side * 9, floor + 8), (x + side * 2, floor + 8)], tone)
    for number in range(8):
        canvas.ellipse((number + 0.5) * SIZE / 8, 4, SIZE / 14, 20, mix(curtain, BLACK, 0.15 * (number % 2)))
    return floor


def paint_stilts(canvas: Canvas, x: float, top: float, floor: float, spread: float) -> None:
    """Two poles with foot rests, from the floor to under the feet at `top`."""
    wood = canvas.choice(["e0b06a", "d49a54", "eccb90"])
    for side in (-1, 1):
        head, foot = x + side * spread, x + side * (spread + 12)
        canvas.line([(head - side * 3, top - 22), (foot, floor)], mix(wood, "5a3410", 0.3), 8)
        canvas.line([(head - side * 3 - 1, top - 22), (foot - 1, floor)], wood, 5)
        canvas.line([(head - 10, top + 3), (head + 10, top + 3)], "8a5a30", 6)


def paint_carving(canvas: Canvas) -> None:
    """A wooden carving of a rabbit on a plinth, against a plain wall."""
    wall = colour(canvas.choice(["8fb7bd", "d8c4a4", "a9c09a", "b0a6c4", "e0b090"]))
    canvas.rectangle(0, 0, SIZE, SIZE, wall)
    canvas.ellipse(128, 118, 108, 108, mix(wall, "ffffff", 0.22))
    canvas.rectangle(0, 214, SIZE, SIZE, mix(wall, "5a3a20", 0.55))
    wood = colour(canvas.choice(["b9793f", "a3652f", "c98f52"]))
    dark, light = mix(wood, "3a1c08", 0.4), mix(wood, "ffe8c0", 0.35)
    canvas.polygon([(60, 232), (196, 232), (184, 208), (72, 208)], mix(wood, "2a1408", 0.45))
    canvas.rectangle(54, 230, 202, 244, mix(wood, "2a1408", 0.6))
    _carved_rabbit(Figure(canvas, 128, 212, canvas.between(172, 188), canvas.choice([-1, 1])), wood, dark, light)


def _carved_rabbit(f: Figure, wood: Colour, dark: Colour, light: Colour) -> None:
    paint_long_ears(f, wood, dark)
    f.blob([(0, 0.56), (0.18, 0.45), (0.25, 0.2), (0.2, 0.0), (-0.2, 0.0), (-0.25, 0.2), (-0.18, 0.45)], wood)
    f.blob([(0.05, 0.5), (0.18, 0.42), (0.25, 0.2), (0.2, 0.0), (0.08, 0.0)], mix(wood, dark, 0.5))
    f.blob(
        [
            (0, 0.73),
            (0.14, 0.69),
            (0.19, 0.56),
            (0.12, 0.45),
            (0, 0.42),
            (-0.12, 0.45),
            (-0.19, 0.56),
            (-0.14, 0.69),
        ],
        wood,
    )
    for level in np.linspace(0.06, 0.4, 6):
        f.curve([(-0.2, level), (0, level + 0.045), (0.2, level)], dark, 0.009)
    for level in (0.5, 0.64):
        f.curve([(-0.13, level), (0, level + 0.03), (0.13, level)], mix(wood, dark, 0.6), 0.007)
    f.curve([(-0.17, 0.44), (-0.22, 0.22), (-0.19, 0.04)], light, 0.018)
    for side in (-1, 1):
        f.ellipse(side * 0.085, 0.585, 0.03, 0.034, dark)
        f.ellipse(side * 0.08, 0.03, 0.075, 0.04, mix(wood, dark, 0.35))
    f.polygon([(-0.025, 0.53), (0.025, 0.53), (0, 0.5)], dark)
    f.line([(0, 0.5), (0, 0.465)], dark, 0.01)
