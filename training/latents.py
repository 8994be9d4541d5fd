"""Encode what the denoiser learns from: python -m training.latents --autoencoder DIR --pictures DIR --folder DIR

A shard is `latents-00000.npy` (N×12×16×16, float16, scaled as the denoiser sees them) beside the pictures' facts;
the denoiser gets a few captions for each, written at its start. The first shards also have `worn-00000.npy`, the same
pictures after a turn of a feedback chain: decoded, moved, their colours strayed, encoded again.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.multiprocessing as multiprocessing
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from training import autoencoder_net, loop
from training.drawing.facts import Facts, facts_of
from training.pictures import Pixels, from_bytes

BATCH = {"cpu": 16, "cuda": 256}


class Latents:
    """All shards of a folder, in memory; the last `held_out` are for measuring.

    Attributes:
        values: N×12×16×16, float16.
        worn: M×12×16×16, float16, M ≤ N: the first M pictures, worn.
        facts: what each picture shows.
        training: how many of them are to be learnt from.
    """

    def __init__(self, folder: Path, held_out: int = 256) -> None:
        paths = sorted(folder.glob("latents-*.npy"))
        if not paths:
            raise FileNotFoundError(f"no latents-*.npy in {folder}: make some with python -m training.latents")
        self.values = _joined(paths)
        worn = sorted(folder.glob("worn-*.npy"))
        self.worn = _joined(worn) if worn else self.values[:0]
        lines = [line for path in paths for line in path.with_suffix(".jsonl").read_text().splitlines()]
        self.facts = [Facts(**json.loads(line)) for line in lines]
        self.training = len(self.facts) - held_out

    def move(self, device: str) -> None:
        """Keep the latents in the memory of `device` from now on."""
        self.values, self.worn = self.values.to(device), self.worn.to(device)

    def held_out(self) -> tuple[Tensor, list[Facts]]:
        return self.values[self.training :].float(), self.facts[self.training :]


def _joined(paths: list[Path]) -> Tensor:
    values: NDArray[np.float16] = np.concatenate([np.load(path) for path in paths])
    return torch.from_numpy(values)


class Encoder:
    """Pictures to the latents that the denoiser sees."""

    def __init__(self, autoencoder: Path, device: str) -> None:
        self.device = device
        self.network: Any = autoencoder_net.load(autoencoder).to(device, memory_format=loop.layout(device)).eval()
        self.scale = float(self.network.config.scaling_factor)

    def encode(self, images: Tensor) -> Tensor:
        """N×3×256×256 in −1 … 1 to N×12×16×16, float32."""
        with torch.no_grad(), loop.half(self.device):
            mean: Tensor = self.network.encode(images).latent_dist.mean
        return mean.float() * self.scale

    def worn(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """The latents of pictures that have been through a turn of a feedback chain; same shape."""
        with torch.no_grad(), loop.half(self.device):
            images = self.network.decode(latents / self.scale).sample.float()
        return self.encode(stray(there_and_back(images, generator), generator))


def there_and_back(images: Tensor, generator: torch.Generator) -> Tensor:
    """Move each picture by up to a few pixels and a few per cent, and move it back: what two resamplings soften."""
    count = len(images)
    scale = 1 + 0.06 * torch.rand(count, generator=generator)
    shift = 0.03 * (torch.rand(count, 2, generator=generator) - 0.5)
    there, back = torch.zeros(count, 2, 3), torch.zeros(count, 2, 3)
    for axis in range(2):
        there[:, axis, axis], there[:, axis, 2] = 1 / scale, shift[:, axis]
        back[:, axis, axis], back[:, axis, 2] = scale, -shift[:, axis] * scale
    moved = images
    for matrix in (there, back):
        grid = F.affine_grid(matrix.to(images.device), list(images.shape), align_corners=False)
        moved = F.grid_sample(moved, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    # What left the picture on the way has not come back: there the picture is as it was.
    inside = F.pad(torch.ones_like(images[:, :1, 16:-16, 16:-16]), (16, 16, 16, 16))
    return torch.where(inside > 0, moved, images)


def stray(images: Tensor, generator: torch.Generator) -> Tensor:
    """Let half of the pictures' colours drift as those of feedback chains do: saturation, contrast, brightness."""
    count = len(images)
    drifts = (torch.rand(count, generator=generator) < 0.5).float()
    saturation, contrast = (1 + drifts * 0.3 * (torch.rand(count, generator=generator) - 0.5) for _ in range(2))
    brightness = drifts * 0.12 * (torch.rand(count, generator=generator) - 0.5)
    grey = images.mean(1, keepdim=True)
    saturated = grey + saturation.view(-1, 1, 1, 1).to(images.device) * (images - grey)
    middle = saturated.mean((1, 2, 3), keepdim=True)
    contrasted = middle + contrast.view(-1, 1, 1, 1).to(images.device) * (saturated - middle)
    return (contrasted + brightness.view(-1, 1, 1, 1).to(images.device)).clamp(-1, 1)


def encode_shard(encoder: Encoder, pictures: Path, folder: Path, *, worn: bool) -> None:
    """Encode one shard of drawn pictures; one that is there already is left alone."""
    number = pictures.stem.removeprefix("pictures-")
    path = folder / f"latents-{number}.npy"
    if path.exists():
        return
    shard: Pixels = np.load(pictures, mmap_mode="r")
    generator = torch.Generator().manual_seed(int(number))
    parts, worn_parts = [], []
    size = BATCH.get(encoder.device, BATCH["cuda"])
    for start in range(0, len(shard), size):
        images = torch.from_numpy(np.array(shard[start : start + size])).to(encoder.device)
        latents = encoder.encode(from_bytes(images))
        parts.append(latents.half())
        if worn:
            worn_parts.append(encoder.worn(latents, generator).half())
    facts = facts_of(pictures.with_suffix(".jsonl"))
    path.with_suffix(".jsonl").write_text("\n".join(json.dumps(asdict(one)) for one in facts) + "\n")
    if worn:
        _write(folder / f"worn-{number}.npy", worn_parts)
    _write(path, parts)


def _write(path: Path, parts: list[Tensor]) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        np.save(file, torch.cat(parts).cpu().numpy())
    fresh.replace(path)


def _encode_in_turn(autoencoder: Path, jobs: list[tuple[Path, Path, bool]], device: str, seconds: float) -> None:
    """Encode shards one after another until all are done, or the time is up (then at least one is)."""
    torch.set_num_threads(1)  # on a CPU there is a process for each core
    encoder, began = Encoder(autoencoder, device), time.monotonic()
    for pictures, folder, worn in tqdm(jobs, desc="latents"):
        encode_shard(encoder, pictures, folder, worn=worn)
        if time.monotonic() - began > seconds:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True, help="shards of training.draw")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--worn", type=int, default=4, help="how many shards are also made worn")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after the shard that is being encoded then")
    parser.add_argument("--device", default=loop.default_device())
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes, on a CPU")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    paths = sorted(arguments.pictures.glob("pictures-*.npy"))
    jobs = [(path, arguments.folder, place < arguments.worn) for place, path in enumerate(paths)]
    if arguments.device != "cpu":
        _encode_in_turn(arguments.autoencoder, jobs, arguments.device, 60 * arguments.minutes)
        return
    with multiprocessing.get_context("fork").Pool(arguments.workers) as pool:
        shares = [
            (arguments.autoencoder, jobs[place :: arguments.workers], "cpu", 60 * arguments.minutes)
            for place in range(arguments.workers)
        ]
        pool.starmap(_encode_in_turn, shares)


if __name__ == "__main__":
    main()
