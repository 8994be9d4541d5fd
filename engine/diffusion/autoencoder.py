"""The VAE: pictures to latents and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor

from engine.backend import Picture


class Autoencoder:
    """A VAE, called for many pictures.

    On a CPU pictures go through it one by one: a batch gains nothing there, and alone each is the same to the last
    bit whatever the others are.
    """

    def __init__(self, vae: Any) -> None:
        self._vae = vae
        self._one_by_one = vae.device.type == "cpu"

    @property
    def factor(self) -> int:
        """Pixels of a picture along one side of a latent."""
        halvings = len(self._vae.config.block_out_channels) - 1
        return 1 << halvings

    def encode(self, images: Sequence[Tensor], generators: Sequence[torch.Generator]) -> list[Tensor]:
        """Encode pictures of one size, each sampled from its posterior with its own generator.

        Args:
            images: shape (1, 3, height, width) each, -1…1.

        Returns:
            latents of shape (1, channels, height / factor, width / factor), float32, scaled as the UNet knows them.
        """
        moments = torch.cat([self._vae.encode(batch).latent_dist.parameters for batch in self._batches(images)])
        return [
            DiagonalGaussianDistribution(row).sample(generator) * self._vae.config.scaling_factor
            for row, generator in zip(torch.split(moments.float(), 1), generators, strict=True)
        ]

    def decode(self, latents: Sequence[Tensor], width: int) -> list[Picture]:
        """Decode latents of one shape, rounded to bytes as diffusers does.

        Args:
            width: a batch is filled up to this many with copies of its first.
        """
        scaled = [latent / self._vae.config.scaling_factor for latent in latents]
        if not self._one_by_one:
            scaled += [scaled[0]] * (width - len(scaled))
        images = torch.cat([self._vae.decode(batch).sample.float() for batch in self._batches(scaled)])[: len(latents)]
        pixels = ((images * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        return list(pixels.permute(0, 2, 3, 1).cpu().numpy())

    def _batches(self, rows: Sequence[Tensor]) -> Iterator[Tensor]:
        batch = torch.cat(list(rows)).to(self._vae.dtype)
        yield from torch.split(batch, 1 if self._one_by_one else len(rows))
