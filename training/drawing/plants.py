"""Trees and flowers, each standing with its foot at (x, y), `height` pixels tall."""

from __future__ import annotations

import math

import numpy as np

from training.drawing.canvas import SIZE, Canvas, Point
from training.drawing.facts import Facts
from training.drawing.palette import LEAVES, SNOW, WHITE, Colour, colour, mix

BARK = "5b4030"


def paint_tree(canvas: Canvas, kind: str, season: str, x: float, y: float, height: float) -> None:
    """A tree of a kind from `facts.TREES`; nothing at all below three pixels."""
    if height < 3:
        return
    painters = {
        "cypress": _cypress,
        "poplar": _poplar,
        "pine": _pine,
        "palm": _palm,
        "blossom": _blossom,
        "leafy": _leafy,
    }
    painters[kind](canvas, season, x, y, height)


def _cypress(canvas: Canvas, season: str, x: float, y: float, h: float) -> None:
    green = colour(canvas.choice(["1f4d2e", "2a5a33", "1b4428"]))
    w = h * canvas.between(0.10, 0.13)
    canvas.rectangle(x - h * 0.02, y - h * 0.12, x + h * 0.02, y, "4d3a28")
    left: list[Point] = [(x - w * s, y - h + h * t) for s, t in ((0.45, 0.16), (0.85, 0.42), (1.0, 0.7), (0.7, 0.95))]
    right: list[Point] = [(2 * x - px, py) for px, py in reversed(left)]
    canvas.blob([(x, y - h), *left, *right], green)
    canvas.blob([(x, y - h * 0.99), (x, y - h * 0.05), *right], mix(green, "0a2018", 0.45))
    if season == "winter":
        canvas.polygon([(x, y - h), (x - w * 0.5, y - h * 0.82), (x + w * 0.5, y - h * 0.82)], SNOW)


def _poplar(canvas: Canvas, season: str, x: float, y: float, h: float) -> None:
    if season == "winter":
        _bare(canvas, x, y, h, 0.14)
        return
    leaf = colour({"spring": "a4d65e", "summer": "5fa845", "autumn": canvas.choice(["f0c02e", "e8a92a"])}[season])
    w = h * canvas.between(0.12, 0.15)
    canvas.rectangle(x - h * 0.02, y - h * 0.25, x + h * 0.02, y, "c9bfae")
    side = ((0.5, 0.1), (0.95, 0.32), (1.0, 0.55), (0.7, 0.8))
    left = [(x - w * s, y - h + h * t) for s, t in side]
    right = [(x + w * s, y - h + h * t) for s, t in reversed(side)]
    canvas.blob([(x, y - h), *left, *right], leaf)
    canvas.blob([(x + w * 0.1, y - h * 0.95), (x + w * 0.05, y - h * 0.25), *right], mix(leaf, "305020", 0.25))


def _pine(canvas: Canvas, season: str, x: float, y: float, h: float) -> None:
    green = canvas.choice(["23533a", "2d6045", "1e4a3a"])
    canvas.rectangle(x - h * 0.03, y - h * 0.15, x + h * 0.03, y, "4d3a28")
    for tier in range(3):
        base, w = y - h * 0.12 - tier * h * 0.25, h * 0.26 * (1 - tier * 0.25)
        canvas.polygon([(x - w, base), (x + w, base), (x, base - h * 0.42)], green)
        canvas.polygon([(x + w * 0.1, base), (x + w, base), (x, base - h * 0.42)], mix(green, "0a2018", 0.3))
        if season == "winter":
            edge = base - h * 0.24
            canvas.polygon([(x - w * 0.45, edge), (x + w * 0.45, edge), (x, base - h * 0.42)], SNOW)


def _palm(canvas: Canvas, season: str, x: float, y: float, h: float) -> None:
    lean = h * canvas.between(0.04, 0.14)
    crown = (x + lean, y - h * 0.85)
    canvas.curve([(x, y), (x + lean * 0.3, y - h * 0.45), crown], "8a6a45", h * 0.05)
    green = colour("3d8a45")
    for number, angle in enumerate(np.linspace(-0.35, math.pi + 0.35, 7)):
        cx, sy = math.cos(angle), math.sin(angle)
        middle = (crown[0] + h * 0.19 * cx, crown[1] - h * 0.13 * sy)
        tip = (crown[0] + h * 0.33 * cx, crown[1] - h * 0.02 * sy + h * 0.06)
        canvas.curve([crown, middle, tip], mix(green, "1d5a30", 0.4 * (number % 2)), h * 0.05)


def _blossom(canvas: Canvas, season: str, x: float, y: float, h: float) -> None:
    _crown(canvas, x, y, h, colour(canvas.choice(["f7b6cf", "fbd3e0", "f49ac1", "f9c2d8"])))


def _leafy(canvas: Canvas, season: str, x: float, y: float, h: float) -> None:
    if season == "winter":
        _bare(canvas, x, y, h, 0.3)
        return
    _crown(canvas, x, y, h, colour(canvas.choice(LEAVES[season])))


def _crown(canvas: Canvas, x: float, y: float, h: float, leaf: Colour) -> None:
    """A round crown in three tones, lit from the upper left."""
    canvas.rectangle(x - h * 0.035, y - h * 0.45, x + h * 0.035, y, BARK)
    dark, light = mix(leaf, "402030", 0.18), mix(leaf, WHITE, 0.2)
    for dx, dy, r in ((-0.17, -0.58, 0.19), (0.18, -0.56, 0.2), (0.02, -0.52, 0.2)):
        canvas.ellipse(x + dx * h, y + dy * h, r * h, r * h * 0.9, dark)
    for dx, dy, r in ((-0.13, -0.68, 0.19), (0.14, -0.7, 0.18), (0.0, -0.8, 0.18)):
        canvas.ellipse(x + dx * h, y + dy * h, r * h, r * h * 0.92, leaf)
    canvas.ellipse(x - h * 0.08, y - h * 0.78, h * 0.12, h * 0.1, light)


def _bare(canvas: Canvas, x: float, y: float, h: float, spread: float) -> None:
    trunk = "6b5646"
    canvas.line([(x, y), (x, y - h * 0.95)], trunk, h * 0.05)
    for t in (0.35, 0.5, 0.65, 0.8):
        for side in (-1, 1):
            out = h * spread * (1.15 - t)
            canvas.line([(x, y - h * t), (x + side * out, y - h * (t + 0.2))], trunk, h * 0.025)
            canvas.ellipse(x + side * out, y - h * (t + 0.21), h * 0.045, h * 0.022, SNOW)


def paint_flowers(canvas: Canvas, facts: Facts, horizon: float) -> None:
    """Meadow flowers over the ground, larger towards the painter."""
    if not canvas.chance({"spring": 0.85, "summer": 0.35}.get(facts.season, 0.0)):
        return
    paint = canvas.choice(["e8455a", "f6d04a", "ffffff", "c07ad0", "f79ac0"])
    for _ in range(canvas.count(25, 60)):
        depth = canvas.between(0.05, 1) ** 0.7
        r = 0.6 + 2.4 * depth
        canvas.ellipse(canvas.between(0, SIZE), horizon + (SIZE - horizon) * depth, r, r * 0.8, paint)
