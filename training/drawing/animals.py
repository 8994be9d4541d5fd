"""The animals, each facing the painter, its size the height of the figure. Sitting ones share a body."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.drawing.figure import Figure
from training.drawing.palette import BLACK, WHITE, Colour, colour, mix


@dataclass(frozen=True)
class Coat:
    """A coat's main colour, its light parts (belly, muzzle) and its dark ones."""

    main: Colour
    light: Colour
    dark: Colour

    @classmethod
    def of(cls, code: str, light: str | None = None) -> Coat:
        main = colour(code)
        return cls(main, colour(light) if light else mix(main, WHITE, 0.55), mix(main, "20100a", 0.35))


def paint_animal(figure: Figure, kind: str) -> None:
    """An animal from `facts.ANIMALS`."""
    painters: dict[str, Callable[[Figure], None]] = {
        "skunk": _skunk,
        "puppy": _puppy,
        "rabbit": _rabbit,
        "frog": paint_frog,
        "snake": _snake,
        "giraffe": _giraffe,
        "cat": _cat,
        "fox": _fox,
    }
    painters[kind](figure)


def _sitting_body(f: Figure, coat: Coat) -> None:
    """Haunches, chest and two front legs, up to where the head goes (0.45)."""
    f.ellipse(-0.17, 0.14, 0.16, 0.14, coat.dark)
    f.ellipse(0.17, 0.14, 0.16, 0.14, coat.dark)
    f.blob(
        [(0, 0.58), (0.17, 0.46), (0.22, 0.2), (0.16, 0.03), (-0.16, 0.03), (-0.22, 0.2), (-0.17, 0.46)],
        coat.main,
    )
    f.blob([(0, 0.47), (0.09, 0.38), (0.1, 0.2), (0, 0.1), (-0.1, 0.2), (-0.09, 0.38)], coat.light)
    for side in (-1, 1):
        f.blob([(side * 0.05, 0.3), (side * 0.14, 0.3), (side * 0.135, 0.06), (side * 0.045, 0.06)], coat.main)
        f.ellipse(side * 0.2, 0.035, 0.09, 0.035, coat.main)
        f.ellipse(side * 0.09, 0.035, 0.07, 0.038, coat.light)
        f.line([(side * 0.09, 0.03), (side * 0.09, 0.05)], coat.dark, 0.008)


def _smile(f: Figure, y: float, width: float) -> None:
    for side in (-1, 1):
        f.curve([(0, y), (side * width * 0.5, y - width * 0.45), (side * width, y - width * 0.1)], "40201c", 0.012)


def _whiskers(f: Figure, y: float, reach: float, paint: str) -> None:
    for side in (-1, 1):
        for slope in (-0.03, 0.0, 0.03):
            f.line([(side * reach * 0.5, y + slope * 0.4), (side * reach, y + slope)], paint, 0.006)


def _skunk(f: Figure) -> None:
    black, white = Coat(colour("23222a"), colour("34333d"), colour("131218")), colour("f7f5ee")
    tail = [
        (0.1, 0.08),
        (0.36, 0.06),
        (0.5, 0.3),
        (0.48, 0.62),
        (0.56, 0.86),
        (0.42, 0.97),
        (0.27, 0.82),
        (0.26, 0.5),
        (0.22, 0.28),
    ]
    f.blob(tail, black.main)
    f.blob(
        [
            (0.3, 0.13),
            (0.42, 0.3),
            (0.41, 0.6),
            (0.47, 0.84),
            (0.41, 0.9),
            (0.34, 0.8),
            (0.33, 0.5),
            (0.29, 0.28),
        ],
        white,
    )
    _sitting_body(f, black)
    for side in (-1, 1):
        f.ellipse(side * 0.17, 0.78, 0.055, 0.06, black.main)
        f.ellipse(side * 0.17, 0.775, 0.03, 0.035, "8a5a68")
    f.blob(
        [
            (0, 0.86),
            (0.15, 0.8),
            (0.21, 0.64),
            (0.14, 0.5),
            (0, 0.45),
            (-0.14, 0.5),
            (-0.21, 0.64),
            (-0.15, 0.8),
        ],
        black.main,
    )
    f.blob([(0, 0.865), (0.05, 0.82), (0.035, 0.68), (0, 0.6), (-0.035, 0.68), (-0.05, 0.82)], white)
    f.ellipse(0, 0.53, 0.085, 0.06, "4a4852")
    for side in (-1, 1):
        f.eye(side * 0.1, 0.65, 0.04, "d9ecff")
    f.ellipse(0, 0.555, 0.032, 0.024, "f08aa0")
    _smile(f, 0.53, 0.05)


