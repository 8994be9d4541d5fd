"""How many CPU threads the model's next call gets, on a machine that may be busy with something else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import torch

CROWDED = 0.65
"""Share of their time below which calls did not get their cores: alone on a machine they have 0.95 of it, now and then
one only half of it; two beside one busy process on two cores have 0.42."""
SMOOTHING = 0.25
"""How much the latest call counts in that share."""
TRIAL_SHARE = 0.75
"""The share to begin with where more threads are tried: after two bad calls they are given up."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds before more threads are tried again; twice as many each time that they find no room."""


class AdaptiveThreads:
    """As many threads as are fastest on a quiet machine, and fewer as long as others use its cores.

    The threads of one operation wait for each other, some hundred times in a call. Where one of them shares a core with
    anything else, all of them wait until it has its turn again: beside one busy process two threads on two cores take
    seven times as long as on a quiet machine, and five times as long as one thread beside it takes. Whether that is so
    can be told from the time that the calling thread was given, call by call.

    Args:
        most: threads that are fastest on a quiet machine.
        use: says to whoever computes how many threads it is to use.
        clock, own_clock: seconds that pass, and those in which the calling thread computes.
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
        """Enter this around every call of the model."""
        count = self._choose_count()
        self._use(count)
        begun, own = self._clock(), self._own_clock()
        yield
        taken = self._clock() - begun
        if count > 1:
            self._update_share((self._own_clock() - own) / taken if taken else 1.0)

    def _choose_count(self) -> int:
        """Return how many threads a call gets: now and then twice as many as lately, to see whether there is room."""
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
