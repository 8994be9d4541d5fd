"""The noise that a frame is re-noised with: fresh, or in part carried along by the camera from earlier frames."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from engine.motion.noise import divided, moved
from engine.motion.transfer import sent
from engine.storyboard import Shot

KEPT = 128
"""Noises that are kept, since each is carried on for several frames."""


def with_carried(fresh: Tensor, shot: Shot) -> Tensor:
    """Return the noise of a shot: a weighted sum that has unit variance as `fresh` has.

    What is carried is drawn again from its seed, so nothing is handed on from frame to frame.

    Args:
        fresh: the frame's own, shape (1, channels, height, width).
        shot: its cameras know their focus.
    """
    if not shot.carried:
        return fresh
    noise = fresh * math.sqrt(1 - sum(past.weight**2 for past in shot.carried))
    for past in shot.carried:
        fine, beyond = _divided(past.seed, tuple(fresh.shape), fresh.device)
        noise += past.weight * moved(fine, past.camera, beyond)
    return noise


@functools.lru_cache(maxsize=KEPT)
def _divided(seed: int, shape: tuple[int, ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the fresh noise of the frame with that seed in small cells, and as much again for beyond its borders."""
    generator = torch.Generator("cpu").manual_seed(seed)
    torch.randn(shape, generator=generator)  # a frame's first draw is for its posterior, as in diffusers' pipelines
    fine = divided(torch.randn(shape, generator=generator), generator)
    beyond = torch.randn(fine.shape, generator=generator)
    return sent(fine, device), sent(beyond, device)
