"""Configuration of an engine: its model, its load, how it renders."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from engine.recipe.settings import SettingsLayer

NsfwRule = Literal["allow", "blur", "refuse"]
"""What happens to a frame that the safety checker objects to: nothing, as the checker is not asked; it is shown blurred
only; or the job fails with a sentence."""

Device = Annotated[
    str,
    Meta(pattern=r"^(auto|cpu|mps|cuda(:\d+)?|xpu(:\d+)?)$", description="auto, cpu, mps, cuda, cuda:N, xpu or xpu:N"),
]


TimestepSpacing = Literal["auto", "leading", "linspace", "trailing"]
Offload = Literal["none", "model", "sequential"]


class LoraConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of [model] loras: weights that are added to the model's.

    Attributes:
        source: a safetensors file, a directory with one, or a hub id.
        file: which of several files there.
    """

    source: Annotated[str, Meta(min_length=1)]
    weight: Annotated[float, Meta(ge=-4, le=4)] = 1.0
    file: str = ""
    revision: Annotated[str, Meta(min_length=1)] = "main"


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[model]: which weights, and where they run."""

    source: Annotated[str, Meta(min_length=1)] = "embedded"
    revision: Annotated[str, Meta(min_length=1)] = "main"
    device: Device = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    acceleration: Literal["auto", "none", "graphs", "compile"] = "auto"
    offload: Offload = "none"
    loras: tuple[LoraConfig, ...] = ()
    timestep_spacing: TimestepSpacing = "auto"
    tiny_vae: str = ""
    token_file: str = ""


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[engine]: how much it does at once, and how often it reports."""

    lanes: Annotated[int, Meta(ge=1, le=64)] = 4
    fixed_width: bool = False
    jobs_at_once: Annotated[int, Meta(ge=1, le=64)] = 4
    threads: Annotated[int, Meta(ge=0, le=256)] = 0
    share_cores: bool = False
    preview_seconds: Annotated[float, Meta(ge=0.5, le=60)] = 3.0
    preview_side: Annotated[int, Meta(ge=64, le=512)] = 256
    gif_side: Annotated[int, Meta(ge=0, le=2048)] = 256


class EngineSetup(msgspec.Struct, frozen=True, kw_only=True):
    """All configuration of an engine.

    Attributes:
        keep_days: how long the files of finished jobs are kept.
        frames_gib: how much disk the frames of finished jobs may take.
    """

    model: ModelConfig = ModelConfig()
    engine: EngineConfig = EngineConfig()
    render: SettingsLayer = SettingsLayer()
    keep_days: int = 30
    frames_gib: float = 10.0
