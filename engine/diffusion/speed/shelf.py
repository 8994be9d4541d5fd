"""What is kept on a device to be at hand again: the latest, as many as there is room for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MIB = 1024 * 1024


class Shelf(Generic[Key, Value]):
    """The latest of something, bounded in number and in bytes.

    Args:
        most: how many are kept.
        most_bytes: which all of them together may take.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Value | None:
        """Return what is kept under `key`, which makes it the latest."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Keep something of `size` bytes, and let go of the oldest for it."""
        if key in self._kept:
            self._bytes -= self._kept.pop(key)[1]
        self._kept[key] = value, size
        self._bytes += size
        while len(self._kept) > self._most or (self._bytes > self._most_bytes and len(self._kept) > 1):
            self._bytes -= self._kept.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
        self._bytes = 0
