"""Begin a denoiser from an earlier model instead of from nothing:

    python -m training.transplant --model models/embedded --latents DIR --autoencoder DIR --pictures DIR --folder DIR

The earlier model must have the same widths; its autoencoder, image size and vocabulary may differ. Its latents and the
new ones show the same pictures on the same grid, so each is close to a linear map of the other: the maps, fitted on
drawings, go into the denoiser's first and last convolution. Words are matched by token. The folder then holds a
checkpoint for training.denoiser to go on from.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import StableDiffusionPipeline
from torch import Tensor

from training import autoencoder_net, loop
from training.denoiser import DenoiserTask
from training.latents import Latents
from training.pictures import Pictures

FRESH = 0.15  # how much of the new first convolution stays random, for the details the old one never saw


def encoded(autoencoder: Any, images: Tensor) -> Tensor:
    """Latents as the denoiser sees them, one row a place of the grid."""
    with torch.no_grad():
        parts = [autoencoder.encode(part).latent_dist.mean for part in torch.split(images, 16)]
    rows: Tensor = torch.cat(parts).permute(0, 2, 3, 1).flatten(0, 2) * autoencoder.config.scaling_factor
    return rows


def fit(source: Tensor, target: Tensor) -> Tensor:
    """The matrix M for which `source` @ M.T is nearest to `target`."""
    solution: Tensor = torch.linalg.lstsq(source, target).solution
    return solution.T


def transplant_denoiser(old: dict[str, Tensor], new: dict[str, Tensor], to_old: Tensor, to_new: Tensor) -> None:
    """Fill `new` in place. `to_old` and `to_new` turn latents of one kind into the other."""
    for name, value in old.items():
        if not name.startswith(("conv_in.", "conv_out.")):
            new[name].copy_(value)
    first = torch.einsum("ochw,cn->onhw", old["conv_in.weight"], to_old)
    new["conv_in.weight"].copy_(first + FRESH * new["conv_in.weight"])
    new["conv_in.bias"].copy_(old["conv_in.bias"])
    new["conv_out.weight"].copy_(torch.einsum("nc,cihw->nihw", to_new, old["conv_out.weight"]))
    new["conv_out.bias"].copy_(to_new @ old["conv_out.bias"])


def transplant_words(
    old: dict[str, Tensor], new: dict[str, Tensor], old_words: dict[str, int], new_words: dict[str, int]
) -> int:
    """Fill `new` in place; token embeddings go where the same token is. Returns how many tokens both know."""
    known = [word for word in new_words if word in old_words]
    for name, value in old.items():
        if name.endswith("token_embedding.weight"):
            for word in known:
                new[name][new_words[word]] = value[old_words[word]]
        elif name in new:
            new[name].copy_(value)
    return len(known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="the earlier model, in diffusers' layout")
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="the exported autoencoder of the latents")
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where training.denoiser will look for a checkpoint")
    parser.add_argument("--count", type=int, default=64, help="drawings to fit the maps on")
    arguments = parser.parse_args()
    task = DenoiserTask(Latents(arguments.latents), arguments.autoencoder, "cpu")
    state, _ = loop.State.begin(task, loop.Place(arguments.folder))
    print(f"before: {task.measure(state.mean)}")
    earlier = StableDiffusionPipeline.from_pretrained(
        arguments.model, torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False
    )
    images = Pictures(arguments.pictures).whole(np.arange(arguments.count))
    new_rows = encoded(autoencoder_net.load(arguments.autoencoder).eval(), images)
    size = earlier.unet.config.sample_size * earlier.vae_scale_factor
    old_rows = encoded(earlier.vae, F.interpolate(images, size=(size, size), mode="area"))
    weights = state.network.state_dict()
    denoiser = {
        name.removeprefix("denoiser."): value for name, value in weights.items() if name.startswith("denoiser.")
    }
    words = {name.removeprefix("text."): value for name, value in weights.items() if name.startswith("text.")}
    transplant_denoiser(earlier.unet.state_dict(), denoiser, fit(new_rows, old_rows), fit(old_rows, new_rows))
    known = transplant_words(
        earlier.text_encoder.state_dict(), words, earlier.tokenizer.get_vocab(), task.tokenizer.get_vocab()
    )
    state.mean.load_state_dict(weights)
    print(f"after: {task.measure(state.mean)}, {known} tokens known")
    optimiser = torch.optim.AdamW(state.network.parameters())
    state.save(loop.Place(arguments.folder).checkpoint, optimiser)


if __name__ == "__main__":
    main()
