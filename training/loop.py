"""One training loop for every network here: Hogwild processes on a CPU, one process on a GPU; EMA; checkpoints."""

from __future__ import annotations

import argparse
import copy
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.multiprocessing as multiprocessing
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn
from tqdm import tqdm

Batch = dict[str, Tensor]


class Task(Protocol):
    """What a network needs to be trained: where its batches come from, its loss, and how it is looked at."""

    name: str

    def network(self) -> nn.Module:
        """The network before its first step."""

    def batch(self, rng: np.random.Generator) -> Batch:
        """The next batch, drawn with `rng` alone, best from what lies where the network is."""

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """A scalar to lower."""

    def measure(self, network: nn.Module) -> dict[str, float]:
        """Figures on held-out data, for the log."""

    def look(self, network: nn.Module, path: Path) -> None:
        """Write a sample sheet to `path` (PNG)."""

    def export(self, network: nn.Module, folder: Path) -> None:
        """Write the network in diffusers' layout."""


@dataclass(frozen=True)
class Schedule:
    """How long and how hard. `minutes` are trained minutes: time a process spends stopped does not count."""

    minutes: float = 10.0
    steps: int | None = None
    learning_rate: float = 2e-4
    warmup: int = 100
    cooldown: bool = False
    ema: float = 0.998
    weight_decay: float = 1e-3
    checkpoint_seconds: float = 180.0
    look_seconds: float = 420.0
    seed: int = 0

    def rate(self, step: int, done: float) -> float:
        """Warm up in a run's own first steps, hold, and, if it cools down, fall to nothing as `done` goes to 1."""
        rate = self.learning_rate * min(1.0, (step + 1) / self.warmup)
        return rate * max(0.0, 1.0 - done) + 1e-7 if self.cooldown else rate


@dataclass(frozen=True)
class Place:
    """Where a run computes and where it keeps its state."""

    folder: Path
    device: str = "cpu"
    workers: int = 2

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def processes(self) -> int:
        return self.workers if self.device == "cpu" else 1


