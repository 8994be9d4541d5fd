"""From [model] in config.toml to a backend that renders."""

from __future__ import annotations

import contextlib
from pathlib import Path

import torch

from engine.config import ModelConfig
from engine.diffusion.loading.calibration import CpuLayout, calibrate
from engine.diffusion.loading.device import choose_device, choose_dtype, set_threads
from engine.diffusion.loading.lean import make_lean
from engine.diffusion.loading.lora import describe_additions, find_loras, fuse_loras
from engine.diffusion.loading.offload import check_offload, offload
from engine.diffusion.loading.parts import Parts, load_parts
from engine.diffusion.loading.source import find_model, find_tiny_vae
from engine.diffusion.model import DiffusionModel
from engine.diffusion.safety_checker import load_safety_checker
from engine.diffusion.speed.acceleration import Acceleration
from engine.diffusion.speed.threads import AdaptiveThreads
from engine.environment import keep_freed_memory


def load_backend(
    config: ModelConfig,
    *,
    threads: int = 0,
    flexible: bool = False,
    safety_checker: bool = False,
    calibrations: Path | None = None,
    lanes: int = 0,
) -> DiffusionModel:
    """Load the configured model onto the configured device.

    Args:
        threads: CPU threads to compute with; 0 takes the measured best, or all cores but one.
        flexible: whether to use fewer threads while others use the cores, which changes results' last digits.
        safety_checker: whether to load the model's safety checker, if it has one.
        calibrations: a directory for measurements of how the CPU computes fastest; None measures nothing.
        lanes: how many will share a call, for which a graphics card is warmed up.

    Raises:
        ModelError: one line that says what to do.
    """
    set_threads(threads)
    device = choose_device(config.device)
    files = find_model(config, safety_checker=safety_checker)
    check_offload(config.offload, device, config.acceleration)
    is_offloaded = config.offload != "none"
    loras = find_loras(config)
    dtype = choose_dtype(config.dtype, device)
    tiny_vae, spacing = find_tiny_vae(config), config.timestep_spacing
    parts = load_parts(files.directory, device, dtype, in_host_memory=is_offloaded, spacing=spacing, tiny_vae=tiny_vae)
    fuse_loras(parts, loras)
    name = files.name + describe_additions(config)
    arrange_for_device(name, parts, threads, calibrations)
    is_flexible = flexible and device.type == "cpu"
    watch = AdaptiveThreads(torch.get_num_threads()).watch if is_flexible else contextlib.nullcontext
    if is_offloaded:
        offload(config.offload, device, unet=parts.unet, vae=parts.vae, text_encoders=parts.text_encoders)
    how = config.acceleration
    if how == "auto":
        how = "none" if is_offloaded else "graphs"
    acceleration = Acceleration(device, how, lanes)
    checker = load_safety_checker(files.directory, device) if safety_checker else None
    model = DiffusionModel(name, files.card, parts, checker, acceleration, watch)
    if lanes and device.type == "cuda" and not is_offloaded:
        model.warm_up(lanes)
    return model


def arrange_for_device(name: str, parts: Parts, threads: int = 0, calibrations: Path | None = None) -> None:
    """Arrange a model in memory as its device computes fastest, and make it lean on a CPU; see `load_backend`."""
    if parts.device.type == "cpu":
        keep_freed_memory()
        make_lean(parts.unet)
        make_lean(parts.vae)
        if calibrations is not None:
            calibrate(name, parts, threads, calibrations).apply(parts)
    elif parts.device.type == "cuda":  # the tensor cores' own layout
        CpuLayout(torch.get_num_threads(), unet_channels_last=True, vae_channels_last=True).apply(parts)
