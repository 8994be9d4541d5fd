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

    `cpu_seconds` is the whole process. `thread_seconds` is the thread that drives the model, steadier than wall time on
    a busy machine; 0 where other threads compute as well. `peak` is resident memory, or what was allocated on a card.
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
        with self._watch_model(cost):
            wall, cpu, thread = time.perf_counter(), time.process_time(), time.thread_time()
            yield cost
            if self._on_card:
                torch.cuda.synchronize(self._parts.device)
                cost.peak = torch.cuda.max_memory_allocated(self._parts.device)
            cost.seconds, cost.cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
            if not self._on_card and torch.get_num_threads() == 1:
                cost.thread_seconds = time.thread_time() - thread
        self.look_at_memory(cost)

    def look_at_memory(self, cost: Cost) -> None:
        """Note the memory in use at this moment, if the CPU computes."""
        if not self._on_card:
            cost.peak = max(cost.peak, self._process.memory_info().rss)

    @contextlib.contextmanager
    def _watch_model(self, cost: Cost) -> Iterator[None]:
        card = CardClock() if self._on_card else None

        def add(sign: int) -> None:
            if card:
                card.mark()
            else:
                cost.model_seconds += sign * time.perf_counter()
                cost.model_thread_seconds += sign * time.thread_time()

        parts, hooks = self._parts, []
        for module in (parts.unet, parts.vae.encoder, parts.vae.decoder, parts.text_encoder):
            hooks.append(module.register_forward_pre_hook(lambda *_: add(-1)))
            hooks.append(module.register_forward_hook(lambda *_: add(1)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            if card:
                cost.model_seconds = card.take()


class CardClock:
    """Adds up a card's time between pairs of marks, by events in its own queue: nothing waits before the end."""

    def __init__(self) -> None:
        self._events: list[Any] = []

    def mark(self) -> None:
        """Note that a call of the model begins, or that it is over."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        self._events.append(event)

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Add up what happens inside."""
        self.mark()
        yield
        self.mark()

    def take(self) -> float:
        """Return the card's seconds since the last time."""
        torch.cuda.synchronize()
        events, self._events = self._events, []
        pairs = zip(events[::2], events[1::2], strict=True)
        return sum(begun.elapsed_time(ended) for begun, ended in pairs) / 1000
