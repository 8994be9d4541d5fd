"""Arithmetic of camera moves: composition and inversion.

A move takes a point p of the new picture to the point A·p + t of the old one, both relative to the focus. In the
complex plane A is e^(i·turn) / zoom and t is the pan. Pictures must be square, for a fraction to be as long across as
down.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable

import msgspec

from engine.storyboard.shot import Camera


def compose_moves(moves: Iterable[Camera], about: Camera) -> Camera:
    """Return `moves`, one after another about the focus of `about`, as one move."""
    factor, shift = 1 + 0j, 0j
    for move in moves:
        step_factor, step_shift = _affine(move)
        shift += factor * step_shift
        factor *= step_factor
    return _move(factor, shift, about)


def invert_move(move: Camera) -> Camera:
    factor, shift = _affine(move)
    return _move(1 / factor, -shift / factor, move)


def _affine(move: Camera) -> tuple[complex, complex]:
    return cmath.rect(1 / move.zoom, math.radians(move.degrees)), complex(move.pan_x, move.pan_y)


def _move(factor: complex, shift: complex, about: Camera) -> Camera:
    return msgspec.structs.replace(
        about,
        zoom=1 / abs(factor),
        degrees=math.degrees(cmath.phase(factor)),
        pan_x=shift.real,
        pan_y=shift.imag,
    )


def smoothstep(position: float) -> float:
    """Return 3p² − 2p³, which eases in and out; positions outside 0…1 are clamped."""
    position = min(max(position, 0.0), 1.0)
    return position * position * (3 - 2 * position)
