"""Pack a trained model as the repository ships it: python -m training.pack --model DIR --out models/embedded

float16 safetensors in diffusers' layout. With --autoencoder a decoder trained further replaces the model's own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline

LARGEST = 32 * 2**20


def pack(model: Path, out: Path, autoencoder: Path | None = None) -> int:
    """Write the packed model; returns its size in bytes. ValueError if it is over what the repository allows."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        model, torch_dtype=torch.float16, safety_checker=None, requires_safety_checker=False
    )
    if autoencoder is not None:
        pipeline.vae = AutoencoderKL.from_pretrained(autoencoder, torch_dtype=torch.float16)
    pipeline.save_pretrained(out, safe_serialization=True)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    if size > LARGEST:
        raise ValueError(f"{size / 2**20:.1f} MiB is more than the {LARGEST / 2**20:.0f} MiB allowed")
    return size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the export folder of training.denoiser")
    parser.add_argument("--autoencoder", type=Path, help="an autoencoder with the same latents")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    print(f"{pack(arguments.model, arguments.out, arguments.autoencoder) / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
