"""The number of CPU threads for the model's next call, on a machine that may be busy with something else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeAlias

import torch

CROWDED = 0.65
"""Share of wall time spent computing below which calls did not get their cores: 0.95 on a quiet machine, rarely 0.5 for
a single call; 0.42 for two threads beside one busy process on two cores."""
SMOOTHING = 0.25
"""Weight of the latest call in that share."""
TRIAL_SHARE = 0.75
"""Initial share when more threads are tried: two bad calls end the trial."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds before more threads are tried again, doubled with each failure."""

Watch: TypeAlias = Callable[[], AbstractContextManager[None]]
"""Entered around every call of the UNet and the VAE."""


class AdaptiveThreads:
    """As many threads as are fastest on a quiet machine, and fewer while others use its cores.

    The threads of an operation wait for each other, some hundred times in a call. If one shares its core, all wait for
    it: beside one busy process two threads on two cores take seven times as long as on a quiet machine, and five times
    as long as one thread would. The CPU time of the calling thread tells, call by call.

    Args:
        most: number of threads that is fastest on a quiet machine.
        use: sets the number of threads.
        clock, own_clock: wall time, and CPU time of the calling thread, in seconds.
    """

    def __init__(
        self,
        most: int,
        use: Callable[[int], object] = torch.set_num_threads,
        clock: Callable[[], float] = time.perf_counter,
        own_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._most = self._count = most
        self._use, self._clock, self._own_clock = use, clock, own_clock
        self._share, self._pause, self._retry_at = 1.0, FIRST_PAUSE, 0.0

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Enter around every call of the model."""
        count = self._choose_count()
        self._use(count)
        start, own_start = self._clock(), self._own_clock()
        yield
        taken = self._clock() - start
        if count > 1:
            self._update_share((self._own_clock() - own_start) / taken if taken else 1.0)

    def _choose_count(self) -> int:
        """Return the number of threads for a call: from time to time twice as many as before, as a trial."""
        if self._count < self._most and self._clock() >= self._retry_at:
            self._count = min(self._most, 2 * self._count)
            self._share = TRIAL_SHARE
        return self._count

    def _update_share(self, share: float) -> None:
        self._share += SMOOTHING * (share - self._share)
        if self._share < CROWDED:
            self._count = max(1, self._count // 2)
            self._retry_at = self._clock() + self._pause
            self._pause = min(LONGEST_PAUSE, 2 * self._pause)
        elif self._share > TRIAL_SHARE:
            self._pause = FIRST_PAUSE
