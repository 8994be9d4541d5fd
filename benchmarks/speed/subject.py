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

SHAPES: Final = ("sd14", "tiny")


@dataclass(frozen=True)
class Subject:
    """A model in memory, as the engine and as diffusers' pipelines take it."""

    name: str
    parts: Parts
    card: Card
    scheduler: Any

    def backend(self) -> DiffusionModel:
        """Return the model as Core uses it."""
        return DiffusionModel(self.name, self.card, self.parts)


def load_subject(config: ModelConfig, threads: int) -> Subject:
    """Load a model as the engine does."""
    set_threads(threads)
    device = choose_device(config.device)
    files = find_model(config)
    parts = _laid_out(load_parts(files.directory, device, choose_dtype(config.dtype, device)))
    return Subject(files.name, parts, files.card, DDIMScheduler.from_pretrained(files.directory, subfolder="scheduler"))


def random_subject(shape: str, config: ModelConfig, threads: int) -> Subject:
    """Make a model of random weights: "sd14" is Stable Diffusion v1-4's shape, "tiny" as small as they get."""
    set_threads(threads)
    device = choose_device(config.device)
    dtype = choose_dtype(config.dtype, device)
    torch.manual_seed(0)
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    tokenizer = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer")
    with torch.device(device):
        unet, vae, text = (_sd14 if shape == "sd14" else _tiny)(tokenizer)
        _enliven(vae)
    parts = _laid_out(
        Parts(
            device=device,
            dtype=dtype,
            tokenizer=tokenizer,
            text_encoder=_at_rest(text, dtype),
            unet=_at_rest(unet, dtype),
            vae=_at_rest(vae, dtype),
            samplers=Samplers(scheduler.config),
        )
    )
    size = {"sd14": 512, "tiny": 64}[shape]
    # Pictures of random weights look degenerate; they are not to be made again for that.
    common = Overrides(size=size, scheduler="ddim", steps=20, strength=0.4, guidance=7.0, retries=0)
    return Subject(shape, parts, Card(common=common), scheduler)


def _laid_out(parts: Parts) -> Parts:
    """Return the parts as the engine and diffusers' documentation lay them out on a graphics card."""
    if parts.device.type == "cuda":
        CpuLayout(torch.get_num_threads(), unet_channels_last=True, vae_channels_last=True).apply(parts)
    return parts


@torch.no_grad()
def _enliven(vae: Any) -> None:
    """Give what a decoder of random weights makes the contrast of pictures: grey ones would be quick to write."""
    spread = vae.decode(torch.randn(1, vae.config.latent_channels, 16, 16)).sample.std()
    vae.decoder.conv_out.weight.mul_(0.4 / spread)


def _at_rest(part: Any, dtype: torch.dtype) -> Any:
    diffusers.utils.logging.set_verbosity_error()  # it advises against casting, which is for trained weights
    return part.to(dtype).eval().requires_grad_(False)


def _sd14(tokenizer: Any) -> tuple[Any, Any, Any]:
    unet = UNet2DConditionModel(
        sample_size=64,
        block_out_channels=(320, 640, 1280, 1280),
        layers_per_block=2,
        cross_attention_dim=768,
        attention_head_dim=8,
    )
    vae = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        sample_size=512,
    )
    return unet, vae, _clip(tokenizer, width=768, layers=12, heads=12)


def _tiny(tokenizer: Any) -> tuple[Any, Any, Any]:
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        norm_num_groups=4,
        sample_size=64,
    )
    return unet, vae, _clip(tokenizer, width=16, layers=2, heads=2)


def _clip(tokenizer: Any, *, width: int, layers: int, heads: int) -> Any:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
