"""Strips of frames, to be looked at: one of every film, and those of docs/pictures.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.quality.film import Film
from engine.backend import Picture

ACROSS: Final = 14
LARGEST: Final = 300_000  # bytes of a picture in docs
_LABEL: Final = 18
_GAP: Final = 2


STRIPS: Final = {"zoom": "zoom", "steady": "zoom", "giro": "giro", "loop": "giro", "morph": "morph"}
"""The pictures of docs/pictures.md, and the kind of animation that each shows."""
SHOWN: Final = ("ours", "seed", "deforum")  # columns of the table that are a row of these pictures


def spread(film: Film, count: int = 7) -> list[int]:
    """Choose `count` frames from the first to the last, evenly."""
    return sorted({round(place) for place in np.linspace(0, film.subject.frames - 1, count)})


def choose(film: Film, strip: str) -> list[int]:
    """Choose the frames that stand in a row of one of STRIPS."""
    frames, last, back = film.subject.frames, film.subject.frames - 1, film.subject.returning
    match strip:
        case "zoom" if frames > 200:
            return [*range(0, last, 50), last]
        case "steady":  # neighbours from the middle
            return list(range(frames // 2, frames // 2 + 7))
        case "giro":  # the middle of each stage's settled frames
            return [(stage.start + stage.stop) // 2 for stage in film.subject.settled if stage.stop > stage.start]
        case "loop":  # the way home, and the seam
            return [last - back, last - 2 * back // 3, last - back // 3, last - 1, last, 0, 1]
        case _:
            return spread(film)


def write_strip(film: Film, path: Path) -> None:
    """Write a sheet with frames of a film, evenly spread, and in its last row those around the seam."""
    frames, half = film.subject.frames, ACROSS // 2
    chosen = spread(film, min(frames, 3 * ACROSS))
    rows = [chosen[start : start + ACROSS] for start in range(0, len(chosen), ACROSS)]
    if film.subject.is_loop:
        rows.append([*range(max(0, frames - half), frames), *range(min(frames, half))])
    path.parent.mkdir(parents=True, exist_ok=True)
    _sheet([[film.pictures[index] for index in row] for row in rows], side=112).save(path, quality=85)


def write_comparisons(films: Iterable[Film], folder: Path) -> list[Path]:
    """Write the pictures of docs/pictures.md, a row for each method that was rendered, and return their paths."""
    there = [film for film in films if film.is_complete and film.method.name in SHOWN]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, kind in STRIPS.items():
        if rows := [(film, choose(film, name)) for film in there if film.subject.kind == kind]:
            path, sheet = folder / f"{name}.webp", _comparison(rows)
            for quality in (90, 80, 60, 40, 20):
                sheet.save(path, quality=quality, method=6)
                if path.stat().st_size <= LARGEST:
                    break
            written.append(path)
    return written


def _comparison(rows: Sequence[tuple[Film, Sequence[int]]], side: int = 128) -> Image.Image:
    """Return rows of numbered frames with the method's name above each."""
    sheet = _sheet([[film.pictures[index] for index in row] for film, row in rows], side, _LABEL)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (film, row) in enumerate(rows):
        top, title = number * (side + 2 * _LABEL + _GAP), film.method.title
        draw.text((0, top), title[:1].upper() + title[1:], fill="black", font=font)
        for column, index in enumerate(row):
            place = column * (side + _GAP) + 2, top + _LABEL + side
            draw.text(place, f"{index}", fill=(60, 60, 60), font=font)
    return sheet


def _sheet(rows: Sequence[Sequence[Picture]], side: int, label: int = 0) -> Image.Image:
    """Lay pictures out in rows, `side` pixels each, on white, with room for labels above and below each."""
    across, down = side + _GAP, side + 2 * label + _GAP
    sheet = Image.new("RGB", (max(map(len, rows)) * across - _GAP, len(rows) * down), "white")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            thumb = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
            sheet.paste(thumb, (x * across, y * down + label))
    return sheet
