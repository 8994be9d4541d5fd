"""The two sides of the comparison, each in a process of its own.

The engine computes in a process with an environment and a memory of its own choice; a loop over pipelines runs as
Python and torch are by default. In one process each would get what the other has asked for. They are measured in turns:
while one works, the other waits.
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
from benchmarks.speed.ours import render
from benchmarks.speed.subject import Subject, load_subject, random_subject
from benchmarks.speed.traffic import Delivery, measure
from benchmarks.speed.workload import board_of
from engine.config import EngineConfig, ModelConfig
from engine.diffusion.loader import arrange_for_device
from engine.diffusion.loading.calibration import calibrate
from engine.diffusion.model import DiffusionModel
from engine.environment import take_short_turns
from engine.recipe.recipe import Recipe
from engine.storyboard.storyboard import Storyboard

Result = TypeVar("Result")


class Which(msgspec.Struct, frozen=True):
    """The model that is measured; `shape` takes random weights instead of `model`."""

    model: ModelConfig
    shape: str | None
    threads: int


class Apart:
    """A process that works while nobody else does."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
        before = dict(os.environ)
        os.environ.update(environment)
        self._pool.submit(os.getpid).result()  # the process is there, with this environment
        os.environ.clear()
        os.environ.update(before)

    def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Return what `work` returns there."""
        return self._pool.submit(work, *arguments).result()

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown()


# ---- what runs there: functions that can be sent, and models that stay ----


@functools.cache
def _ours(which: Which) -> tuple[Subject, Meter, DiffusionModel]:
    """Load the model as the engine has it."""
    take_short_turns()
    subject = _load(which)
    with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
        arrange_for_device(subject.name, subject.parts, which.threads, Path(folder))
    return subject, Meter(subject.parts), subject.backend()


@functools.cache
def _theirs(which: Which) -> tuple[Subject, Meter, PipelineLoop]:
    """Load the model as a user would have it: on a CPU with the threads and the order of values that are fastest."""
    subject = _load(which)
    if subject.parts.device.type == "cpu":
        with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
            calibrate(subject.name, subject.parts, which.threads, Path(folder)).apply(subject.parts)
    return subject, Meter(subject.parts), PipelineLoop(subject)


def _load(which: Which) -> Subject:
    if which.shape:
        return random_subject(which.shape, which.model, which.threads)
    return load_subject(which.model, which.threads)


def describe_ours(which: Which) -> str:
    """Say what is measured, and how it computes."""
    subject, _, _ = _ours(which)
    device = subject.parts.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return f"{subject.name} on {device} ({name}), {subject.parts.dtype}, {_threads()}"


def describe_theirs(which: Which) -> str:
    """Say how the loop computes."""
    _theirs(which)
    return _threads()


def _threads() -> str:
    return f"{torch.get_num_threads()} of {os.cpu_count()} cores"


def storyboard_of(which: Which, recipe: Recipe) -> Storyboard:
    """Lay a recipe out for the model."""
    subject, _, _ = _ours(which)
    return board_of(recipe, subject.card)


def floor(which: Which, board: Storyboard, width: int) -> Cost:
    """Do the bare forwards of an animation, `width` frames to a call."""
    subject, meter, _ = _ours(which)
    return _floor(subject, board).run(meter, Counts.of(board), width)


def operations(which: Which, board: Storyboard) -> Cost | None:
    """Return what a graphics card's matrix products would take for the operations of an animation; None on a CPU."""
    subject, _, _ = _ours(which)
    if subject.parts.device.type != "cuda":
        return None
    at_most = peak_flops(subject.parts.device, subject.parts.dtype)
    return Cost(seconds=_floor(subject, board).flops().times(Counts.of(board)) / at_most)


def _floor(subject: Subject, board: Storyboard) -> Floor:
    guided = board.shots[0].guidance > 1 and subject.parts.unet.config.time_cond_proj_dim is None
    return Floor(subject, board.width, rows=2 if guided else 1)


def loop(which: Which, board: Storyboard) -> Cost:
    """Render an animation by pipelines."""
    _, meter, pipelines = _theirs(which)
    return pipelines.run(meter, board)


def engine(which: Which, recipes: Sequence[Recipe], config: EngineConfig) -> Cost:
    """Render animations by the engine, all ordered at once."""
    _, meter, backend = _ours(which)
    return render(meter, backend, recipes, config)


def traffic(which: Which, frames: int, config: EngineConfig) -> list[Delivery]:
    """Serve a long giro and short jobs that come while it runs."""
    _, _, backend = _ours(which)
    return measure(backend, frames, config)
