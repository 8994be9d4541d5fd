"""The parts of a model, loaded from its directory, and one clear line for everything that can be wrong with them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from engine.config import TimestepSpacing
from engine.diffusion.loading.model_files import (
    SUPPORTED_XL,
    WEIGHTS,
    check_layout,
    check_weights,
    read_json,
    report_damage,
)
from engine.diffusion.sampling.sampler import Samplers
from engine.diffusion.sampling.text_encoder import TextEncoder
from engine.errors import ModelError

SIZES = 6
"""Numbers in SDXL's micro-conditioning on picture sizes."""


@dataclass(frozen=True)
class Parts:
    """A model in memory. What diffusers and transformers build is untyped.

    Attributes:
        dtype: of the UNet and the text encoders; the VAE's may be wider.
        tokenizer_2, text_encoder_2: of SDXL, which encodes each prompt twice.
        zero_negative: whether SDXL's guidance leads away from zeros if there is no negative prompt.
    """

    device: torch.device
    dtype: torch.dtype
    tokenizer: Any
    text_encoder: Any
    unet: Any
    vae: Any
    samplers: Samplers
    tokenizer_2: Any = None
    text_encoder_2: Any = None
    zero_negative: bool = False

    @property
    def text_encoders(self) -> tuple[Any, ...]:
        return (self.text_encoder,) if self.text_encoder_2 is None else (self.text_encoder, self.text_encoder_2)

    def build_text_encoders(self) -> list[TextEncoder]:
        pairs = zip((self.tokenizer, self.tokenizer_2), self.text_encoders, strict=False)
        is_xl = self.text_encoder_2 is not None
        return [TextEncoder(*pair, self.device, penultimate=is_xl) for pair in pairs]


def load_parts(
    directory: Path,
    device: torch.device,
    dtype: torch.dtype,
    *,
    in_host_memory: bool = False,
    spacing: TimestepSpacing = "auto",
    tiny_vae: Path | None = None,
) -> Parts:
    """Load a model in diffusers layout. Only safetensors are read, and none of the model's own code is ever run.

    Args:
        in_host_memory: whether weights wait in the host's memory; see `engine.diffusion.loading.offload`.
        spacing: of the samplers' timesteps.
        tiny_vae: directory of the VAE that replaces the model's own.

    Raises:
        ModelError: says what is wrong with which directory.
    """
    _quiet_libraries()
    index = check_layout(directory)
    with report_damage(directory / "scheduler"):
        schedule = read_json(directory / "scheduler" / "scheduler_config.json")
        samplers = Samplers(schedule if spacing == "auto" else schedule | {"timestep_spacing": spacing})
    load_device = torch.device("cpu") if in_host_memory else device
    parts = Parts(
        device=device,
        dtype=dtype,
        tokenizer=_load_tokenizer(directory / "tokenizer"),
        text_encoder=load_part(CLIPTextModel, directory / "text_encoder", load_device, {"dtype": dtype}),
        unet=load_part(UNet2DConditionModel, directory / "unet", load_device, {"torch_dtype": dtype}),
        vae=_load_vae(tiny_vae or directory / "vae", load_device, dtype),
        samplers=samplers,
    )
    if index["_class_name"] in SUPPORTED_XL:
        second = directory / "text_encoder_2"
        parts = dataclasses.replace(
            parts,
            tokenizer_2=_load_tokenizer(directory / "tokenizer_2"),
            text_encoder_2=load_part(CLIPTextModelWithProjection, second, load_device, {"dtype": dtype}),
            zero_negative=bool(index.get("force_zeros_for_empty_prompt", True)),
        )
    _check_fit(directory, parts)
    return parts


def _quiet_libraries() -> None:
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def _load_tokenizer(directory: Path) -> Any:
    with report_damage(directory):
        return CLIPTokenizer.from_pretrained(directory, local_files_only=True)


def _load_vae(directory: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """Load a VAE; one that overflows in float16, as its configuration says, computes in float32 instead."""
    config = read_json(directory / "config.json")
    check_weights(directory, WEIGHTS["vae"])
    wider = config.get("force_upcast", False) and dtype == torch.float16
    kind = AutoencoderTiny if config.get("_class_name") == "AutoencoderTiny" else AutoencoderKL
    return load_part(kind, directory, device, {"torch_dtype": torch.float32 if wider else dtype})


def load_part(kind: Any, directory: Path, device: torch.device, dtype: dict[str, torch.dtype]) -> Any:
    """Load one part with weights; `dtype` is under the name that its library has for that argument."""
    with report_damage(directory):
        part, info = kind.from_pretrained(
            directory, use_safetensors=True, local_files_only=True, output_loading_info=True, **dtype
        )
    if missing := sorted(info["missing_keys"]):
        raise ModelError(
            "{directory} is incomplete: weights are missing, such as {name}.", directory=directory, name=missing[0]
        )
    try:
        return part.to(device).eval().requires_grad_(False)
    except torch.OutOfMemoryError:
        raise ModelError(
            "The model does not fit into the memory of {device}: choose another device.", device=device
        ) from None


def _check_fit(directory: Path, parts: Parts) -> None:
    """Check that the parts belong together; a mismatch would show in the first picture at the earliest."""
    unet, vae = parts.unet.config, parts.vae.config
    text_encoders = [text_encoder.config for text_encoder in parts.text_encoders]
    width = sum(text_encoder.hidden_size for text_encoder in text_encoders)
    if unet.in_channels != vae.latent_channels:
        raise ModelError(
            "{directory}: the UNet takes {taken} channels and the VAE makes {made}; models "
            "for inpainting or upscaling are not supported.",
            directory=directory,
            taken=unet.in_channels,
            made=vae.latent_channels,
        )
    if vae.get("latents_mean") is not None or vae.get("shift_factor"):
        raise ModelError("{directory}: its VAE shifts its latents; such models are not supported.", directory=directory)
    if unet.cross_attention_dim != width:
        raise ModelError(
            "{directory}: the UNet expects a text encoder of width {wanted}, and this one has {found}.",
            directory=directory,
            wanted=unet.cross_attention_dim,
            found=width,
        )
    for tokenizer, text_encoder in zip((parts.tokenizer, parts.tokenizer_2), text_encoders, strict=False):
        if len(tokenizer) > text_encoder.vocab_size:
            raise ModelError(
                "{directory}: the tokenizer knows {count} tokens, the text encoder only {most}.",
                directory=directory,
                count=len(tokenizer),
                most=text_encoder.vocab_size,
            )
    _check_added_conditioning(directory, parts)


def _check_added_conditioning(directory: Path, parts: Parts) -> None:
    """Check that the UNet takes no other conditioning than hidden states and, for SDXL, pooled states and sizes."""
    unet = parts.unet.config
    width = 0
    if parts.text_encoder_2 is not None:
        width = parts.text_encoder_2.config.projection_dim + SIZES * (unet.addition_time_embed_dim or 0)
    kind = "text_time" if width else None
    if unet.addition_embed_type != kind or (width and parts.unet.add_embedding.linear_1.in_features != width):
        raise ModelError(
            "{directory}: the UNet is to be told more than prompts and a size, as refiners are; that is not supported.",
            directory=directory,
        )
