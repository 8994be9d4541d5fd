"""How much a device's memory has room for at a time: found out by running out of it once, and without losing work."""

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
    """How many of something a device's memory has room for at a time, for each size of it.

    Args:
        release: lets go of what is kept on the device only to be faster.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._limits: dict[int, int] = {}

    def limit(self, size: int) -> int | None:
        """Return how many of a size there is room for; None until too many of it, or of smaller ones, were tried."""
        return min((most for other, most in self._limits.items() if other <= size), default=None)

    def lower_limit(self, size: int, most: int) -> None:
        """Take in that there is room for no more than `most` of a size, and make what room can be made."""
        logger.warning("too little memory for more than %d at a time", most)
        self._limits[size] = most
        self._release()

    def process(
        self, items: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Result]], size: int, filled: int = 1
    ) -> list[Result]:
        """Return what `work` returns for all items, in as few calls as there is memory for.

        Args:
            work: takes items and returns as many results; one that runs out of memory has changed nothing.
            size: of the largest item, in whatever `work` takes memory for.
            filled: to how many items `work` fills up fewer, if there is room for so many.

        Raises:
            torch.OutOfMemoryError: there is not enough for a single one, even with nothing kept to be faster.
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
    """Turn a device that is out of memory into an EngineError that says what helps."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise EngineError(
            "The graphics card has no memory left for this; smaller pictures need less, and so do fewer [engine] lanes."
        ) from None
