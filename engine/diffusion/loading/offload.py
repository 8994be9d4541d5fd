"""Models larger than a graphics card: their weights wait in the host's memory, by accelerate's hooks.

"model" keeps the UNet and the VAE on the card, and lets the text encoders take the UNet's place while they encode a
prompt. "sequential" moves each layer to the card only while it computes: next to nothing stays there, and every call
takes as long as its weights travel.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from accelerate import cpu_offload, cpu_offload_with_hook
from torch import nn

from engine.config import Offload
from engine.errors import ModelError

OWN_MEMORY = ("cuda", "xpu")
"""Devices with a memory of their own."""


def check_offload(how: Offload, device: torch.device, acceleration: str) -> None:
    """Raise ModelError if the device has no memory of its own, or calls are to be recorded, which pins the weights."""
    if how == "none":
        return
    if device.type not in OWN_MEMORY:
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
    """Let parts in the host's memory move to `device` when they are called; `how` is not "none"."""
    if device.index is None and device.type in OWN_MEMORY:
        device = torch.device(device.type, 0)  # accelerate compares it with where the weights are
    if how == "sequential":
        for part in (unet, vae, *text_encoders):
            # To accelerate, weights of the part itself rather than of a layer are buffers.
            cpu_offload(part, device, offload_buffers=any(True for _ in part.parameters(recurse=False)))
        return
    vae.to(device)
    _take_turns([*text_encoders, unet], device)


def _take_turns(parts: list[nn.Module], device: torch.device) -> None:
    """Let each of `parts`, called in this order, send the one before it back to the host."""
    hooks = [cpu_offload_with_hook(part, device)[1] for part in parts]
    for before, hook in pairwise([hooks[-1], *hooks]):
        hook.hook.prev_module_hook = before
