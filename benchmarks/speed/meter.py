"""What a run cost: wall time, CPU time, time inside the model's own forwards, peak memory."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import torch

from engine.diffusion.loading.parts import Parts


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


class Meter:
    """Measures runs on one model's parts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._on_card = parts.device.type == "cuda"
        self._process = psutil.Process()

    @contextlib.contextmanager
    def run(self) -> Iterator[Cost]:
        """Measure what happens inside; the cost is complete at the end."""
        cost = Cost()
        if self._on_card:
            torch.cuda.synchronize(self._parts.device)
            torch.cuda.reset_peak_memory_stats(self._parts.device)
        with self._watched_model(cost):
            begun, begun_cpu, begun_thread = time.perf_counter(), time.process_time(), time.thread_time()
            yield cost
            if self._on_card:
                torch.cuda.synchronize(self._parts.device)
            cost.seconds, cost.cpu_seconds = time.perf_counter() - begun, time.process_time() - begun_cpu
            cost.thread_seconds = time.thread_time() - begun_thread
        if self._on_card:
            cost.peak = torch.cuda.max_memory_allocated(self._parts.device)
        if self._on_card or torch.get_num_threads() > 1:  # this thread only launches a card's work, or does its share
            cost.thread_seconds = 0.0
        self.look_at_memory(cost)

    def look_at_memory(self, cost: Cost) -> None:
        """Note the memory that is taken at this moment, if the CPU computes."""
        if not self._on_card:
            cost.peak = max(cost.peak, self._process.memory_info().rss)

    @contextlib.contextmanager
    def _watched_model(self, cost: Cost) -> Iterator[None]:
        parts = self._parts
        clock = CardClock() if self._on_card else _HostClock()
        hooks = []
        for module in (parts.unet, parts.vae.encoder, parts.vae.decoder, parts.text_encoder):
            hooks.append(module.register_forward_pre_hook(lambda *_: clock.start()))
            hooks.append(module.register_forward_hook(lambda *_: clock.stop()))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            cost.model_seconds, cost.model_thread_seconds = clock.take()


class _HostClock:
    """Adds up the time of a thread between starts and stops."""

    def __init__(self) -> None:
        self._seconds = self._thread_seconds = self._begun = self._begun_thread = 0.0

    def start(self) -> None:
        self._begun, self._begun_thread = time.perf_counter(), time.thread_time()

    def stop(self) -> None:
        self._seconds += time.perf_counter() - self._begun
        self._thread_seconds += time.thread_time() - self._begun_thread

    def take(self) -> tuple[float, float]:
        return self._seconds, self._thread_seconds


class CardClock:
    """Adds up a card's time between starts and stops by events in its own queue: nothing waits before the end."""

    def __init__(self) -> None:
        self._events: list[Any] = []

    def start(self) -> None:
        """Note that a call of the model begins."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        self._events.append(event)

    def stop(self) -> None:
        """Note that it is over."""
        self.start()

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Add up what happens inside."""
        self.start()
        yield
        self.stop()

    def take(self) -> tuple[float, float]:
        """Return the card's seconds since the last time, and those of a thread, which are none."""
        torch.cuda.synchronize()
        events, self._events = self._events, []
        pairs = zip(events[::2], events[1::2], strict=True)
        return sum(begun.elapsed_time(ended) for begun, ended in pairs) / 1000, 0.0
