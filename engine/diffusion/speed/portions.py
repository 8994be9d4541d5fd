"""How much a device's memory has room for at a time, found out by running out of it without losing work."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

from engine.errors import EngineError

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


class Portions:
    """How many items of each size a device's memory has room for at a time.

    Args:
        release: frees memory on the device that only caches something.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._limits: dict[int, int] = {}

    def limit(self, size: int) -> int | None:
        """Return how many items of a size fit; None until too many of this size, or of a smaller one, were tried."""
        return min((most for other, most in self._limits.items() if other <= size), default=None)

    def lower_limit(self, size: int, most: int) -> None:
        """Note that at most `most` items of a size fit, and free what can be freed."""
        logger.warning("too little memory for more than %d at a time", most)
        self._limits[size] = most
        self._release()

    def process(
        self, items: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Result]], size: int, filled: int = 1
    ) -> list[Result]:
        """Return the results of `work` for all items, in as few calls as memory allows.

        Args:
            work: returns a result for each item; when it runs out of memory it must have changed nothing.
            size: of the largest item, in any unit of memory.
            filled: number of items that `work` pads to, if so many fit.

        Raises:
            torch.OutOfMemoryError: not even a single item fits, with all caches freed.
        """
        results: list[Result] = []
        is_released = False
        while len(results) < len(items):
            most = self.limit(size)
            portion = items[len(results) :][:most]
            try:
                results.extend(work(portion))
            except torch.OutOfMemoryError:
                taken = max(len(portion), filled if most is None else min(filled, most))
                if taken > 1:
                    self.lower_limit(size, taken // 2)
                elif is_released:
                    raise
                else:
                    self._release()
                is_released = True
        return results


@contextlib.contextmanager
def explain_memory_errors() -> Iterator[None]:
    """Turn running out of memory into an EngineError that says what helps."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise EngineError(
            "The graphics card has no memory left for this; smaller pictures need less, and so do fewer [engine] lanes."
        ) from None
