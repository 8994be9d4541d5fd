"""A contact sheet: a few stills for each of several seeds on one picture, each seed with its number, as a PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import msgspec
from PIL import Image, ImageDraw, ImageFont

from engine.errors import LimitTooSmall

MOST_SIDE: Final = 512
"""Pixels of a still's longer side: the one that is chosen is rendered in full."""
LEAST_SIDE: Final = 32
_GAP: Final = 1 / 24  # between seeds, in parts of a still's longer side; stills of one seed touch
_BADGE: Final = 1 / 5
_PAPER: Final = (24, 25, 28)
_INK: Final = (255, 255, 255)


class ContactSheetPlan(msgspec.Struct, frozen=True):
    """What the file must be: `stills` pictures of each seed, each at most `size` (width, height) in pixels."""

    limit_bytes: int
    stills: int
    seeds: int
    size: tuple[int, int]


class ContactSheet(msgspec.Struct, frozen=True):
    """A finished file and what is in it; `width` and `height` are the whole sheet's, `frames` counts its stills."""

    data: bytes
    width: int
    height: int
    frames: int
    frame_ms: int = 0


class ContactSheetWriter:
    """Writes one contact sheet; the same steps as `engine.frames.gif.GifWriter`."""

    def __init__(self, plan: ContactSheetPlan) -> None:
        self._plan = plan
        self._size = _scale(plan.size, min(1.0, MOST_SIDE / max(plan.size)))
        self._stills: list[Image.Image] = []

    def add(self, frame: Image.Image) -> None:
        """Take the next still, seed by seed: RGB, any size."""
        self._stills.append(frame.convert("RGB").resize(self._size, Image.Resampling.LANCZOS))

    def finish(self) -> ContactSheet:
        """Return the file; raises LimitTooSmall if the smallest recognisable one is larger than the limit."""
        plan = self._plan
        scale = 1.0
        while True:
            size = _scale(self._size, scale)
            sheet = lay_out_sheet(self._stills, plan.stills, size)
            file = io.BytesIO()
            sheet.save(file, "PNG", compress_level=6)
            data = file.getvalue()
            if len(data) <= plan.limit_bytes:
                return ContactSheet(data, sheet.width, sheet.height, len(self._stills))
            if max(size) <= LEAST_SIDE:
                raise LimitTooSmall(
                    "A contact sheet does not fit into {limit} bytes, however small its pictures.",
                    limit=f"{plan.limit_bytes:,}",
                )
            # Bytes grow with the area; 5 % less, so that it seldom takes a third attempt.
            fitting = (plan.limit_bytes / len(data)) ** 0.5 * 0.95
            scale = max(scale * fitting, LEAST_SIDE / max(self._size))


def lay_out_sheet(stills: Sequence[Image.Image], per_seed: int, size: tuple[int, int]) -> Image.Image:
    """Return the sheet: strips of three stills or more stand in one column, so that a phone shows them large."""
    seeds = len(stills) // per_seed
    columns = 1 if per_seed > 2 else min(2, seeds)
    rows = -(-seeds // columns)
    gap = max(2, round(max(size) * _GAP))
    strip = size[0] * per_seed
    sheet = Image.new("RGB", (columns * strip + (columns - 1) * gap, rows * size[1] + (rows - 1) * gap), _PAPER)
    for number in range(seeds):
        row, column = divmod(number, columns)
        x, y = column * (strip + gap), row * (size[1] + gap)
        for place, still in enumerate(stills[number * per_seed : (number + 1) * per_seed]):
            sheet.paste(still.resize(size, Image.Resampling.LANCZOS), (x + place * size[0], y))
        _draw_number(sheet, (x, y), number + 1, max(size))
    return sheet


def _draw_number(sheet: Image.Image, corner: tuple[int, int], number: int, side: int) -> None:
    """Draw a seed's number into the corner of its first still: white on dark, to show on any picture."""
    badge = max(12, round(side * _BADGE))
    x, y = corner
    draw = ImageDraw.Draw(sheet)
    inner = (False, False, True, False)
    draw.rounded_rectangle((x, y, x + badge, y + badge), radius=badge // 3, fill=_PAPER, corners=inner)
    font = ImageFont.load_default(badge * 0.8)
    draw.text((x + badge / 2, y + badge / 2), str(number), fill=_INK, font=font, anchor="mm")


def _scale(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
