"""Identifiers and timestamps as Discord writes them."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000  # the first second of 2015
_INCREMENT_BITS = 22


class Snowflakes:
    """Mints identifiers: milliseconds since Discord's epoch, then a counter, so that they sort by age."""

    def __init__(self) -> None:
        self._counter = itertools.count()

    def new(self) -> str:
        """Return the next identifier, a decimal string."""
        milliseconds = time.time_ns() // 1_000_000 - EPOCH_MS
        return str(milliseconds << _INCREMENT_BITS | next(self._counter) % (1 << _INCREMENT_BITS))


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Return `moment` as ISO 8601 with microseconds and offset."""
    return moment.isoformat(timespec="microseconds")
