"""Opens stored pictures; every failure is a PictureError."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from engine.errors import PictureError

MOST_PIXELS = 80 * 1024 * 1024
"""More than any render or contact sheet has: a damaged header must not make anybody decode gigabytes."""


@contextmanager
def open_picture(source: Path | bytes) -> Iterator[Image.Image]:
    """Open a picture, a file or the content of one; inside the `with`, only read it.

    Raises:
        PictureError: it is damaged, is not there, or has more pixels than `MOST_PIXELS`. Decoders raise an OSError, a
            SyntaxError, a struct.error and many more, also while the picture is read: all of them become this one.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width}×{image.height} pixels are too many")
            yield image
    except MemoryError:
        raise  # says nothing about the picture
    except Exception as error:
        what = "A picture" if isinstance(source, bytes) else source
        raise PictureError("{what}: cannot be read ({reason}).", what=what, reason=error) from error


def load_picture(source: Path | bytes) -> Image.Image:
    """Return the first frame of a stored picture, RGB and in memory; raises PictureError as `open_picture` does."""
    with open_picture(source) as image:
        return image.convert("RGB")
