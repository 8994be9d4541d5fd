"""The VAE: pictures to latents and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from diffusers import AutoencoderTiny
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor

from engine.diffusion.speed.acceleration import Acceleration, Function
from engine.diffusion.speed.threads import Watch
from engine.diffusion.speed.transfer import to_device

ROWS = 1
"""Pictures in one call. On a CPU batching gains nothing and would make a picture depend on its neighbours in the last
bit; a graphics card is kept busy by one, which is ready sooner."""


class Autoencoder:
    """A VAE, or a tiny one (TAESD).

    Attributes:
        factor: pixels of a picture along one side of a latent.
    """

    def __init__(self, vae: Any, acceleration: Acceleration, watch: Watch) -> None:
        self._vae = vae
        self._is_tiny = isinstance(vae, AutoencoderTiny)
        self._dtype = vae.dtype  # diffusers goes through all weights for it
        self.factor = 1 << (len(vae.config.block_out_channels) - 1)
        self.encoder = acceleration.record(acceleration.compile(self._encode, "the VAE's encoder"))
        self.decoder = acceleration.record(acceleration.compile(self._decode, "the VAE's decoder"))
        self._watch = watch

    def encode(self, images: Sequence[Tensor], generators: Sequence[torch.Generator]) -> list[Tensor]:
        """Encode pictures of one size, each sampled from its posterior by its own generator.

        Args:
            images: shape (1, 3, height, width) each, -1…1.

        Returns:
            latents of shape (1, channels, height / factor, width / factor), float32, scaled as the UNet knows them.
        """
        return [
            self._sample(row.float(), generator)
            for row, generator in zip(self._run_rows(self.encoder, images), generators, strict=True)
        ]

    def decode(self, latents: Sequence[Tensor]) -> list[Tensor]:
        """Decode latents of one shape to pictures: shape (1, 3, height, width) each, float32, about -1…1."""
        return list(self._run_rows(self.decoder, latents))

    def _run_rows(self, function: Function, rows: Sequence[Tensor]) -> Iterator[Tensor]:
        for batch in torch.split(torch.cat(list(rows)), ROWS):
            with self._watch():
                result = function(batch)
            # The next call overwrites a recording's result.
            yield from torch.split(result.clone() if result.device.type == "cuda" else result, 1)

    def _encode(self, images: Tensor) -> Tensor:
        encoded = self._vae.encode(images.to(self._dtype))
        found: Tensor = encoded.latents if self._is_tiny else encoded.latent_dist.parameters
        return found

    def _decode(self, latents: Tensor) -> Tensor:
        scaled = (latents / self._vae.config.scaling_factor).to(self._dtype)
        decoded: Tensor = self._vae.decode(scaled).sample
        return decoded.float()

    def _sample(self, moments: Tensor, generator: torch.Generator) -> Tensor:
        """Sample latents as diffusers does, but without waiting for the device; a tiny VAE's are no distribution."""
        scaling: float = self._vae.config.scaling_factor
        if self._is_tiny:
            return moments * scaling
        distribution = DiagonalGaussianDistribution(moments)
        noise = to_device(torch.randn(distribution.mean.shape, generator=generator), moments.device)
        sampled: Tensor = distribution.mean + distribution.std * noise
        return sampled * scaling
