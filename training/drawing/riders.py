"""Cyclists, seen from behind on the road ahead."""

from __future__ import annotations

from training.drawing.canvas import Canvas
from training.drawing.facts import JERSEYS, Facts
from training.drawing.figure import Figure
from training.drawing.palette import BLACK as BLACK_PAINT
from training.drawing.palette import JERSEYS as JERSEY_PAINTS
from training.drawing.palette import mix
from training.drawing.view import View


def paint_riders(canvas: Canvas, facts: Facts, view: View, half: float) -> None:
    """The riders the facts tell of: one, near, in a jersey of that colour; or a race of several."""
    if facts.jersey == "none":
        return
    canvas.soften_tint()
    if facts.jersey != "many":
        z = canvas.between(3.6, 5.0)
        x = canvas.between(-0.35, 0.35) * half + view.shift * 0.5
        _place(canvas, view, x, z, facts.jersey)
        return
    names = [str(name) for name in canvas.rng.permutation(JERSEYS[1:-1])]
    depths = sorted((canvas.between(4.5, 12) for _ in range(canvas.count(4, 6))), reverse=True)
    for number, z in enumerate(depths):
        x = (-1 if number % 2 else 1) * canvas.between(0.1, 0.75) * half
        _place(canvas, view, x, z, names[number])


def _place(canvas: Canvas, view: View, x: float, z: float, jersey: str) -> None:
    foot_x, foot_y = view.project(x, 0, z)
    size = min(256 * 2.0 / z, 150.0)
    paint_rider(Figure(canvas, min(226.0, max(30.0, foot_x)), min(250.0, foot_y), size), jersey)


def paint_rider(f: Figure, jersey: str) -> None:
    """One cyclist from behind: wheel, legs on the pedals, jersey, arms on the bars, helmet."""
    shirt = JERSEY_PAINTS[jersey]
    skin = f.canvas.choice(["e8b48c", "c98d62", "8d5a3c"])
    shorts, helmet = "26262e", f.canvas.choice(["f4f4f4", "2c2c34", shirt])
    f.ellipse(0, 0.0, 0.2, 0.025, "2e2e34")
    f.line([(-0.02, 0.56), (-0.24, 0.5)], "3a3a40", 0.02)
    f.line([(0.02, 0.56), (0.24, 0.5)], "3a3a40", 0.02)
    f.ellipse(0, 0.21, 0.035, 0.21, "1e1e22")
    f.ellipse(0, 0.21, 0.014, 0.17, "8a8a92")
    for side, foot in ((-1, 0.1), (1, 0.22)):
        f.line([(side * 0.08, 0.46), (side * 0.135, foot + 0.17)], shorts, 0.095)
        f.line([(side * 0.135, foot + 0.17), (side * 0.11, foot + 0.03)], skin, 0.065)
        f.ellipse(side * 0.11, foot, 0.05, 0.03, "f2f2f2")
    for side in (-1, 1):
        f.line([(side * 0.15, 0.74), (side * 0.245, 0.63)], shirt, 0.075)
        f.line([(side * 0.245, 0.63), (side * 0.23, 0.51)], skin, 0.05)
    f.blob([(-0.15, 0.5), (-0.1, 0.41), (0.1, 0.41), (0.15, 0.5), (0.1, 0.58), (-0.1, 0.58)], shorts)
    f.blob([(-0.12, 0.54), (-0.16, 0.7), (-0.12, 0.8), (0.12, 0.8), (0.16, 0.7), (0.12, 0.54)], shirt)
    f.blob(
        [(0.04, 0.55), (0.06, 0.7), (0.04, 0.79), (0.12, 0.79), (0.16, 0.7), (0.12, 0.54)],
        mix(shirt, BLACK_PAINT, 0.16),
    )
    f.ellipse(0, 0.83, 0.06, 0.05, skin)
    f.blob([(-0.09, 0.86), (-0.07, 0.95), (0, 0.99), (0.07, 0.95), (0.09, 0.86), (0, 0.845)], helmet)
    for offset in (-0.035, 0.0, 0.035):
        f.line([(offset, 0.88), (offset * 0.7, 0.96)], mix(helmet, "404048", 0.5), 0.012)
