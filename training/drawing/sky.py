"""Skies: a gradient, the sun or the moon, clouds, stars; and the weather that falls in front of everything."""

from __future__ import annotations

import numpy as np

from training.drawing.canvas import SIZE, Canvas
from training.drawing.facts import Facts
from training.drawing.palette import GREY_SKIES, SKIES, WHITE, Colour, colour, mix


def paint_sky(canvas: Canvas, facts: Facts, horizon: float) -> Colour:
    """Fill the canvas with sky down to `horizon`. Returns the haze: the colour far things fade into."""
    grey = facts.weather in ("rain", "snow", "clouds")
    high, low = GREY_SKIES[facts.light] if grey else canvas.choice(SKIES[facts.light])
    top, bottom = colour(high), colour(low)
    canvas.gradient(top, bottom, horizon)
    if facts.light == "night":
        if not grey:
            _stars(canvas, horizon)
        _moon(canvas, horizon, top)
    elif facts.light == "sunset":
        _setting_sun(canvas, horizon, bottom)
    elif not grey:
        _sun(canvas, horizon)
    _clouds(canvas, facts, horizon, bottom)
    return bottom


def _sun(canvas: Canvas, horizon: float) -> None:
    x, y, r = canvas.between(0.1, 0.9) * SIZE, canvas.between(0.12, 0.4) * horizon, canvas.between(10, 18)
    canvas.ellipse(x, y, r * 1.35, r * 1.35, "fdeeb4", glow=True)
    canvas.ellipse(x, y, r, r, "ffdf6b", glow=True)


def _setting_sun(canvas: Canvas, horizon: float, low: Colour) -> None:
    r = canvas.between(18, 32)
    x, y = canvas.between(0.15, 0.85) * SIZE, horizon - canvas.between(0.0, 0.35) * horizon
    canvas.ellipse(x, y, r * 1.35, r * 1.35, mix(low, "fff0b0", 0.4), glow=True)
    canvas.ellipse(x, y, r, r, canvas.choice(["ffe08a", "ffd060", "fff0b8"]), glow=True)


def _moon(canvas: Canvas, horizon: float, sky: Colour) -> None:
    x, y, r = canvas.between(0.12, 0.88) * SIZE, canvas.between(0.14, 0.4) * horizon, canvas.between(10, 17)
    canvas.ellipse(x, y, r, r, "fdf4cf", glow=True)
    if canvas.chance(0.5):
        canvas.ellipse(x + r * 0.45, y - r * 0.2, r * 0.88, r * 0.88, mix(sky, "2c3f78", 0.25), glow=True)


def _stars(canvas: Canvas, horizon: float) -> None:
    for _ in range(canvas.count(20, 45)):
        r = canvas.between(0.6, 1.5)
        canvas.ellipse(canvas.between(0, SIZE), canvas.between(0, horizon), r, r, "fff6d8", glow=True)


def _clouds(canvas: Canvas, facts: Facts, horizon: float, low: Colour) -> None:
    heavy = facts.weather in ("clouds", "rain", "snow")
    shade = {"day": mix(WHITE, low, 0.35), "sunset": mix("ffd9c0", low, 0.3), "night": colour("46527a")}[facts.light]
    number = canvas.count(4, 7) if heavy else canvas.count(0, 3) if facts.light == "day" else 0
    for _ in range(number):
        x, y = canvas.between(-0.05, 1.05) * SIZE, canvas.between(0.08, 0.6) * horizon
        w = canvas.between(22, 40) if heavy else canvas.between(12, 24)
        paint = mix(shade, WHITE, canvas.between(0, 0.7) if facts.light != "night" else 0.0)
        if not heavy and facts.light == "day":
            paint = WHITE
        for dx, dy, size in ((-0.7, 0.0, 0.55), (0.0, -0.16, 0.75), (0.7, 0.02, 0.5)):
            canvas.ellipse(x + dx * w, y + dy * w, size * w, size * w * 0.5, paint, glow=True)
        canvas.rectangle(x - w * 1.1, y + w * 0.1, x + w * 1.1, y + w * 0.27, paint, glow=True)


def paint_weather(canvas: Canvas, facts: Facts, horizon: float, haze: Colour) -> None:
    """What hangs or falls between the painter and the scene."""
    if facts.weather == "mist":
        rows = np.arange(SIZE, dtype=float)[:, None]
        band = np.exp(-(((rows - horizon - 14) / 46) ** 2))
        pale = mix(haze, WHITE if facts.light == "day" else "c0a8b0", 0.35)
        canvas.veil(pale, 0.78, band)
    elif facts.weather == "rain":
        paint = mix("e4eef6", haze, 0.2)
        for _ in range(canvas.count(50, 80)):
            x, y, length = canvas.between(-10, SIZE + 10), canvas.between(-10, SIZE), canvas.between(9, 18)
            canvas.line([(x, y), (x - length * 0.28, y + length)], paint, 1.0)
    elif facts.weather == "snow":
        for _ in range(canvas.count(70, 110)):
            r = canvas.between(0.9, 2.6)
            canvas.ellipse(canvas.between(0, SIZE), canvas.between(0, SIZE), r, r, WHITE, glow=facts.light != "night")
