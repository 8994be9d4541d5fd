"""The GIF container: a header, frames as self-contained blocks, a trailer.

Only what an animation needs is written: no global palette, and every frame opaque, full size and with a palette of its
own. So no block depends on another, and bytes simply add up. (Transparent differences to the frame before were
measured: on feedback frames, where every pixel changes, they make a file 0 to 5 % larger.)
"""

from __future__ import annotations

import struct
import tempfile
from typing import Final

from PIL import Image

EXTENSION: Final = 0x21
IMAGE: Final = 0x2C
TRAILER: Final = b"\x3b"

_SIGNATURE: Final = b"GIF89a"
_SCREEN: Final = struct.Struct("<HHBBB")  # width, height, flags, background, aspect
_DESCRIPTOR: Final = struct.Struct("<BHHHHB")  # introducer, left, top, width, height, flags
_HAS_PALETTE: Final = 0x80
_EIGHT_BITS_A_CHANNEL: Final = 0x70
_KEEP_FRAME: Final = 1 << 2  # disposal: leave the frame in place; the next covers it
_LOOP_FOR_EVER: Final = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"

HEADER_BYTES: Final = len(_SIGNATURE) + _SCREEN.size + len(_LOOP_FOR_EVER)
LEAST_CENTISECONDS: Final = 2  # browsers and Discord show a frame of 0 or 1 centiseconds for 10


def pack_header(size: tuple[int, int]) -> bytes:
    """Return the start of a file of `size` (width, height in pixels) that loops for ever."""
    return _SIGNATURE + _SCREEN.pack(*size, _EIGHT_BITS_A_CHANNEL, 0, 0) + _LOOP_FOR_EVER


def pack_frame(image: Image.Image, centiseconds: int) -> bytes:
    """Return one palette image as a block shown for `centiseconds` (2..65535)."""
    control = struct.pack("<BBBBHBB", EXTENSION, 0xF9, 4, _KEEP_FRAME, centiseconds, 0, 0)
    palette, bits = _pad_palette(image)
    descriptor = _DESCRIPTOR.pack(IMAGE, 0, 0, *image.size, _HAS_PALETTE | (bits - 1))
    return control + descriptor + palette + _compress(image)


def _pad_palette(image: Image.Image) -> tuple[bytes, int]:
    """Return the palette as RGB bytes, padded to 2**bits entries, and bits (1..8)."""
    colours = bytes(image.getpalette("RGB") or ())
    bits = max(1, (len(colours) // 3 - 1).bit_length())
    return colours.ljust(3 << bits, b"\0"), bits


def _compress(image: Image.Image) -> bytes:
    """Return the image's LZW data: minimum code size, sub-blocks, terminator.

    Pillow's own encoder writes a one-frame file, and the data is cut out of it. It writes into a real file because only
    there does Pillow release the GIL while it encodes: another thread's wait falls from 10 ms to under 1 ms.
    """
    with tempfile.TemporaryFile(buffering=0) as file:
        image.save(file, "GIF", optimize=False, interlace=False)
        length = file.tell()
        file.seek(0)
        encoded = file.read(length)
    return encoded[_find_data(encoded) : -len(TRAILER)]


def _find_data(encoded: bytes) -> int:
    offset = len(_SIGNATURE) + _SCREEN.size + _table_bytes(encoded[len(_SIGNATURE) + 4])
    while encoded[offset] == EXTENSION:
        offset = _skip_sub_blocks(encoded, offset + 2)
    return offset + _DESCRIPTOR.size + _table_bytes(encoded[offset + _DESCRIPTOR.size - 1])


def _table_bytes(flags: int) -> int:
    """Return the size of the colour table that a screen's or an image's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & _HAS_PALETTE else 0


def _skip_sub_blocks(encoded: bytes, offset: int) -> int:
    while encoded[offset]:
        offset += 1 + encoded[offset]
    return offset + 1
