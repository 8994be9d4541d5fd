"""Faults on order: the next requests that match fail as they are told to."""

from __future__ import annotations

import re

import msgspec

from playground.errors import ApiError, RateLimited


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong with the next `times` requests of `method` whose path matches `path`.

    Attributes:
        method: HTTP method, or None for any.
        path: a regular expression, searched for in the path after /api/v10.
        status: the answer's status; None lets the request through after `delay_seconds`.
        code: Discord's error code in the answer.
        retry_after: seconds, for a status of 429.
        delay_seconds: how long to wait before the answer.
    """

    method: str | None = None
    path: str = ""
    times: int = 1
    status: int | None = 500
    code: int = 0
    retry_after: float = 0.1
    delay_seconds: float = 0.0

    def error(self) -> ApiError | None:
        """Return the answer, or None if the request goes through."""
        if self.status is None:
            return None
        if self.status == 429:
            return RateLimited(self.retry_after, "shared")
        return ApiError(self.status, self.code, "injected fault")


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._pending: list[tuple[Fault, int]] = []

    def order(self, fault: Fault) -> None:
        """Have the next matching requests fail. Several orders are used up first come, first served."""
        self._pending.append((fault, fault.times))

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that befalls this request, if any, and count it down."""
        for index, (fault, left) in enumerate(self._pending):
            if fault.method in (None, method) and re.search(fault.path, path):
                if left > 1:
                    self._pending[index] = (fault, left - 1)
                else:
                    del self._pending[index]
                return fault
        return None
