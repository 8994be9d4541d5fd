"""Messages on a pipe: a four-byte length, big-endian, then that many bytes of MessagePack.

Reading raises EOFError when the other side has gone, and msgspec.DecodeError for what is no such message.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any, BinaryIO, TypeVar

import msgspec

_LENGTH = struct.Struct(">I")
_Message = TypeVar("_Message")


def pack(message: Any) -> bytes:
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


def read(pipe: BinaryIO, kind: type[_Message]) -> _Message:
    """Read one message, blocking."""
    (length,) = _LENGTH.unpack(_read_exactly(pipe, _LENGTH.size))
    return msgspec.msgpack.decode(_read_exactly(pipe, length), type=kind)


async def receive(pipe: asyncio.StreamReader, kind: type[_Message]) -> _Message:
    """Read one message without blocking the loop."""
    (length,) = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))
    return msgspec.msgpack.decode(await pipe.readexactly(length), type=kind)


def _read_exactly(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
