"""What a run cost: wall time, CPU time, time inside the model's own forwards, peak memory."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil
import torch

from engine.diffusion.loading.parts import Parts

MIB = 1024 * 1024


@dataclass
class Cost:
    """Seconds and bytes of one run.

    Attributes:
        seconds: wall time.
        cpu_seconds: of the whole process, with everything that is written.
        thread_seconds: CPU time of the thread that drives the model; on a busy machine steadier than wall time. 0 where
            it is not alone in computing.
        model_seconds, model_thread_seconds: the part of them inside UNet, VAE and text encoder.
        peak: resident memory at its highest; on a graphics card, what was allocated there.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    thread_seconds: float = 0.0
    model_seconds: float = 0.0
    model_thread_seconds: float = 0.0
    peak: int = 0

    @property
    def outside(self) -> float:
        """Share of the driving thread's time that was not spent in the model."""
        if self.thread_seconds and self.model_thread_seconds:
            return 1 - self.model_thread_seconds / self.thread_seconds
        return 1 - self.model_seconds / self.seconds


@dataclass
class Meter:
    """Measures runs on one model's parts."""

    parts: Parts
    _process: Any = field(default_factory=psutil.Process)

    @contextlib.contextmanager
    def run(self) -> Iterator[Cost]:
        """Measure what happens inside; the cost is complete at the end."""
        cost = Cost()
        on_card = self.parts.device.type == "cuda"
        if on_card:
            torch.cuda.synchronize(self.parts.device)
            torch.cuda.reset_peak_memory_stats(self.parts.device)
        with self._watched_model(cost):
            begun, begun_cpu, begun_thread = time.perf_counter(), time.process_time(), time.thread_time()
            yield cost
            if on_card:
                torch.cuda.synchronize(self.parts.device)
            cost.seconds, cost.cpu_seconds = time.perf_counter() - begun, time.process_time() - begun_cpu
            cost.thread_seconds = time.thread_time() - begun_thread
        if on_card:
            cost.peak = torch.cuda.max_memory_allocated(self.parts.device)
        if on_card or torch.get_num_threads() > 1:  # this thread only launches what a card does, or does its share
            cost.thread_seconds = 0.0
        self.look_at_memory(cost)

    def look_at_memory(self, cost: Cost) -> None:
        """Note the memory that is taken at this moment, if the CPU computes."""
        if self.parts.device.type != "cuda":
            cost.peak = max(cost.peak, self._process.memory_info().rss)

    @contextlib.contextmanager
    def _watched_model(self, cost: Cost) -> Iterator[None]:
        clock = _CardClock(cost) if self.parts.device.type == "cuda" else _HostClock(cost)
        watched = (self.parts.unet, self.parts.vae.encoder, self.parts.vae.decoder, self.parts.text_encoder)
        hooks = [
            hook
            for module in watched
            for hook in (
                module.register_forward_pre_hook(lambda *_: clock.start()),
                module.register_forward_hook(lambda *_: clock.stop()),
            )
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            clock.settle()


class _HostClock:
    def __init__(self, cost: Cost) -> None:
        self._cost = cost
        self._begun = self._begun_thread = 0.0

    def start(self) -> None:
        self._begun, self._begun_thread = time.perf_counter(), time.thread_time()

    def stop(self) -> None:
        self._cost.model_seconds += time.perf_counter() - self._begun
        self._cost.model_thread_seconds += time.thread_time() - self._begun_thread

    def settle(self) -> None:
        """Everything was added up at once."""


class _CardClock:
    """Events in the card's own queue: nothing waits for them before the end."""

    def __init__(self, cost: Cost) -> None:
        self._cost = cost
        self._events: list[Any] = []

    def start(self) -> None:
        self._record()

    def stop(self) -> None:
        self._record()

    def _record(self) -> None:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        self._events.append(event)

    def settle(self) -> None:
        torch.cuda.synchronize()
        pairs = zip(self._events[::2], self._events[1::2], strict=True)
        self._cost.model_seconds = sum(begun.elapsed_time(ended) for begun, ended in pairs) / 1000
