"""Where the model runs, in which numbers, and what to say when that does not work."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch
from accelerate import PartialState
from accelerate.utils import is_bf16_available

from engine.errors import EngineError, ModelError


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; "auto" takes the best there is.

    Raises:
        ModelError: this machine has no such device.
    """
    if name == "auto":
        best: torch.device = PartialState().default_device
        return best
    device = torch.device(name)
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):  # what torch raises differs between builds
        raise ModelError(f'[model] device is "{name}", but there is none here; "auto" takes what there is.') from None
    return device


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the number format called `name`; "auto" takes float32 on a CPU and a half-size one elsewhere."""
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


def use_threads(count: int) -> None:
    """Compute with `count` CPU threads; 0 takes all cores but one.

    The threads of one operation wait for each other many times in every forward pass. Where one of them shares its
    core with the bot and the GIF writer, all of them wait for it: on two busy cores that is ten times slower than one
    thread alone, while on two idle ones the second thread gains a sixth.
    """
    torch.set_num_threads(count or max(1, (os.cpu_count() or 1) - 1))


@contextlib.contextmanager
def memory_errors_explained() -> Iterator[None]:
    """Turn a device that is out of memory into an EngineError that says what helps."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise EngineError(
            "The graphics card has no memory left for this; smaller pictures need less, and so do fewer [engine] lanes."
        ) from None
