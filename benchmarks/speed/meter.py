"""What a run cost: wall time, CPU time, time inside the model's own forwards, peak memory."""

from __future__ import annotations

import contextlib
import functools
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
        cost, parts, card = Cost(), self._parts, CardClock() if self._on_card else None

        def mark(*_: object, sign: int = -1) -> None:
            if card:
                card.mark()
            else:
                cost.model_seconds += sign * time.perf_counter()
                cost.model_thread_seconds += sign * time.thread_time()

        with contextlib.ExitStack() as hooks:
            for module in (parts.unet, parts.vae.encoder, parts.vae.decoder, parts.text_encoder):
                hooks.enter_context(module.register_forward_pre_hook(mark))
                hooks.enter_context(module.register_forward_hook(functools.partial(mark, sign=1)))
            if card:
                torch.cuda.synchronize(parts.device)
                torch.cuda.reset_peak_memory_stats(parts.device)
            wall, cpu, thread = time.perf_counter(), time.process_time(), time.thread_time()
            yield cost
            if card:
                torch.cuda.synchronize(parts.device)
            cost.seconds, cost.cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
            if card:
                cost.model_seconds, cost.peak = card.take(), torch.cuda.max_memory_allocated(parts.device)
            elif torch.get_num_threads() == 1:
                cost.thread_seconds = time.thread_time() - thread
        self.look_at_memory(cost)

    def look_at_memory(self, cost: Cost) -> None:
        """Note the memory in use at this moment, if the CPU computes."""
        if not self._on_card:
            cost.peak = max(cost.peak, self._process.memory_info().rss)


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
        return float(sum(begun.elapsed_time(ended) for begun, ended in pairs)) / 1000
