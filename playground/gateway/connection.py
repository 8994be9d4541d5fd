"""One WebSocket: payloads out in order, compressed as the client asked."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import zlib
from collections.abc import Callable
from typing import Any

from aiohttp import web

from playground.errors import Json

Compress = Callable[[bytes], bytes]


def compression(name: str | None) -> Compress | None:
    """Return the compressor of one connection's stream; None for plain text.

    Raises:
        LookupError: the name is not known, or zstandard is not installed.
    """
    if name is None:
        return None
    if name == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda raw: deflate.compress(raw) + deflate.flush(zlib.Z_SYNC_FLUSH)
    if name == "zstd-stream" and importlib.util.find_spec("zstandard"):
        import zstandard  # discord.py asks for this only where it is installed

        stream = zstandard.ZstdCompressor().compressobj()
        return lambda raw: stream.compress(raw) + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    raise LookupError(name)


class Connection:
    """Sends without making the sender wait: a writer task drains the outbox in order."""

    def __init__(self, socket: web.WebSocketResponse, compress: Compress | None) -> None:
        self.socket = socket
        self._compress = compress
        self._outbox: asyncio.Queue[bytes | tuple[int, str]] = asyncio.Queue()

    def send(self, op: int, data: Any = None, *, event: str | None = None, sequence: int | None = None) -> None:
        """Queue one payload."""
        payload: Json = {"op": op, "d": data, "s": sequence, "t": event}
        self._outbox.put_nowait(json.dumps(payload, separators=(",", ":")).encode())

    def close(self, code: int, reason: str) -> None:
        """Close after everything queued so far."""
        self._outbox.put_nowait((code, reason))

    async def write(self) -> None:
        """Send what is queued until told to close or until the client is gone."""
        while True:
            item = await self._outbox.get()
            try:
                if isinstance(item, tuple):
                    code, reason = item
                    await self.socket.close(code=code, message=reason.encode())
                    return
                if self._compress is None:
                    await self.socket.send_str(item.decode())
                else:
                    await self.socket.send_bytes(self._compress(item))
            except ConnectionError:
                return
