"""A figure's own frame: its foot at the origin, y upwards, its height 1. Figures are drawn once and placed anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.drawing.canvas import Canvas, Paint, Point


@dataclass(frozen=True)
class Figure:
    """A place on a canvas to draw a figure in: `size` pixels tall, mirrored when `facing` is −1."""

    canvas: Canvas
    x: float
    y: float
    size: float
    facing: int = 1

    def at(self, x: float, y: float) -> Point:
        return (self.x + self.facing * x * self.size, self.y - y * self.size)

    def ellipse(self, x: float, y: float, rx: float, ry: float, paint: Paint) -> None:
        px, py = self.at(x, y)
        self.canvas.ellipse(px, py, rx * self.size, ry * self.size, paint)

    def blob(self, points: Sequence[Point], paint: Paint) -> None:
        self.canvas.blob([self.at(x, y) for x, y in points], paint)

    def polygon(self, points: Sequence[Point], paint: Paint) -> None:
        self.canvas.polygon([self.at(x, y) for x, y in points], paint)

    def curve(self, points: Sequence[Point], paint: Paint, width: float) -> None:
        self.canvas.curve([self.at(x, y) for x, y in points], paint, max(1.0, width * self.size))

    def line(self, points: Sequence[Point], paint: Paint, width: float) -> None:
        self.canvas.line([self.at(x, y) for x, y in points], paint, max(1.0, width * self.size))

    def eye(self, x: float, y: float, r: float, iris: Paint | None = None) -> None:
        """A round eye with a highlight; with an iris a white shows round it."""
        if iris is not None:
            self.ellipse(x, y, r * 1.25, r * 1.3, "fbf8f0")
            self.ellipse(x, y, r, r * 1.1, iris)
        self.ellipse(x, y, r * (0.62 if iris is not None else 1.0), r * (0.85 if iris is not None else 1.1), "17110f")
        px, py = self.at(x, y)
        self.canvas.ellipse(
            px - r * 0.3 * self.size,
            py - r * 0.4 * self.size,
            r * 0.33 * self.size,
            r * 0.33 * self.size,
            "ffffff",
        )
