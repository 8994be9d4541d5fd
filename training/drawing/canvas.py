"""A 256×256 canvas with smooth edges: everything is drawn at twice the size and averaged down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.drawing.palette import TINTS, Colour, colour

SIZE = 256
OVERSAMPLING = 2
Point = tuple[float, float]
Paint = Colour | str
T = TypeVar("T")


class Canvas:
    """Coordinates are pixels of the finished picture, y downwards; shapes may reach outside it.

    Every colour is tinted by the light of the scene unless it is said to `glow` (a lamp, the sun, the sky).
    """

    def __init__(self, rng: np.random.Generator, light: str) -> None:
        self.rng = rng
        self.tint: Colour = TINTS[light]
        self._shift = rng.normal(0, 4, 3)
        side = SIZE * OVERSAMPLING
        self._image = Image.new("RGB", (side, side))
        self._draw = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        return self._image.reduce(OVERSAMPLING)

    def soften_tint(self) -> None:
        """Halve the light's tint from here on: a subject stays readable at night, and a jersey keeps its name."""
        red, green, blue = self.tint
        self.tint = (red * 0.5 + 0.5, green * 0.5 + 0.5, blue * 0.5 + 0.5)

    # Chance

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def count(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def choice(self, options: Sequence[T]) -> T:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        return float(self.rng.random()) < probability

    # Shapes

    def polygon(self, points: Iterable[Point], paint: Paint, *, glow: bool = False) -> None:
        scaled = [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points]
        self._draw.polygon(scaled, fill=self._ink(paint, glow))

    def blob(self, points: Sequence[Point], paint: Paint, *, glow: bool = False) -> None:
        """A closed shape that passes smoothly through `points` (a Catmull-Rom spline)."""
        self.polygon(smooth(points), paint, glow=glow)

    def ellipse(self, x: float, y: float, rx: float, ry: float, paint: Paint, *, glow: bool = False) -> None:
        rx, ry = max(rx, 0.3), max(ry, 0.3)
        box = [v * OVERSAMPLING for v in (x - rx, y - ry, x + rx, y + ry)]
        self._draw.ellipse(box, fill=self._ink(paint, glow))

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, paint: Paint, *, glow: bool = False) -> None:
        box = [v * OVERSAMPLING for v in (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))]
        self._draw.rectangle(box, fill=self._ink(paint, glow))

    def line(self, points: Sequence[Point], paint: Paint, width: float, *, glow: bool = False) -> None:
        """A line with round joints and ends, `width` pixels wide."""
        ink, wide = self._ink(paint, glow), max(1, round(width * OVERSAMPLING))
        scaled = [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points]
        self._draw.line(scaled, fill=ink, width=wide, joint="curve")
        if wide > 3:
            r = wide / 2 - 0.5
            for x, y in (scaled[0], scaled[-1]):
                self._draw.ellipse([x - r, y - r, x + r, y + r], fill=ink)

    def curve(self, points: Sequence[Point], paint: Paint, width: float) -> None:
        """A line that passes smoothly through `points`."""
        self.line(smooth(points, closed=False), paint, width)

    def gradient(self, top: Colour, bottom: Colour, height: float) -> None:
        """Fill the canvas from `top` to `bottom`, reached at `height`. Not tinted: it is the sky."""
        side = SIZE * OVERSAMPLING
        share = np.clip(np.arange(side) / max(1.0, height * OVERSAMPLING), 0, 1)[:, None]
        rows = np.array(top) * (1 - share) + np.array(bottom) * share + self._shift
        levels = np.broadcast_to(rows.clip(0, 255).astype(np.uint8)[:, None], (side, side, 3))
        self._image.paste(Image.fromarray(np.ascontiguousarray(levels)))

    def veil(self, paint: Colour, share: float, mask: NDArray[np.float64]) -> None:
        """Lay `paint` over the picture, `share` × `mask` (SIZE×1 or SIZE×SIZE, 0 … 1) of it: mist, a spotlight."""
        side = SIZE * OVERSAMPLING
        levels = (np.broadcast_to(mask, (SIZE, SIZE)) * share * 255).astype(np.uint8)
        alpha = Image.fromarray(np.ascontiguousarray(levels)).resize((side, side), Image.Resampling.BILINEAR)
        self._image.paste(Image.new("RGB", (side, side), self._ink(paint, False)), mask=alpha)

    def _ink(self, paint: Paint, glow: bool) -> tuple[int, int, int]:
        plain = colour(paint) if isinstance(paint, str) else paint
        if glow:
            red, green, blue = plain
        else:
            red, green, blue = (
                (value + shift) * tint for value, shift, tint in zip(plain, self._shift, self.tint, strict=True)
            )
        return (_byte(red), _byte(green), _byte(blue))


def _byte(value: float) -> int:
    return int(min(255.0, max(0.0, value)))


# Weights of four neighbouring points at six places between the middle two.
_T = np.linspace(0, 1, 7)[:-1]
_SPLINE = 0.5 * np.stack(
    [-_T + 2 * _T**2 - _T**3, 2 - 5 * _T**2 + 3 * _T**3, _T + 4 * _T**2 - 3 * _T**3, -(_T**2) + _T**3], axis=1
)


def smooth(points: Sequence[Point], *, closed: bool = True) -> list[Point]:
    """A Catmull-Rom spline through `points`, as a polygon."""
    knots = np.asarray(points, float)
    if closed:
        around = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        around = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    windows = np.stack([around[i : len(around) - 3 + i] for i in range(4)], axis=1)
    dense = np.einsum("tk,nkd->ntd", _SPLINE, windows).reshape(-1, 2)
    if not closed:
        dense = np.concatenate([dense, knots[-1:]])
    return [(float(x), float(y)) for x, y in dense]
