"""Models that are larger than a graphics card: their weights wait in the machine's memory, by accelerate's hooks.

"model" keeps the UNet and the VAE on the card, which take turns in every frame, and lets text encoders take the UNet's
place when prompts are encoded, which is once for each. "sequential" brings each layer when it is needed and lets it go
at once: next to nothing stays on the card, and every call takes as long as its weights travel.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from accelerate import cpu_offload, cpu_offload_with_hook
from torch import nn

from engine.config import Offload
from engine.errors import ModelError

SPARABLE = ("cuda", "xpu")
"""Devices with a memory of their own."""


def check_offload(how: Offload, device: torch.device, acceleration: str) -> None:
    """See whether a model can be offloaded.

    Raises:
        ModelError: there is no other memory to spare, or calls are to be recorded, which holds the weights in place.
    """
    if how == "none":
        return
    if device.type not in SPARABLE:
        raise ModelError(
            '[model] offload is "{how}", but {device} has no memory of its own that could be spared; set it to "none".',
            how=how,
            device=device,
        )
    if acceleration in ("graphs", "compile"):
        raise ModelError(
            '[model] offload is "{how}" and acceleration is "{acceleration}", which needs all weights to stay where '
            'they are; set one of them to "none".',
            how=how,
            acceleration=acceleration,
        )


def offload(how: Offload, device: torch.device, *, unet: Any, vae: Any, text_encoders: tuple[Any, ...]) -> None:
    """Let parts that lie in the machine's memory come to `device` when they are called.

    Args:
        how: anything but "none".
    """
    if device.index is None and device.type in SPARABLE:
        device = torch.device(device.type, 0)  # accelerate compares it with where the weights are
    if how == "sequential":
        for part in (unet, vae, *text_encoders):
            # Weights of the part itself, of none of its layers, are buffers to accelerate.
            cpu_offload(part, device, offload_buffers=any(True for _ in part.parameters(recurse=False)))
        return
    vae.to(device)
    _take_turns([*text_encoders, unet], device)


def _take_turns(parts: list[nn.Module], device: torch.device) -> None:
    """Let each of `parts`, which are called in this order, send back the one before when it comes."""
    hooks = [cpu_offload_with_hook(part, device)[1] for part in parts]
    for before, hook in pairwise([hooks[-1], *hooks]):
        hook.hook.prev_module_hook = before
