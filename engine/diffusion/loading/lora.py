"""LoRAs, which are fused into a model's weights when it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.config import LoraConfig, ModelConfig
from engine.diffusion.loading.hub import fetch
from engine.diffusion.loading.model_files import report_damage
from engine.diffusion.loading.parts import Parts
from engine.diffusion.loading.source import HUB_ID
from engine.errors import ModelError

ENDING = ".safetensors"
ADAPTER = "fused"


class Lora(NamedTuple):
    """A LoRA's file, and its weight: 1 is as it was trained."""

    file: Path
    weight: float


def find_loras(config: ModelConfig) -> list[Lora]:
    """Find the configured LoRAs, on the hub only if a source can be nothing else; raises ModelError with what to do."""
    return [Lora(_find_file(lora, config.token_file), lora.weight) for lora in config.loras]


def describe_additions(config: ModelConfig) -> str:
    """Return what a tiny VAE and LoRAs add to a model's name, as they change its pictures."""
    vae = f" + {Path(config.tiny_vae).name}" if config.tiny_vae else ""
    return vae + "".join(
        f" + {lora.file.removesuffix(ENDING) or Path(lora.source).name.removesuffix(ENDING)}"
        + (f" ×{lora.weight:g}" if lora.weight != 1 else "")
        for lora in config.loras
    )


def fuse_loras(parts: Parts, loras: Sequence[Lora]) -> None:
    """Fuse LoRAs into a model's weights; raises ModelError if one is damaged, or made for another kind of model."""
    if not loras:
        return
    pipeline = _build_pipeline(parts)
    for lora in loras:
        with report_damage(lora.file):
            pipeline.load_lora_weights(
                lora.file.parent, weight_name=lora.file.name, adapter_name=ADAPTER, use_safetensors=True
            )
        if not pipeline.get_list_adapters():
            raise ModelError("{file} holds no LoRA for this kind of model.", file=lora.file)
        pipeline.fuse_lora(
            [name for name in ("unet", "text_encoder", "text_encoder_2") if hasattr(pipeline, name)],
            lora_scale=lora.weight,
        )
        pipeline.unload_lora_weights()
    for part in (parts.unet, *parts.text_encoders):
        part.eval().requires_grad_(False)


def _build_pipeline(parts: Parts) -> Any:
    # Imported only for LoRAs: it is slow, and warns without torchvision.
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    shared = {
        "vae": parts.vae,
        "text_encoder": parts.text_encoder,
        "tokenizer": parts.tokenizer,
        "unet": parts.unet,
        "scheduler": None,
        "feature_extractor": None,
    }
    if parts.text_encoder_2 is None:
        return StableDiffusionPipeline(**shared, safety_checker=None, requires_safety_checker=False)
    return StableDiffusionXLPipeline(**shared, text_encoder_2=parts.text_encoder_2, tokenizer_2=parts.tokenizer_2)


def _find_file(lora: LoraConfig, token_file: str) -> Path:
    path = Path(lora.source).expanduser()
    if path.is_file():
        if path.suffix != ENDING:
            raise ModelError("{file} is no safetensors file; nothing else is read.", file=path)
        return path
    if not path.is_dir():
        if not HUB_ID.match(lora.source):
            raise ModelError(
                '[model] loras: "{source}" is neither a safetensors file, nor a directory, nor a hub id such as '
                '"latent-consistency/lcm-lora-sdv1-5".',
                source=lora.source,
            )
        path = fetch(lora.source, lora.revision, token_file, [lora.file or f"*{ENDING}"])
    return _pick_file(path, lora)


def _pick_file(directory: Path, lora: LoraConfig) -> Path:
    files = sorted(file.name for file in directory.glob(f"*{ENDING}"))
    wanted = [lora.file] if lora.file else files
    if len(wanted) > 1:
        raise ModelError(
            '[model] loras: {source} has several files ({files}); name one with file = "…".',
            source=lora.source,
            files=", ".join(files),
        )
    if not wanted or wanted[0] not in files:
        raise ModelError(
            "[model] loras: {source} has no file {file}.", source=lora.source, file=lora.file or f"*{ENDING}"
        )
    return directory / wanted[0]
