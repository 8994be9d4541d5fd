"""Draw and encode what the denoiser learns from: python -m training.latents --autoencoder DIR --folder DIR --count N

A shard is `latents-00000.npy` (N×12×16×16, float16, scaled as the denoiser sees them) beside the pictures' facts;
captions are written afresh each time a picture is used.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.multiprocessing as multiprocessing
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from training import autoencoder_net, loop
from training.drawing.facts import Facts
from training.drawing.picture import Picture
from training.pictures import to_tensor

SHARD = 1024
FIRST_SEED = 1_000_000  # the pictures the autoencoder learned from, and held-out ones, are elsewhere


class Latents:
    """All shards of a folder, in memory; the last `held_out` are for measuring."""

    def __init__(self, folder: Path, held_out: int = 512) -> None:
        paths = sorted(folder.glob("latents-*.npy"))
        if not paths:
            raise FileNotFoundError(f"no latents-*.npy in {folder}: make some with python -m training.latents")
        values: NDArray[np.float16] = np.concatenate([np.load(path) for path in paths])
        self.values = torch.from_numpy(values)
        lines = [line for path in paths for line in path.with_suffix(".jsonl").read_text().splitlines()]
        self.facts = [Facts(**json.loads(line)) for line in lines]
        self.training = len(self.facts) - held_out

    def held_out(self) -> tuple[Tensor, list[Facts]]:
        return self.values[self.training :].float(), self.facts[self.training :]


def encode_shard(autoencoder: Path, folder: Path, number: int, device: str) -> None:
    """Draw and encode one shard; one that is there already is left alone."""
    path = folder / f"latents-{number:05d}.npy"
    if path.exists():
        return
    torch.set_num_threads(1)  # there is a process for each core already
    network = autoencoder_net.load(autoencoder).to(device).eval()
    parts, lines = [], []
    for start in range(0, SHARD, 16):
        drawn = [Picture.draw(FIRST_SEED + number * SHARD + start + place) for place in range(16)]
        lines += [json.dumps(asdict(picture.facts)) for picture in drawn]
        images = to_tensor(np.stack([np.asarray(picture.image) for picture in drawn])).to(device)
        with torch.no_grad(), loop.half(device):
            mean = network.encode(images).latent_dist.mean.float() * network.config.scaling_factor
        parts.append(mean.half().cpu().numpy())
    path.with_suffix(".jsonl").write_text("\n".join(lines) + "\n")
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        np.save(file, np.concatenate(parts))
    fresh.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=16 * SHARD)
    parser.add_argument("--device", default=loop.default_device())
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        (arguments.autoencoder, arguments.folder, number, arguments.device)
        for number in range(-(-arguments.count // SHARD))
    ]
    context = multiprocessing.get_context("spawn" if arguments.device != "cpu" else "fork")
    with context.Pool(arguments.workers) as pool:
        results = [pool.apply_async(encode_shard, job) for job in jobs]
        for result in tqdm(results, desc="latents"):
            result.get()


if __name__ == "__main__":
    main()
