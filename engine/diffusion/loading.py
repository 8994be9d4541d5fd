"""From [model] in config.toml to a backend that renders."""

from __future__ import annotations

from engine.config import ModelConfig
from engine.diffusion.device import choose_device, choose_dtype, use_threads
from engine.diffusion.model import DiffusionModel
from engine.diffusion.parts import load_parts
from engine.diffusion.source import find_model


def load_backend(config: ModelConfig, *, threads: int = 0) -> DiffusionModel:
    """Load the configured model onto the configured device.

    Args:
        threads: CPU threads to compute with; 0 takes all cores but one.

    Raises:
        ModelError: it cannot be had; one line says what to do.
    """
    use_threads(threads)
    device = choose_device(config.device)
    files = find_model(config)
    parts = load_parts(files.directory, device, choose_dtype(config.dtype, device))
    return DiffusionModel(files.name, files.card, parts)