class Stopwatch:
    """Adds up time spent training. A gap far longer than a step is a stopped process, and is left out."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = time.monotonic()
        self._typical = 30.0

    def lap(self) -> None:
        now = time.monotonic()
        gap, self._last = now - self._last, now
        if gap < 10 * self._typical:
            self.seconds += gap
            self._typical = 0.9 * self._typical + 0.1 * gap

    def restart(self) -> None:
        """Forget the time since the last lap (a checkpoint or a sample sheet was being written)."""
        self._last = time.monotonic()


@dataclass
class State:
    """The weights being trained, their running mean, and how many steps made them. In shared memory on a CPU."""

    network: nn.Module
    mean: nn.Module
    step: Tensor

    @classmethod
    def begin(cls, task: Task, place: Place) -> tuple[State, dict[str, Any] | None]:
        """The state to go on from, and the optimiser's if there is a checkpoint."""
        network = task.network()
        mean = copy.deepcopy(network).requires_grad_(False)
        state = cls(network, mean, torch.zeros((), dtype=torch.long))
        optimiser = None
        if place.checkpoint.exists():
            saved = torch.load(place.checkpoint, map_location="cpu", weights_only=True)
            network.load_state_dict(saved["network"])
            mean.load_state_dict(saved["mean"])
            state.step.fill_(saved["step"])
            optimiser = saved["optimiser"]
        network.to(place.device, memory_format=layout(place.device)).train()  # type: ignore[call-overload]
        mean.to(place.device, memory_format=layout(place.device)).eval()  # type: ignore[call-overload]
        return state, optimiser

    def share(self) -> None:
        self.network.share_memory()
        self.mean.share_memory()
        self.step.share_memory_()  # type: ignore[no-untyped-call]

    def save(self, path: Path, optimiser: torch.optim.Optimizer) -> None:
        """Replace the checkpoint in one move, so that a run killed here loses nothing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        torch.save(
            {
                "network": self.network.state_dict(),
                "mean": self.mean.state_dict(),
                "step": int(self.step),
                "optimiser": optimiser.state_dict(),
            },
            fresh,
        )
        fresh.replace(path)


def train(task: Task, schedule: Schedule, place: Place) -> nn.Module:
    """Train, or go on training from the folder's checkpoint. Returns the running mean of the weights."""
    place.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(schedule.seed)
    state, optimiser = State.begin(task, place)
    if place.processes == 1:
        _work(0, task, schedule, place, state, optimiser)
        return state.mean
    torch.set_num_threads(1)
    state.share()
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=_work, args=(rank, task, schedule, place, state, optimiser))
        for rank in range(place.processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise RuntimeError(f"a training process ended with exit code {worker.exitcode}")
    return state.mean


def _work(rank: int, task: Task, schedule: Schedule, place: Place, state: State, saved: dict[str, Any] | None) -> None:
    """One process's share of the steps. Rank 0 also keeps the mean, the checkpoint and the log.

    On a CPU every process steps the same shared weights without locks (Hogwild): with two cores that others use
    too, two processes of one thread pass one process of two threads by far.
    """
    if place.processes > 1:
        torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = True  # batches come in a few shapes only
    torch.set_float32_matmul_precision("high")
    parameters = [p for p in state.network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, betas=(0.9, 0.99), weight_decay=schedule.weight_decay, fused=True)
    if saved is not None:
        optimiser.load_state_dict(saved)
    seed = (schedule.seed, rank, int(state.step))
    torch.manual_seed(hash(seed) % 2**31)
    rng = np.random.default_rng(seed)
    watch = Stopwatch()
    desk = Desk(task, schedule, place, state, optimiser) if rank == 0 else None
    for step in _steps(schedule, watch):
        done = watch.seconds / (60 * schedule.minutes)
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate(step, done)
        loss = task.loss(state.network, _to(task.batch(rng), place.device))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        state.step += 1
        watch.lap()
        if desk is not None:
            desk.note(loss, watch)
    if desk is not None:
        desk.close(watch)


def _steps(schedule: Schedule, watch: Stopwatch) -> Iterator[int]:
    step = 0
    while watch.seconds < 60 * schedule.minutes and (schedule.steps is None or step < schedule.steps):
        yield step
        step += 1


def _to(batch: Batch, device: str) -> Batch:
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


class Desk:
    """Rank 0's side work: the running mean, the progress bar, the log, checkpoints and sample sheets."""

    def __init__(
        self, task: Task, schedule: Schedule, place: Place, state: State, optimiser: torch.optim.Optimizer
    ) -> None:
        self.task, self.schedule, self.place = task, schedule, place
        self.state, self.optimiser = state, optimiser
        self.bar = tqdm(total=round(60 * schedule.minutes), unit="s", desc=task.name, mininterval=5)
        self.losses: list[Tensor] = []
        self.own = 0
        self._saved = self._looked = 0.0

    def note(self, loss: Tensor, watch: Stopwatch) -> None:
        self.own += 1
        decay = min(self.schedule.ema, (int(self.state.step) + 1) / (int(self.state.step) + 50))
        with torch.no_grad():
            follow = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
            follow(list(self.state.mean.parameters()), list(self.state.network.parameters()), 0)
            for kept, live in zip(self.state.mean.buffers(), self.state.network.buffers(), strict=True):
                kept.copy_(live)
        self.losses.append(loss.detach())
        self.bar.n = round(watch.seconds)
        if self.own % 20 == 0:
            self.losses = self.losses[-400:]
            mean = float(torch.stack(self.losses).mean())
            self.bar.set_postfix_str(f"step {int(self.state.step)} loss {mean:.4f}")
        if watch.seconds - self._saved > self.schedule.checkpoint_seconds:
            self._saved = watch.seconds
            self.state.save(self.place.checkpoint, self.optimiser)
            watch.restart()
        if watch.seconds - self._looked > self.schedule.look_seconds:
            self._looked = watch.seconds
            self.report(watch)
            watch.restart()

    def report(self, watch: Stopwatch) -> None:
        step = int(self.state.step)
        with torch.no_grad():
            figures = self.task.measure(self.state.mean)
            self.task.look(self.state.mean, self.place.folder / f"look-{step:07d}.png")
        line = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
        text = f"step {step} trained {watch.seconds:.0f} s loss {float(torch.stack(self.losses).mean()):.4f} {line}"
        self.bar.write(text)
        with (self.place.folder / "log.txt").open("a") as log:
            print(text, file=log)

    def close(self, watch: Stopwatch) -> None:
        self.state.save(self.place.checkpoint, self.optimiser)
        self.report(watch)
        with torch.no_grad():
            self.task.export(self.state.mean, self.place.folder / "export")
        self.bar.close()


def layout(device: str) -> torch.memory_format:
    """How images lie in memory where each kind of machine convolves them fastest."""
    return torch.preserve_format if device == "cpu" else torch.channels_last


def half(device: str) -> Any:
    """Mixed precision as both kinds of machine like it: bfloat16 in the forward pass, float32 in the loss."""
    return torch.autocast(torch.device(device).type, torch.bfloat16)


def default_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def default_workers() -> int:
    return max(1, min(2, os.cpu_count() or 1))


def add_arguments(parser: argparse.ArgumentParser, learning_rate: float) -> None:
    """The options every training command shares."""
    parser.add_argument("--folder", type=Path, required=True, help="checkpoint, log and sample sheets go here")
    parser.add_argument("--device", default=default_device())
    parser.add_argument("--workers", type=int, default=default_workers(), help="processes, on a CPU")
    parser.add_argument("--minutes", type=float, default=10.0, help="trained minutes of this run")
    parser.add_argument("--steps", type=int, help="stop after this many steps a process")
    parser.add_argument("--learning-rate", type=float, default=learning_rate)
    parser.add_argument("--cooldown", action="store_true", help="let the learning rate fall to 0 over this run")
    parser.add_argument("--seed", type=int, default=0)


def schedule_of(arguments: argparse.Namespace) -> Schedule:
    return Schedule(
        minutes=arguments.minutes,
        steps=arguments.steps,
        learning_rate=arguments.learning_rate,
        cooldown=arguments.cooldown,
        seed=arguments.seed,
    )


def place_of(arguments: argparse.Namespace) -> Place:
    return Place(arguments.folder, arguments.device, arguments.workers)
