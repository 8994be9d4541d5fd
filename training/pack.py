"""Pack a trained model as the repository ships it: python -m training.pack --model DIR --out models/embedded

float16 safetensors in diffusers' layout. With --autoencoder a decoder trained further replaces the model's own. A
denoiser that is told its guidance scale is packed as an ordinary one unless --told asks for it as it is.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline

from training.guidance import untold

LARGEST = 32 * 2**20


def pack(model: Path, out: Path, autoencoder: Path | None = None, *, told: bool = False) -> int:
    """Write the packed model; returns its size in bytes. ValueError if it is over what the repository allows."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        model, torch_dtype=torch.float16, safety_checker=None, requires_safety_checker=False
    )
    if autoencoder is not None:
        pipeline.vae = AutoencoderKL.from_pretrained(autoencoder, torch_dtype=torch.float16)
    if pipeline.unet.config.time_cond_proj_dim is not None and not told:
        pipeline.unet = untold(pipeline.unet)
    pipeline.save_pretrained(out, safe_serialization=True)
    for config in out.rglob("*.json"):
        _forget_where(config)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    if size > LARGEST:
        raise ValueError(f"{size / 2**20:.1f} MiB is more than the {LARGEST / 2**20:.0f} MiB allowed")
    return size


def _forget_where(config: Path) -> None:
    """Leave out where on this machine the model was loaded from."""
    content = json.loads(config.read_text())
    if content.pop("_name_or_path", None) is not None:
        config.write_text(json.dumps(content, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the export folder of training.denoiser")
    parser.add_argument("--autoencoder", type=Path, help="an autoencoder with the same latents")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--told", action="store_true", help="keep a denoiser that is told its guidance scale as it is")
    arguments = parser.parse_args()
    size = pack(arguments.model, arguments.out, arguments.autoencoder, told=arguments.told)
    print(f"{size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
