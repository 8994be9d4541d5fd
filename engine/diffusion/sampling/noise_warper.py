"""The noise that a frame is re-noised with: fresh, or partly carried over from earlier frames by the camera."""

from __future__ import annotations

import math

import torch
from cachetools import LRUCache, cachedmethod
from torch import Tensor

from engine.diffusion.sampling.noise import move_noise, subdivide_noise
from engine.diffusion.speed.transfer import to_device
from engine.storyboard.shot import Shot

KEPT, KEPT_BYTES = 96, 256 * 1024**2
"""Noises that are kept, as each is carried on for several frames: enough for sixteen chains of frames."""

FineNoise = tuple[Tensor, Tensor]
"""Noise divided into small cells, and as much again for beyond its borders."""


class NoiseWarper:
    """Moves noise along with the camera.

    Carried noise is drawn again from its seed, so nothing is handed on from frame to frame.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        # No entry counts less than an even share of the bytes, which bounds the number, too.
        self._cache: LRUCache[object, FineNoise] = LRUCache(
            KEPT_BYTES, lambda noise: max(KEPT_BYTES // KEPT, sum(part.nbytes for part in noise))
        )

    def mix_noise(self, fresh: Tensor, shot: Shot) -> Tensor:
        """Return a shot's noise: the weighted sum, of unit variance, of its fresh and its carried noise.

        Args:
            fresh: shape (1, channels, height, width).
            shot: with the focus of its cameras known.
        """
        if not shot.carried_noise:
            return fresh
        noise = fresh * math.sqrt(1 - sum(past.weight**2 for past in shot.carried_noise))
        for past in shot.carried_noise:
            fine, beyond = self._draw_fine_noise(past.seed, tuple(fresh.shape))
            noise += past.weight * move_noise(fine, past.camera, beyond)
        return noise

    def clear_cache(self) -> None:
        """Free the device memory; noise is drawn again when it is needed."""
        self._cache.clear()

    @cachedmethod(lambda self: self._cache)
    def _draw_fine_noise(self, seed: int, shape: tuple[int, ...]) -> FineNoise:
        generator = torch.Generator("cpu").manual_seed(seed)
        torch.randn(shape, generator=generator)  # a frame's first draw is for its posterior, as in diffusers' pipelines
        fine = subdivide_noise(torch.randn(shape, generator=generator), generator)
        beyond = torch.randn(fine.shape, generator=generator)
        return to_device(fine, self._device), to_device(beyond, self._device)
