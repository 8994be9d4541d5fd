"""Rate limits: a bucket per route and place, and one over everything."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass

import msgspec

from playground.errors import RateLimited
from playground.world.settings import Bucket, RateLimits


class Key(msgspec.Struct, frozen=True):
    """Which bucket a request falls into: the kind of route, and the channel, server or webhook it is about."""

    kind: str
    place: str


@dataclass
class _Window:
    ends: float
    used: int = 0


class RateLimiter:
    """Counts requests in fixed windows, as Discord's headers describe them."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._windows: dict[Key, _Window] = {}
        self._everything = _Window(ends=0.0)

    def count_overall(self) -> None:
        """Count a request towards the global limit.

        Raises:
            RateLimited: of global scope.
        """
        bucket = self._limits.everything
        window = self._everything = self._current(self._everything, bucket)
        if window.used >= bucket.limit:
            raise RateLimited(window.ends - time.monotonic(), "global")
        window.used += 1

    def count(self, key: Key) -> dict[str, str]:
        """Count a request in its bucket and return the headers that tell the bot how much is left.

        Raises:
            RateLimited: the bucket is empty; its headers are those of `headers`.
        """
        bucket = self._bucket(key.kind)
        window = self._windows[key] = self._current(self._windows.get(key), bucket)
        if window.used >= bucket.limit:
            raise RateLimited(window.ends - time.monotonic(), "user")
        window.used += 1
        return self.headers(key)

    def headers(self, key: Key) -> dict[str, str]:
        """Return the rate limit headers of a bucket as it stands."""
        bucket = self._bucket(key.kind)
        window = self._windows.get(key) or _Window(time.monotonic() + bucket.seconds)
        left = max(window.ends - time.monotonic(), 0.0)
        return {
            "X-RateLimit-Limit": str(bucket.limit),
            "X-RateLimit-Remaining": str(max(bucket.limit - window.used, 0)),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": f"{zlib.crc32(key.kind.encode()):08x}",
        }

    def _current(self, window: _Window | None, bucket: Bucket) -> _Window:
        now = time.monotonic()
        return _Window(now + bucket.seconds) if window is None or now >= window.ends else window

    def _bucket(self, kind: str) -> Bucket:
        if kind == "POST /channels/{channel_id}/messages":
            return self._limits.messages
        if kind == "PATCH /channels/{channel_id}/messages/{message_id}":
            return self._limits.edits
        if kind == "webhooks":
            return self._limits.webhooks
        return self._limits.others
