"""Where the painter stands: the horizon, and a road's perspective."""

from __future__ import annotations

from dataclasses import dataclass

from training.drawing.canvas import SIZE, Canvas, Point


@dataclass(frozen=True)
class View:
    """A pinhole camera over flat ground. Distances in metres: X right, Y up, Z ahead; `shift` is its place in X."""

    vanishing_x: float
    horizon: float
    height: float
    bend: float = 0.0
    shift: float = 0.0

    @classmethod
    def over_road(cls, canvas: Canvas, horizon: tuple[float, float], height: tuple[float, float]) -> View:
        """A view along a road: horizon between two shares of the picture, now and then round a bend."""
        bend = canvas.between(-1, 1) * canvas.choice([0.0, 0.6, 1.6])
        return cls(
            canvas.between(0.38, 0.62) * SIZE,
            canvas.between(*horizon) * SIZE,
            canvas.between(*height),
            bend,
            canvas.between(-0.8, 0.8),
        )

    @property
    def nearest(self) -> float:
        """The distance at which the ground leaves the picture at the bottom."""
        return SIZE * self.height / (SIZE - self.horizon) * 0.97

    def project(self, x: float, y: float, z: float) -> Point:
        """A place in metres to a point of the picture."""
        right = x - self.shift + self.bend * z * z * 0.004
        return self.vanishing_x + SIZE * right / z, self.horizon + SIZE * (self.height - y) / z
