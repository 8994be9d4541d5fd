"""Each share's picture and its still: the GIF as it was posted, and its first frame as a small WebP."""

from __future__ import annotations

import io
from pathlib import Path
from typing import get_args

import msgspec
from PIL import Image

from engine.protocol.messages import JobId, Suffix
from engine.protocol.stored_picture import load_picture

SUFFIXES = get_args(Suffix)
"""What a render can be: an animation, or one picture."""

_LONGEST_SIDE = 640
_VEIL_PIXELS = 8
"""A veiled picture has so few pixels a side that nothing can be made out even in the file."""


class SharePicture(msgspec.Struct, frozen=True, kw_only=True):
    """A render on disk; `stamp` changes with the file."""

    source: Path
    stamp: str

    @property
    def suffix(self) -> str:
        """The file's kind: ".gif" or ".png"."""
        return self.source.suffix

    def copy(self) -> bytes:
        return self.source.read_bytes()

    def still(self) -> bytes:
        """Return the first frame as WebP, at most 640 pixels a side; raises PictureError."""
        frame = load_picture(self.source)
        frame.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        return _encode_webp(frame)

    def veiled(self) -> bytes:
        """Return the first frame blurred beyond recognition, as WebP; raises PictureError."""
        frame = load_picture(self.source).resize((_VEIL_PIXELS, _VEIL_PIXELS), Image.Resampling.BOX)
        return _encode_webp(frame.resize((_VEIL_PIXELS * 24, _VEIL_PIXELS * 24), Image.Resampling.BICUBIC))


def find_picture(renders: Path, job: JobId) -> SharePicture | None:
    """Return a job's render, if it is still kept."""
    for suffix in SUFFIXES:
        source = renders / f"{job}{suffix}"
        try:
            facts = source.stat()
        except OSError:
            continue
        return SharePicture(source=source, stamp=f"{facts.st_size}-{facts.st_mtime_ns}")
    return None


def _encode_webp(image: Image.Image) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "WEBP", quality=80, method=2)
    return encoded.getvalue()
