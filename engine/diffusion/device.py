"""Where the model runs, in which numbers, and what to say when that does not work."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import psutil
import torch
from accelerate import PartialState
from accelerate.utils import is_bf16_available

from engine.backend import Memory
from engine.errors import EngineError, ModelError

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


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
        raise ModelError(
            '[model] device is "{name}", but there is none here; "auto" takes what there is.', name=name
        ) from None
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

    The threads of one operation wait for each other many times in every forward pass, and where one of them shares its
    core, all of them wait for it. `engine.diffusion.calibration` and `engine.diffusion.threads` look closer.
    """
    torch.set_num_threads(count or max(1, (os.cpu_count() or 1) - 1))


def memory_of(device: torch.device) -> Memory:
    """Return what the memory of `device` holds: a card's as a whole, or this process's part of the machine's."""
    if device.type in ("cuda", "xpu"):
        free, total = torch.get_device_module(device).mem_get_info(device)
        return Memory(used=total - free, total=total)
    if device.type == "mps":
        return Memory(used=torch.mps.driver_allocated_memory(), total=torch.mps.recommended_max_memory())
    return Memory(used=psutil.Process().memory_info().rss, total=psutil.virtual_memory().total)


@contextlib.contextmanager
def memory_errors_explained() -> Iterator[None]:
    """Turn a device that is out of memory into an EngineError that says what helps."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise EngineError(
            "The graphics card has no memory left for this; smaller pictures need less, and so do fewer [engine] lanes."
        ) from None


class Portions:
    """How many of something a device's memory has room for at a time.

    Attributes:
        most: None until too many were tried once.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.most: int | None = None

    def each(self, items: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Result]]) -> list[Result]:
        """Return what `work` returns for all items, in as few calls as there is memory for.

        Args:
            work: takes items and returns as many results; one that runs out of memory has changed nothing.

        Raises:
            torch.OutOfMemoryError: there is not enough for a single one.
        """
        results: list[Result] = []
        while len(results) < len(items):
            portion = items[len(results) :][: self.most]
            try:
                results.extend(work(portion))
            except torch.OutOfMemoryError:
                if len(portion) == 1:
                    raise
                self.most = len(portion) // 2
                logger.warning("too little memory for %d at a time; %d from now on", len(portion), self.most)
                if self._device.type == "cuda":
                    torch.cuda.empty_cache()
        return results
