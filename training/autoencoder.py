"""Train the autoencoder: python -m training.autoencoder --pictures DIR --folder DIR --minutes 30"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from training import autoencoder_net, loop
from training.pictures import Pictures, sheet, to_pixels

# How often the encoder is shown the network's own reconstruction and the decoder is still held to the drawing: a
# feedback chain encodes what was decoded a frame ago, and must not soften with every turn.
AGAIN = 0.1


@dataclass
class AutoencoderTask:
    """Reconstruct drawings: absolute and squared error, edges, and block means, with a little KL on the latents."""

    pictures: Pictures
    device: str
    scale: int = 1  # batches this many times larger than suits two CPU cores
    decoder_only: bool = False
    name: str = "autoencoder"
    latent_noise: float = 0.0
    whole_share: float = 0.25
    start: Path | None = None
    _held_out: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self._held_out = self.pictures.held_out()

    def network(self) -> nn.Module:
        network: Any = autoencoder_net.build() if self.start is None else autoencoder_net.load(self.start)
        if self.decoder_only:
            network.encoder.requires_grad_(False)
            network.quant_conv.requires_grad_(False)
        built: nn.Module = network
        return built

    def batch(self, rng: np.random.Generator) -> loop.Batch:
        """Mostly crops, cheap and varied; a share of whole pictures, because GroupNorm sees the whole."""
        whole = rng.random() < self.whole_share
        images = self.pictures.crops(rng, (1 if whole else 4) * self.scale, 256 if whole else 128)
        if rng.random() < 0.08:  # zoomed in, as the feedback loop sees them
            keep = int(images.shape[-1] * rng.uniform(0.6, 0.97))
            images = F.interpolate(images[..., :keep, :keep], size=images.shape[-2:], mode="bilinear")
        return {"images": images}

    def loss(self, network: nn.Module, batch: loop.Batch) -> Tensor:
        images = batch["images"]
        parts: Any = network
        seen = images
        if float(torch.rand(())) < AGAIN:
            seen = _reconstruct(network, images, self.device)
        with loop.half(self.device):
            posterior = parts.encode(seen).latent_dist
        mean, logvar = posterior.mean.float(), posterior.logvar.float()
        extra = self.latent_noise / parts.config.scaling_factor
        noise = torch.exp(0.5 * logvar) + extra * torch.rand(len(mean), 1, 1, 1, device=mean.device)
        with loop.half(self.device):
            output = parts.decode(mean + noise * torch.randn_like(mean)).sample
        output = output.float()
        error = output - images
        loss: Tensor = error.abs().mean() + error.square().mean() + 0.5 * _slopes(error)
        loss = loss + sum(F.avg_pool2d(error, size).square().mean() for size in (4, 16))
        if not self.decoder_only:
            loss = loss + 1e-5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
        return loss

    def measure(self, network: nn.Module) -> dict[str, float]:
        figures = [
            autoencoder_net.psnr(_reconstruct(network, images, self.device).cpu(), images)
            for images in torch.split(self._held_out[:64], 8)
        ]
        return {"psnr": float(np.mean(figures))}

    def look(self, network: nn.Module, path: Path) -> None:
        images = self._held_out[:16]
        output = _reconstruct(network, images, self.device).cpu()
        rows = [
            to_pixels(part)
            for pair in zip(torch.split(images, 8), torch.split(output, 8), strict=True)
            for part in pair
        ]
        Image.fromarray(sheet(rows)).save(path)

    def export(self, network: nn.Module, folder: Path) -> None:
        parts: Any = network
        parts.save_pretrained(folder)


def _slopes(error: Tensor) -> Tensor:
    """The mean error of the differences between neighbouring pixels: where it is large, an edge is soft."""
    return error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()


def _reconstruct(network: nn.Module, images: Tensor, device: str) -> Tensor:
    parts: Any = network
    with torch.no_grad(), loop.half(device):
        output = parts.decode(parts.encode(images.to(device)).latent_dist.mean).sample
    result: Tensor = output.float()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="an exported autoencoder to begin from")
    parser.add_argument("--decoder-only", action="store_true", help="leave the latents as they are")
    parser.add_argument("--latent-noise", type=float, default=0.0)
    parser.add_argument("--whole", type=float, default=0.25, metavar="SHARE", help="of batches that are whole pictures")
    parser.add_argument("--scale", type=int, default=1, help="batch size: 1 suits a CPU core, 16 a GPU")
    loop.add_arguments(parser, learning_rate=2e-4)
    arguments = parser.parse_args()
    task = AutoencoderTask(
        Pictures(arguments.pictures, device=arguments.device),
        arguments.device,
        arguments.scale,
        arguments.decoder_only,
        latent_noise=arguments.latent_noise,
        whole_share=arguments.whole,
        start=arguments.start,
    )
    loop.train(task, loop.schedule_of(arguments), loop.place_of(arguments))


if __name__ == "__main__":
    main()
