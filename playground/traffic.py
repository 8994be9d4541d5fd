"""The traffic: every REST exchange, kept and, if asked for, written down a line each."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

_KEPT = 20_000


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer.

    Attributes:
        path: without /api/v10.
        ct: the request's media type without parameters; None if it had none.
        auth: whether an Authorization header came.
        req: the JSON body, or a multipart body's `payload_json`.
        resp: the answer's JSON; None where it has no body.
        template: the route, such as /channels/{channel_id}/messages; None if there is none.
        files: names and sizes of the files that came along.
        at: when the answer was made, on the monotonic clock, in seconds.
    """

    method: str
    path: str
    query: dict[str, str]
    ct: str | None
    auth: bool
    req: Any
    status: int
    resp: Any
    template: str | None = None
    files: tuple[tuple[str, int], ...] = ()
    at: float = msgspec.field(default_factory=time.monotonic)

    def line(self) -> bytes:
        """Return the exchange as one line of JSON."""
        keys = ("method", "path", "query", "ct", "auth", "req", "status", "resp")
        return msgspec.json.encode({key: getattr(self, key) for key in keys}) + b"\n"


class Traffic:
    """The newest exchanges in memory, and all of them in a file if there is one."""

    def __init__(self, file: Path | None) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=_KEPT)
        self._file: IO[bytes] | None = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._file = file.open("wb", buffering=0)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._exchanges))

    def record(self, exchange: Exchange) -> None:
        """Keep an exchange."""
        self._exchanges.append(exchange)
        if self._file is not None:
            self._file.write(exchange.line())

    def requests(self, method: str, template: str) -> list[Exchange]:
        """Return the exchanges of one route, oldest first."""
        return [one for one in self._exchanges if one.method == method and one.template == template]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
