"""Figures that were measured once are kept beside the frames, until what measures them changes."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final

import msgspec

import engine.diffusion.sampling.warp
import engine.vision.degenerate
import engine.vision.perception
import engine.vision.vanishing
from benchmarks.quality import adherence, figures, measures, motion, subject
from benchmarks.quality.adherence import Judge
from benchmarks.quality.figures import Figures, measure
from benchmarks.quality.film import Film

_FILE: Final = "figures.json"
_MEASURES: Final = (
    adherence,
    figures,
    measures,
    motion,
    subject,
    engine.vision.vanishing,
    engine.diffusion.sampling.warp,
    engine.vision.perception,
    engine.vision.degenerate,
)


class _Kept(msgspec.Struct, frozen=True):
    ruler: str
    figures: Figures


def measured(film: Film, judge: Judge | None) -> Figures:
    """Return a complete film's figures, from its folder if they are there and were measured the same way."""
    path, ruler = film.folder.path / _FILE, _ruler() + (judge.digest if judge else "")
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
    digest = hashlib.blake2b(digest_size=8)
    for module in _MEASURES:
        assert module.__file__ is not None
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()