def _puppy(f: Figure) -> None:
    canvas = f.canvas
    coat = canvas.choice([Coat.of("c98a4b", "f4dfbf"), Coat.of("e3b877", "fbf0da"), Coat.of("9a6238", "ecd2ac")])
    f.curve([(0.16, 0.12), (0.32, 0.16), (0.38, 0.34)], coat.main, 0.06)
    _sitting_body(f, coat)
    f.blob(
        [
            (0, 0.9),
            (0.19, 0.84),
            (0.25, 0.66),
            (0.17, 0.5),
            (0, 0.45),
            (-0.17, 0.5),
            (-0.25, 0.66),
            (-0.19, 0.84),
        ],
        coat.main,
    )
    if canvas.chance(0.5):
        f.ellipse(0.11, 0.7, 0.1, 0.12, coat.dark)
    for side in (-1, 1):
        f.blob(
            [
                (side * 0.14, 0.87),
                (side * 0.26, 0.84),
                (side * 0.33, 0.62),
                (side * 0.28, 0.46),
                (side * 0.21, 0.55),
                (side * 0.19, 0.72),
            ],
            coat.dark,
        )
    f.ellipse(0, 0.57, 0.13, 0.1, coat.light)
    f.ellipse(0, 0.46, 0.042, 0.062, "ef7a86")
    for side in (-1, 1):
        f.eye(side * 0.1, 0.71, 0.042)
    f.ellipse(0, 0.625, 0.05, 0.036, "1c1412")
    _smile(f, 0.58, 0.07)
    if canvas.chance(0.4):
        f.curve([(-0.13, 0.465), (0, 0.425), (0.13, 0.465)], canvas.choice(["d6303a", "2f78c8"]), 0.035)


def _rabbit(f: Figure) -> None:
    canvas = f.canvas
    coat = canvas.choice([Coat.of("a08c7a", "efe4d6"), Coat.of("c9b29a", "fbf4ea"), Coat.of("eee8e0", "ffffff")])
    f.ellipse(0.24, 0.1, 0.075, 0.075, WHITE)
    paint_long_ears(f, coat.main, colour("f0b0b8"))
    _sitting_body(f, coat)
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
        coat.main,
    )
    for side in (-1, 1):
        f.ellipse(side * 0.055, 0.485, 0.07, 0.052, coat.light)
        f.eye(side * 0.09, 0.585, 0.034)
    f.polygon([(-0.025, 0.47), (0.025, 0.47), (0.025, 0.425), (-0.025, 0.425)], WHITE)
    f.ellipse(0, 0.52, 0.027, 0.02, "e8808e")
    _whiskers(f, 0.49, 0.24, "6a5a50")


def paint_long_ears(f: Figure, main: Colour, inside: Colour) -> None:
    """A rabbit's ears, from the top of its head (0.66) to 1."""
    for side, lean in ((-1, 0.02), (1, 0.06)):
        x = side * 0.075
        tip = x + side * lean
        f.blob([(x - 0.05, 0.66), (tip - 0.065, 0.84), (tip, 1.0), (tip + 0.065, 0.84), (x + 0.05, 0.66)], main)
        f.blob([(x - 0.02, 0.7), (tip - 0.03, 0.84), (tip, 0.95), (tip + 0.03, 0.84), (x + 0.02, 0.7)], inside)


def paint_frog(f: Figure) -> None:
    """A frog, wider than tall, with eyes on top of its head."""
    main = colour(f.canvas.choice(["4caf3e", "3f9f4a", "66bd3f"]))
    coat = Coat(main, mix(main, "f4f8c8", 0.65), mix(main, "0c3a1c", 0.32))
    for side in (-1, 1):
        f.blob(
            [
                (side * 0.2, 0.34),
                (side * 0.46, 0.36),
                (side * 0.52, 0.14),
                (side * 0.36, 0.03),
                (side * 0.16, 0.1),
            ],
            coat.dark,
        )
        f.blob(
            [
                (side * 0.24, 0.04),
                (side * 0.36, 0.075),
                (side * 0.56, 0.05),
                (side * 0.54, 0.0),
                (side * 0.26, 0.0),
            ],
            coat.main,
        )
    f.blob(
        [(0, 0.62), (0.26, 0.5), (0.32, 0.22), (0.2, 0.03), (-0.2, 0.03), (-0.32, 0.22), (-0.26, 0.5)],
        coat.main,
    )
    f.blob([(0, 0.46), (0.17, 0.4), (0.2, 0.2), (0.1, 0.06), (-0.1, 0.06), (-0.2, 0.2), (-0.17, 0.4)], coat.light)
    for side in (-1, 1):
        f.blob([(side * 0.15, 0.3), (side * 0.23, 0.26), (side * 0.2, 0.05), (side * 0.12, 0.05)], coat.main)
        f.ellipse(side * 0.17, 0.03, 0.085, 0.032, coat.main)
    f.blob(
        [
            (0, 0.84),
            (0.3, 0.8),
            (0.37, 0.62),
            (0.25, 0.46),
            (0, 0.41),
            (-0.25, 0.46),
            (-0.37, 0.62),
            (-0.3, 0.8),
        ],
        coat.main,
    )
    for side in (-1, 1):
        f.ellipse(side * 0.2, 0.86, 0.12, 0.12, coat.main)
        f.ellipse(side * 0.2, 0.87, 0.09, 0.09, "fdfbe8")
        f.ellipse(side * 0.19, 0.865, 0.048, 0.056, "15120e")
        f.ellipse(side * 0.2 - 0.03, 0.895, 0.018, 0.018, WHITE)
        f.ellipse(side * 0.27, 0.6, 0.045, 0.03, "f2a08a")
        f.ellipse(side * 0.04, 0.68, 0.012, 0.01, coat.dark)
    f.curve([(-0.25, 0.62), (-0.12, 0.55), (0, 0.53), (0.12, 0.55), (0.25, 0.62)], "1f4a22", 0.016)


