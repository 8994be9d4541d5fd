"""The two sides of the comparison, each in a process of its own.

The engine computes in a process with an environment and a memory of its own choice; a loop over pipelines runs as
Python and torch are by default. They are measured in turns: while one works, the other waits.
"""

from __future__ import annotations

import functools
import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import torch

from benchmarks.speed.floor import Counts, Floor, peak_flops
from benchmarks.speed.loop import PipelineLoop
from benchmarks.speed.meter import Cost, Meter
from benchmarks.speed.ours import Delivery, Order, board_of, measure_traffic, serve
from benchmarks.speed.subject import Subject, load_subject, random_subject
from engine.config import EngineConfig, ModelConfig
from engine.diffusion.loader import arrange_for_device
from engine.diffusion.loading.calibration import calibrate
from engine.environment import shorten_thread_turns
from engine.recipe.recipe import Recipe
from engine.storyboard.storyboard import Storyboard

Result = TypeVar("Result")


class Which(msgspec.Struct, frozen=True):
    """The model that is measured; `shape` takes random weights instead of `model`."""

    model: ModelConfig
    shape: str | None
    threads: int

    def load(self) -> Subject:
        if self.shape:
            return random_subject(self.shape, self.model, self.threads)
        return load_subject(self.model, self.threads)


class Apart:
    """A process with an environment of its own, in which one side works."""

    def __init__(self, side: type, which: Which, environment: Mapping[str, str]) -> None:
        self._side, self._which = side, which
        self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
        before = dict(os.environ)
        os.environ.update(environment)
        self._pool.submit(os.getpid).result()  # the process is there, with this environment
        os.environ.clear()
        os.environ.update(before)

    def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Return what a method of the side returns there."""
        return self._pool.submit(_run, self._side, self._which, work, *arguments).result()

    def close(self) -> None:
        self._pool.shutdown()


_make_once = functools.cache(lambda side, which: side(which))


def _run(side: type, which: Which, work: Callable[..., Result], *arguments: Any) -> Result:
    return work(_make_once(side, which), *arguments)


class EngineSide:
    """The model as the engine has it."""

    def __init__(self, which: Which) -> None:
        shorten_thread_turns()
        self._subject = which.load()
        with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
            arrange_for_device(self._subject.name, self._subject.parts, which.threads, Path(folder))
        self._meter, self._backend = Meter(self._subject.parts), self._subject.backend()

    def describe(self) -> str:
        """Say what is measured, and how it computes."""
        device, dtype = self._subject.parts.device, self._subject.parts.dtype
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
        return f"{self._subject.name} on {device} ({name}), {dtype}, {_threads()}"

    def board(self, recipe: Recipe) -> Storyboard:
        return board_of(recipe, self._subject.card)

    def bare(self, board: Storyboard, width: int) -> Cost:
        """Do the bare forwards of an animation, `width` frames to a call."""
        floor = self._floor(board)
        with self._meter.run() as cost:
            floor.run(Counts.of(board), width)
        return cost

    def operations(self, board: Storyboard) -> Cost | None:
        """Return what a card's matrix products would take for the operations of an animation; None on a CPU."""
        parts = self._subject.parts
        if parts.device.type != "cuda":
            return None
        operations = self._floor(board).flops().times(Counts.of(board))
        return Cost(seconds=operations / peak_flops(parts.device, parts.dtype))

    def _floor(self, board: Storyboard) -> Floor:
        guided = board.shots[0].guidance > 1 and self._subject.parts.unet.config.time_cond_proj_dim is None
        return Floor(self._subject, board.width, rows=2 if guided else 1)

    def render(self, recipes: Sequence[Recipe], config: EngineConfig) -> Cost:
        """Render animations to their GIFs, all ordered at once."""
        orders = [Order(f"job{number}", recipe) for number, recipe in enumerate(recipes)]
        with self._meter.run() as cost:
            serve(self._backend, orders, config, lambda: self._meter.look_at_memory(cost))
        return cost

    def traffic(self, frames: int, config: EngineConfig) -> list[Delivery]:
        return measure_traffic(self._backend, frames, config)


class LoopSide:
    """The model as a user would have it: on a CPU with the threads and the order of values that are fastest."""

    def __init__(self, which: Which) -> None:
        subject = which.load()
        if subject.parts.device.type == "cpu":
            with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
                calibrate(subject.name, subject.parts, which.threads, Path(folder)).apply(subject.parts)
        self._meter, self._loop = Meter(subject.parts), PipelineLoop(subject)

    def describe(self) -> str:
        return _threads()

    def render(self, board: Storyboard) -> Cost:
        with self._meter.run() as cost:
            self._loop.render(board)
        return cost


def _threads() -> str:
    return f"{torch.get_num_threads()} of {os.cpu_count()} cores"
