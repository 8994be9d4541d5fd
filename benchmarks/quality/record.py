"""Figures that were measured once are kept beside the frames, until what measures them changes."""

from __future__ import annotations

import functools
import hashlib
import inspect
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.quality.adherence import Judge
from benchmarks.quality.figures import Figures, measure
from benchmarks.quality.film import Film
from benchmarks.quality.measures import look
from benchmarks.quality.motion import warp_error
from benchmarks.quality.subject import subject
from engine.diffusion.sampling.warp import warp
from engine.vision.degenerate import check_frame as give_verdict
from engine.vision.perception import describe_picture
from engine.vision.vanishing import aim_camera

_MEASURES: Final = (Judge, measure, look, warp_error, subject, aim_camera, warp, describe_picture, give_verdict)
"""One of each file that says what the figures are."""


class _Kept(msgspec.Struct, frozen=True):
    ruler: str
    figures: Figures


def measured(film: Film, judge: Judge | None) -> Figures:
    """Return a complete film's figures, from its folder if they are there and were measured the same way."""
    path, ruler = film.folder.path / "figures.json", _ruler() + (judge.digest if judge else "")
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        kept = None
    if kept is None or kept.ruler != ruler:
        kept = _Kept(ruler, measure(film, judge))
        path.write_bytes(msgspec.json.encode(kept))
    return kept.figures


@functools.cache
def _ruler() -> str:
    """Return a digest of the source of all that measures."""
    sources = [Path(inspect.getfile(one)).read_bytes() for one in _MEASURES]
    return hashlib.blake2b(b"".join(sources), digest_size=8).hexdigest()
