"""The week's best on one picture."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import msgspec
from PIL import Image, ImageFilter

from engine.errors import PictureError
from engine.protocol.stored_picture import load_picture

SIDE = 256
"""Pixels of one cell."""

_COLUMNS = 3
_GAP = 8
_BACKGROUND = (24, 25, 28)
_BLUR = SIDE / 10


class Cell(msgspec.Struct, frozen=True):
    """A file whose first picture is shown; a flagged one is blurred beyond recognition."""

    data: bytes
    is_blurred: bool = False


def make_mosaic(cells: Sequence[Cell]) -> bytes:
    """Return the first pictures of files side by side, as a PNG; a file that is no picture leaves its cell empty.

    Call it on a thread, for it decodes and scales.
    """
    columns = min(_COLUMNS, len(cells))
    rows = math.ceil(len(cells) / columns)
    sheet = Image.new("RGB", (columns * (SIDE + _GAP) + _GAP, rows * (SIDE + _GAP) + _GAP), _BACKGROUND)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        if (picture := _first_picture(cell)) is not None:
            indent = ((SIDE - picture.width) // 2, (SIDE - picture.height) // 2)
            corner = (_GAP + column * (SIDE + _GAP) + indent[0], _GAP + row * (SIDE + _GAP) + indent[1])
            sheet.paste(picture, corner)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _first_picture(cell: Cell) -> Image.Image | None:
    try:
        picture = load_picture(cell.data)
    except PictureError:
        return None
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture.filter(ImageFilter.GaussianBlur(_BLUR)) if cell.is_blurred else picture
