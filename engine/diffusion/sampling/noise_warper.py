"""The noise that a frame is re-noised with: fresh, or in part carried along by the camera from earlier frames."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.diffusion.sampling.noise import move_noise, subdivide_noise
from engine.diffusion.speed.shelf import MIB, Shelf
from engine.diffusion.speed.transfer import to_device
from engine.storyboard.shot import Shot

KEPT = 96
KEPT_BYTES = 256 * MIB
"""Noises that are kept, since each is carried on for several frames: as many as sixteen chains of frames need."""

FineNoise = tuple[Tensor, Tensor]


class NoiseWarper:
    """Noise that drifts with the camera.

    What is carried is drawn again from its seed, so nothing is handed on from frame to frame.

    Args:
        device: where the noise is wanted.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._kept: Shelf[tuple[int, tuple[int, ...]], FineNoise] = Shelf(KEPT, KEPT_BYTES)

    def mix_noise(self, fresh: Tensor, shot: Shot) -> Tensor:
        """Return the noise of a shot: a weighted sum that has unit variance as `fresh` has.

        Args:
            fresh: the frame's own, shape (1, channels, height, width).
            shot: its cameras know their focus.
        """
        if not shot.carried_noise:
            return fresh
        noise = fresh * math.sqrt(1 - sum(past.weight**2 for past in shot.carried_noise))
        for past in shot.carried_noise:
            fine, beyond = self._draw_fine_noise(past.seed, tuple(fresh.shape))
            noise += past.weight * move_noise(fine, past.camera, beyond)
        return noise

    def forget(self) -> None:
        """Let go of what was kept; it is drawn again when it is wanted."""
        self._kept.clear()

    def _draw_fine_noise(self, seed: int, shape: tuple[int, ...]) -> FineNoise:
        """Return the fresh noise of the frame with that seed in small cells, and as much again for beyond its edge."""
        kept = self._kept.get((seed, shape))
        if kept is None:
            generator = torch.Generator("cpu").manual_seed(seed)
            # A frame's first draw is for its posterior, as in diffusers' pipelines.
            torch.randn(shape, generator=generator)
            fine = subdivide_noise(torch.randn(shape, generator=generator), generator)
            beyond = torch.randn(fine.shape, generator=generator)
            kept = to_device(fine, self._device), to_device(beyond, self._device)
            self._kept.put((seed, shape), kept, sum(part.nbytes for part in kept))
        return kept