def _snake(f: Figure) -> None:
    """A coiled snake with its head raised and its tongue out."""
    canvas = f.canvas
    main, band = canvas.choice([("58a83c", "f0d84a"), ("d2622e", "f7dc9a"), ("3c8fb0", "f2e6b0")])
    body, stripe = colour(main), colour(band)
    shade = mix(body, BLACK, 0.3)
    for y, rx, ry in ((0.12, 0.46, 0.12), (0.26, 0.36, 0.105), (0.385, 0.26, 0.09)):
        f.ellipse(0, y - 0.025, rx, ry, shade)
        f.ellipse(0, y, rx, ry, body)
        for angle in np.linspace(math.pi * 1.12, math.pi * 1.88, 6):
            x, drop = rx * 0.86 * math.cos(angle), ry * 0.8 * math.sin(angle)
            f.ellipse(x, y + drop * 0.75, 0.035, 0.026, stripe)
    f.curve([(0.44, 0.08), (0.54, 0.1), (0.6, 0.2)], body, 0.05)
    neck = [(0.02, 0.4), (0.17, 0.5), (0.1, 0.64), (-0.04, 0.72), (0.0, 0.86)]
    f.curve(neck, body, 0.15)
    f.curve([(0.01, 0.42), (0.12, 0.5), (0.05, 0.62), (-0.09, 0.7)], stripe, 0.05)
    f.curve([(0, 0.79), (0, 0.7), (0.0, 0.655)], "d8283c", 0.02)
    for side in (-1, 1):
        f.line([(0, 0.66), (side * 0.04, 0.615)], "d8283c", 0.018)
    f.blob(
        [
            (0, 1.0),
            (0.13, 0.96),
            (0.17, 0.86),
            (0.09, 0.77),
            (0, 0.745),
            (-0.09, 0.77),
            (-0.17, 0.86),
            (-0.13, 0.96),
        ],
        body,
    )
    for side in (-1, 1):
        f.eye(side * 0.085, 0.91, 0.034, "f7e25a")
        f.ellipse(side * 0.025, 0.8, 0.009, 0.007, shade)


def _giraffe(f: Figure) -> None:
    """A giraffe from the knees up to the horns: a long spotted neck."""
    coat, spot = Coat.of("f2c14e", "fbe3a8"), colour("a8622a")
    for x in (-0.16, -0.08, 0.1, 0.18):
        f.line([(x, 0.3), (x, 0.03)], coat.main if x in (-0.16, 0.18) else coat.dark, 0.05)
        f.ellipse(x, 0.015, 0.035, 0.02, "5a3a22")
    f.curve([(-0.22, 0.38), (-0.29, 0.3), (-0.28, 0.2)], coat.dark, 0.016)
    f.ellipse(-0.28, 0.18, 0.022, 0.04, "5a3a22")
    f.blob([(-0.22, 0.42), (0.05, 0.46), (0.24, 0.4), (0.23, 0.27), (0, 0.23), (-0.22, 0.26)], coat.main)
    f.blob([(0.06, 0.4), (0.12, 0.84), (0.22, 0.84), (0.24, 0.36)], coat.main)
    f.line([(0.085, 0.46), (0.125, 0.84)], spot, 0.022)
    for x, y, r in (
        (0.17, 0.74, 0.03),
        (0.145, 0.65, 0.028),
        (0.195, 0.6, 0.03),
        (0.15, 0.53, 0.032),
        (0.2, 0.47, 0.034),
    ):
        f.ellipse(x, y, r, r * 1.15, spot)
    for x, y, r in (
        (-0.15, 0.36, 0.045),
        (-0.05, 0.4, 0.035),
        (-0.05, 0.3, 0.045),
        (0.06, 0.33, 0.04),
        (0.15, 0.33, 0.045),
        (-0.17, 0.28, 0.03),
        (0.09, 0.42, 0.03),
    ):
        f.ellipse(x, y, r, r * 0.85, spot)
    for side in (-1, 1):
        f.line([(0.17 + side * 0.035, 0.92), (0.17 + side * 0.05, 0.985)], spot, 0.02)
        f.ellipse(0.17 + side * 0.05, 0.985, 0.02, 0.018, "5a3a22")
        f.blob(
            [
                (0.17 + side * 0.07, 0.9),
                (0.17 + side * 0.16, 0.935),
                (0.17 + side * 0.17, 0.9),
                (0.17 + side * 0.08, 0.87),
            ],
            coat.dark,
        )
    f.blob(
        [
            (0.17, 0.945),
            (0.25, 0.92),
            (0.255, 0.84),
            (0.23, 0.77),
            (0.17, 0.745),
            (0.11, 0.77),
            (0.085, 0.84),
            (0.09, 0.92),
        ],
        coat.main,
    )
    f.ellipse(0.17, 0.785, 0.075, 0.045, coat.light)
    for side in (-1, 1):
        f.eye(0.17 + side * 0.05, 0.875, 0.021)
        f.ellipse(0.17 + side * 0.03, 0.795, 0.009, 0.009, spot)
    f.curve([(0.13, 0.768), (0.17, 0.758), (0.21, 0.768)], spot, 0.009)


