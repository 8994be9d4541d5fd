"""The model's device and number format."""

from __future__ import annotations

import os

import psutil
import torch
from accelerate import PartialState
from accelerate.utils import is_bf16_available

from engine.backend import Memory
from engine.errors import ModelError


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; "auto" is the best there is. Raises ModelError if there is no such device."""
    if name == "auto":
        best: torch.device = PartialState().default_device
        return best
    device = torch.device(name)
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):  # what torch raises differs between builds
        raise ModelError(
            '[model] device is "{name}", but there is none here; "auto" takes what there is.', name=name
        ) from None
    if device.index is not None and device.type in ("cuda", "xpu"):
        # Streams, events and recordings belong to the current device unless another is named.
        torch.get_device_module(device).set_device(device)
    return device


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the dtype called `name`; "auto" is float32 on a CPU and a half-precision one elsewhere."""
    named = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
    if name in named:
        return named[name]
    if device.type == "cpu":
        return torch.float32
    if device.type == "cuda":
        # Older cards emulate bfloat16, far slower than they compute in float16.
        supported = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        supported = is_bf16_available()
    return torch.bfloat16 if supported else torch.float16


def set_threads(count: int) -> None:
    """Compute with `count` CPU threads; 0 takes all cores but one.

    The threads of an operation wait for each other many times in a forward pass: if one shares its core, all are slowed
    down. See also `loading.calibration` and `speed.threads`.
    """
    torch.set_num_threads(count or max(1, (os.cpu_count() or 1) - 1))


def memory_of(device: torch.device) -> Memory:
    """Return the memory of `device`: of a card all that is used, of the host what this process uses."""
    if device.type in ("cuda", "xpu"):
        free, total = torch.get_device_module(device).mem_get_info(device)
        return Memory(used=total - free, total=total)
    if device.type == "mps":
        return Memory(used=torch.mps.driver_allocated_memory(), total=torch.mps.recommended_max_memory())
    return Memory(used=psutil.Process().memory_info().rss, total=psutil.virtual_memory().total)
