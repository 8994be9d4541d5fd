"""Easing: how a weight grows from 0 to 1."""

from __future__ import annotations


def smoothstep(position: float) -> float:
    """Return 3p² − 2p³, which starts and arrives gently; positions outside 0…1 are clamped."""
    position = min(max(position, 0.0), 1.0)
    return position * position * (3 - 2 * position)
