"""The parts of a model, read from its directory, and one clear line for everything that can be wrong with them."""

from __future__ import annotations

import contextlib
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from engine.diffusion.sampler import Samplers
from engine.errors import ModelError

SUPPORTED = ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "LatentConsistencyModelPipeline")
PARTS: dict[str, tuple[str, ...]] = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
WEIGHTS = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}
LONGEST_REASON = 160
"""Characters of a library's own words that are passed on."""


@dataclass(frozen=True)
class Parts:
    """A model in memory, part by part. What diffusers and transformers build is untyped.

    Attributes:
        dtype: of the UNet and the text encoder; the VAE's may be wider.
    """

    device: torch.device
    dtype: torch.dtype
    tokenizer: Any
    text_encoder: Any
    unet: Any
    vae: Any
    samplers: Samplers


def load_parts(directory: Path, device: torch.device, dtype: torch.dtype) -> Parts:
    """Load a model in diffusers layout. Only safetensors are read, and none of the model's own code is ever run.

    Raises:
        ModelError: one line that says what is wrong.
    """
    _quiet_libraries()
    _check_layout(directory)
    with _failing_as_damage(directory / "scheduler"):
        samplers = Samplers(_read_json(directory / "scheduler" / "scheduler_config.json"))
    with _failing_as_damage(directory / "tokenizer"):
        tokenizer = CLIPTokenizer.from_pretrained(directory / "tokenizer", local_files_only=True)
    parts = Parts(
        device=device,
        dtype=dtype,
        tokenizer=tokenizer,
        text_encoder=_load(CLIPTextModel, directory / "text_encoder", device, {"dtype": dtype}),
        unet=_load(UNet2DConditionModel, directory / "unet", device, {"torch_dtype": dtype}),
        vae=_load(AutoencoderKL, directory / "vae", device, {"torch_dtype": _vae_dtype(directory / "vae", dtype)}),
        samplers=samplers,
    )
    _check_fit(directory, parts)
    return parts


def _quiet_libraries() -> None:
    """Let errors through, but no progress bars and no advice: what goes wrong is said in our own words."""
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


# ---- before loading ----


def _check_layout(directory: Path) -> None:
    """See that this is a model we know how to run, before any weight is read."""
    index_file = directory / "model_index.json"
    if not index_file.exists():
        raise ModelError(f"{directory} is no model in diffusers layout: it has no model_index.json.")
    index = _read_json(index_file)
    pipeline = index.get("_class_name")
    if pipeline not in SUPPORTED:
        raise ModelError(
            f"{directory} is a model for {pipeline}; supported is Stable Diffusion 1 or 2 ({SUPPORTED[0]})."
        )
    for part, classes in PARTS.items():
        found = index.get(part) or [None, None]
        if found[1] not in classes:
            raise ModelError(f"{directory}: its {part} is of the kind {found[1]}; supported is {classes[0]}.")
        if not (directory / part).is_dir():
            raise ModelError(f"{directory} is incomplete: it has no directory {part}.")
    for part, stem in WEIGHTS.items():
        _read_json(directory / part / "config.json")
        _check_weights(directory / part, stem)
    _check_vocabulary(directory / "tokenizer")


def _check_vocabulary(directory: Path) -> None:
    """See that there is a vocabulary; without one a tokenizer loads all the same, and knows no word."""
    if not (directory / "tokenizer.json").exists() and not (directory / "vocab.json").exists():
        raise ModelError(f"{directory} is incomplete: it has neither tokenizer.json nor vocab.json.")


def _check_weights(directory: Path, stem: str) -> None:
    if (directory / f"{stem}.safetensors").exists() or (directory / f"{stem}.safetensors.index.json").exists():
        return
    pickles = sorted(path.name for path in directory.iterdir() if path.suffix in (".bin", ".ckpt", ".pt", ".pth"))
    if pickles:
        raise ModelError(
            f"{directory} holds its weights as {pickles[0]}, which can run code when opened; "
            "only safetensors are read, so convert it or choose another revision."
        )
    raise ModelError(f"{directory} is incomplete: it has no {stem}.safetensors.")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({_reason(error)}).") from None
    if not isinstance(content, dict):
        raise ModelError(f"{path} cannot be read (it is not a JSON object).")
    return content


def _vae_dtype(directory: Path, dtype: torch.dtype) -> torch.dtype:
    """Return the VAE's number format: some overflow in float16, and their own configuration says so."""
    upcast = _read_json(directory / "config.json").get("force_upcast", False)
    return torch.float32 if upcast and dtype == torch.float16 else dtype


# ---- loading ----


def _load(kind: Any, directory: Path, device: torch.device, dtype: dict[str, torch.dtype]) -> Any:
    """Load one part with weights; `dtype` under the argument's name in the part's library."""
    with _failing_as_damage(directory):
        part, info = kind.from_pretrained(
            directory, use_safetensors=True, local_files_only=True, output_loading_info=True, **dtype
        )
    if missing := sorted(info["missing_keys"]):
        raise ModelError(f"{directory} is incomplete: weights are missing, such as {missing[0]}.")
    try:
        return part.to(device).eval().requires_grad_(False)
    except torch.OutOfMemoryError:
        raise ModelError(f"The model does not fit into the memory of {device}: choose another device.") from None


@contextlib.contextmanager
def _failing_as_damage(directory: Path) -> Iterator[None]:
    """Report whatever the libraries raise about the files of one part; they have no common error for it."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{directory} is damaged or incomplete ({_reason(error)}).") from error


def _reason(error: Exception) -> str:
    """Return the first line of what a library said, kept short."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return textwrap.shorten(lines[0], LONGEST_REASON, placeholder=" …").rstrip(".:")


# ---- after loading ----


def _check_fit(directory: Path, parts: Parts) -> None:
    """See that the parts belong together; a mismatch would only show in the first picture, or in none."""
    unet, vae, text_encoder = parts.unet.config, parts.vae.config, parts.text_encoder.config
    if unet.in_channels != vae.latent_channels:
        raise ModelError(
            f"{directory}: the UNet takes {unet.in_channels} channels and the VAE makes {vae.latent_channels}; "
            "models for inpainting or upscaling are not supported."
        )
    if unet.cross_attention_dim != text_encoder.hidden_size:
        raise ModelError(
            f"{directory}: the UNet expects a text encoder of width {unet.cross_attention_dim}, and this one has "
            f"{text_encoder.hidden_size}."
        )
    if len(parts.tokenizer) > text_encoder.vocab_size:
        raise ModelError(
            f"{directory}: the tokenizer knows {len(parts.tokenizer)} tokens, the text encoder only "
            f"{text_encoder.vocab_size}."
        )
