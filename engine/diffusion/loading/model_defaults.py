"""Settings that follow from a model's own files: the size it was trained at, and the few steps of a distilled one.

The model's card overrides them; a model without a card looks right before anybody configures anything.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from engine.diffusion.loading.model_files import read_json
from engine.errors import ModelError
from engine.recipe.settings import Overrides

LCM = Overrides(scheduler="lcm", steps=4, strength=0.5, guidance=8.0)
"""Luo et al. 2023: trained on schedules of a few steps, and conditioned on the guidance scale."""
TURBO = Overrides(scheduler="euler", steps=4, strength=0.5, guidance=1.0)
"""Sauer et al. 2023: 1 to 4 steps from the last timestep on, without guidance."""
XL = Overrides(guidance=5.0)
"""The guidance of diffusers' own pipeline."""


def infer_settings(directory: Path) -> Overrides:
    """Return the settings that follow from a model's files; one that cannot be read is skipped, and reported later."""
    settings = Overrides()
    index = _read(directory / "model_index.json")
    if "XL" in str(index.get("_class_name")):
        settings |= XL
    scheduler = _read(directory / "scheduler" / "scheduler_config.json")
    if index.get("_class_name") == "LatentConsistencyModelPipeline" or scheduler.get("_class_name") == "LCMScheduler":
        settings |= LCM
    elif _is_turbo(scheduler):
        settings |= TURBO
    return settings | _trained_size(_read(directory / "unet" / "config.json"), _read(directory / "vae" / "config.json"))


def _is_turbo(scheduler: dict[str, Any]) -> bool:
    """Whether a model starts at the last timestep without being one of those with zero terminal SNR."""
    return (
        scheduler.get("_class_name") in ("EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler")
        and scheduler.get("timestep_spacing") == "trailing"
        and scheduler.get("prediction_type", "epsilon") == "epsilon"
        and not scheduler.get("rescale_betas_zero_snr", False)
    )


def _trained_size(unet: dict[str, Any], vae: dict[str, Any]) -> Overrides:
    side, blocks = unet.get("sample_size"), vae.get("block_out_channels")
    if isinstance(side, int) and isinstance(blocks, list):
        with contextlib.suppress(msgspec.ValidationError):  # a size that settings do not allow
            return msgspec.convert({"size": side << max(0, len(blocks) - 1)}, Overrides)
    return Overrides()


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except ModelError:
        return {}
