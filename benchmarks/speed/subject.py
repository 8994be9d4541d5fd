"""The model that is measured: one that is configured, or random weights in the shape of a well-known one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import diffusers
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from engine.config import ModelConfig
from engine.diffusion.loading.calibration import CpuLayout
from engine.diffusion.loading.device import choose_device, choose_dtype, set_threads
from engine.diffusion.loading.parts import Parts, load_parts
from engine.diffusion.loading.source import EMBEDDED, find_model
from engine.diffusion.model import DiffusionModel
from engine.diffusion.sampling.sampler import Samplers
from engine.protocol.card import Card
from engine.recipe.settings import Overrides

SHAPES: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "sd14": {
        "unet": {"sample_size": 64, "cross_attention_dim": 768},  # diffusers' defaults are Stable Diffusion's else
        "vae": {"sample_size": 512, "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2},
        "text": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12},
    },
    "tiny": {
        "unet": {
            "sample_size": 16,
            "block_out_channels": (8, 16),
            "layers_per_block": 1,
            "norm_num_groups": 4,
            "attention_head_dim": 2,
            "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
            "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
            "cross_attention_dim": 16,
        },
        "vae": {"sample_size": 64, "block_out_channels": (8, 8, 8), "norm_num_groups": 4},
        "text": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2},
    },
}
"""What the parts of random weights are built from: Stable Diffusion v1-4's shape, and as small as they get."""


@dataclass(frozen=True)
class Subject:
    """A model in memory, as the engine and as diffusers' pipelines take it."""

    name: str
    parts: Parts
    card: Card
    scheduler: Any

    def backend(self) -> DiffusionModel:
        return DiffusionModel(self.name, self.card, self.parts)


def load_subject(config: ModelConfig, threads: int) -> Subject:
    set_threads(threads)
    device = choose_device(config.device)
    files = find_model(config)
    parts = _lay_out(load_parts(files.directory, device, choose_dtype(config.dtype, device)))
    return Subject(files.name, parts, files.card, DDIMScheduler.from_pretrained(files.directory, subfolder="scheduler"))


def random_subject(name: str, config: ModelConfig, threads: int) -> Subject:
    set_threads(threads)
    device = choose_device(config.device)
    dtype = choose_dtype(config.dtype, device)
    torch.manual_seed(0)
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    tokenizer = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer")
    unet_shape, vae_shape, text_shape = SHAPES[name].values()
    blocks = len(vae_shape["block_out_channels"])
    text_config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        intermediate_size=4 * text_shape["hidden_size"],
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        **text_shape,
    )
    with torch.device(device):
        unet = UNet2DConditionModel(**unet_shape)
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * blocks,
            up_block_types=("UpDecoderBlock2D",) * blocks,
            **vae_shape,
        )
        text = CLIPTextModel(text_config)
        _enliven(vae)
    diffusers.utils.logging.set_verbosity_error()  # it advises against casting, which is for trained weights
    text, unet, vae = (part.to(dtype).eval().requires_grad_(False) for part in (text, unet, vae))
    parts = _lay_out(Parts(device, dtype, tokenizer, text, unet, vae, Samplers(scheduler.config)))
    # Pictures of random weights look degenerate; they are not to be made again for that.
    common = Overrides(size=vae_shape["sample_size"], scheduler="ddim", steps=20, strength=0.4, guidance=7.0, retries=0)
    return Subject(name, parts, Card(common=common), scheduler)


def _lay_out(parts: Parts) -> Parts:
    """Lay the parts out on a graphics card as the engine and diffusers' documentation do."""
    if parts.device.type == "cuda":
        CpuLayout(torch.get_num_threads(), unet_channels_last=True, vae_channels_last=True).apply(parts)
    return parts


@torch.no_grad()
def _enliven(vae: Any) -> None:
    """Give what a decoder of random weights makes the contrast of pictures: grey ones would be quick to write."""
    spread = vae.decode(torch.randn(1, vae.config.latent_channels, 16, 16)).sample.std()
    vae.decoder.conv_out.weight.mul_(0.4 / spread)