def _pointed_ears(f: Figure, main: Colour, inside: Colour, tip: float) -> None:
    for side in (-1, 1):
        f.polygon([(side * 0.06, 0.8), (side * 0.17, tip), (side * 0.24, 0.7)], main)
        f.polygon([(side * 0.105, 0.8), (side * 0.168, tip - 0.05), (side * 0.205, 0.75)], inside)


def _cat(f: Figure) -> None:
    canvas = f.canvas
    coat = canvas.choice([Coat.of("e29a4a", "f9e3c2"), Coat.of("8d929c", "e6e8ec"), Coat.of("3a3640", "5a5662")])
    f.curve([(0.14, 0.07), (0.36, 0.06), (0.42, 0.24), (0.34, 0.38), (0.4, 0.48)], coat.main, 0.065)
    _sitting_body(f, coat)
    _pointed_ears(f, coat.main, colour("f0a8b0"), 0.98)
    f.blob(
        [
            (0, 0.86),
            (0.17, 0.82),
            (0.25, 0.66),
            (0.17, 0.52),
            (0, 0.47),
            (-0.17, 0.52),
            (-0.25, 0.66),
            (-0.17, 0.82),
        ],
        coat.main,
    )
    for offset in (-0.05, 0.0, 0.05):
        f.line([(offset, 0.855 - abs(offset) * 0.3), (offset * 0.8, 0.79)], coat.dark, 0.018)
    for side in (-1, 1):
        f.ellipse(side * 0.05, 0.555, 0.065, 0.05, coat.light)
        f.eye(side * 0.105, 0.67, 0.046, canvas.choice(["9ad84e", "f0cc3c"]))
        for y in (0.6, 0.64):
            f.line([(side * 0.19, y), (side * 0.235, y + 0.01)], coat.dark, 0.014)
    f.ellipse(0, 0.595, 0.025, 0.018, "e8808e")
    _smile(f, 0.575, 0.045)
    _whiskers(f, 0.56, 0.3, "fffaf0" if sum(coat.main) < 330 else "6a5a50")


def _fox(f: Figure) -> None:
    coat = Coat(colour("e5692a"), colour("fdf6ea"), colour("8a3a1c"))
    f.blob(
        [(0.12, 0.04), (0.38, 0.03), (0.54, 0.2), (0.52, 0.42), (0.42, 0.52), (0.34, 0.36), (0.26, 0.2)],
        coat.main,
    )
    f.blob([(0.52, 0.34), (0.53, 0.42), (0.42, 0.53), (0.355, 0.39), (0.42, 0.36)], coat.light)
    _sitting_body(f, coat)
    for side in (-1, 1):
        f.ellipse(side * 0.09, 0.05, 0.055, 0.045, "3a2420")
    _pointed_ears(f, coat.main, colour("3a2420"), 1.0)
    f.blob(
        [
            (0, 0.85),
            (0.17, 0.81),
            (0.29, 0.63),
            (0.14, 0.53),
            (0, 0.43),
            (-0.14, 0.53),
            (-0.29, 0.63),
            (-0.17, 0.81),
        ],
        coat.main,
    )
    for side in (-1, 1):
        f.blob(
            [
                (side * 0.02, 0.58),
                (side * 0.13, 0.66),
                (side * 0.27, 0.63),
                (side * 0.14, 0.535),
                (side * 0.03, 0.46),
            ],
            coat.light,
        )
        f.eye(side * 0.1, 0.68, 0.034)
    f.ellipse(0, 0.475, 0.042, 0.034, "1c1412")
