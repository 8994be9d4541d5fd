"""A Stable Diffusion model of a few thousand random weights, saved as diffusers saves one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from engine.diffusion.loading.source import EMBEDDED

TEXT_WIDTH = 16


def tiny_pipeline(**unet_options: Any) -> StableDiffusionPipeline:
    """Build the model; its pictures are twice the side of its latents."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer")
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
    unet = tiny_unet(**unet_options)
    vae = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=32,
        force_upcast=False,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    return StableDiffusionPipeline(
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=tokenizer,
        unet=unet.eval(),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def tiny_unet(**options: Any) -> UNet2DConditionModel:
    shape = {
        "sample_size": 16,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "attention_head_dim": 2,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": TEXT_WIDTH,
    }
    return UNet2DConditionModel(**(shape | options))


def tiny_xl_pipeline(**unet_options: Any) -> StableDiffusionXLPipeline:
    """Build a model in SDXL's layout: two text encoders of different widths, a second tokenizer that pads with "!"."""
    small = tiny_pipeline()
    tokenizer_2 = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer", pad_token="!")
    shared = {
        "vocab_size": len(tokenizer_2),
        "intermediate_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "bos_token_id": tokenizer_2.bos_token_id,
        "eos_token_id": tokenizer_2.eos_token_id,
    }
    text_encoder = CLIPTextModel(CLIPTextConfig(hidden_size=TEXT_WIDTH, **shared))
    text_encoder_2 = CLIPTextModelWithProjection(CLIPTextConfig(hidden_size=24, projection_dim=12, **shared))
    shape = {
        "cross_attention_dim": TEXT_WIDTH + 24,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 12 + 6 * 8,
        "transformer_layers_per_block": (1, 2),
        "attention_head_dim": (2, 4),
        "use_linear_projection": True,
    }
    unet = tiny_unet(**(shape | unet_options))
    return StableDiffusionXLPipeline(
        vae=small.vae,
        text_encoder=text_encoder.eval(),
        text_encoder_2=text_encoder_2.eval(),
        tokenizer=small.tokenizer,
        tokenizer_2=tokenizer_2,
        unet=unet.eval(),
        scheduler=small.scheduler,
    )


def save_tiny_model(directory: Path, *, dtype: torch.dtype = torch.float32, **unet_options: Any) -> Path:
    pipeline = tiny_pipeline(**unet_options)
    pipeline.to(dtype=dtype)
    pipeline.save_pretrained(directory, safe_serialization=True)
    return directory


def copy_model(source: Path, target: Path) -> Path:
    """Return a copy that a test may damage."""
    return Path(shutil.copytree(source, target))


def tiny_checker(threshold: float) -> StableDiffusionSafetyChecker:
    """Build a safety checker of random weights; it objects to cosines above `threshold`: at -2 always, at 2 never."""
    torch.manual_seed(1)
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = vision | {"vocab_size": 16, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    config = CLIPConfig(text_config=text, vision_config=vision | {"image_size": 28, "patch_size": 14}, projection_dim=8)
    checker = StableDiffusionSafetyChecker(config).eval()
    checker.concept_embeds.copy_(torch.randn_like(checker.concept_embeds))
    checker.special_care_embeds.copy_(torch.randn_like(checker.special_care_embeds))
    checker.concept_embeds_weights.fill_(threshold)
    checker.special_care_embeds_weights.fill_(threshold)
    return checker


def tiny_extractor() -> CLIPImageProcessor:
    return CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})


def add_tiny_checker(model: Path, threshold: float) -> Path:
    """Put a safety checker into a model's directory, as Stable Diffusion v1 ships it."""
    tiny_checker(threshold).save_pretrained(model / "safety_checker", safe_serialization=True)
    tiny_extractor().save_pretrained(model / "feature_extractor")
    return model
