"""A job's finished frames: kept on disk, measured, and spliced into its GIF while the next ones are being made.

Frames may be finished in any order; the GIF takes them in theirs. All methods run on one worker thread per engine, so
that the device never waits for a disk or an encoder.
"""

from __future__ import annotations

import time

import msgspec
from PIL import Image

from engine.backend import Picture
from engine.media.gif import Gif, GifPlan, GifWriter
from engine.quality import SeamMeter
from engine.spool import Folder


class Cut(msgspec.Struct, frozen=True):
    """The finished animation."""

    gif: Gif
    seam: float
    seconds: float


class Reel:
    """Frames of one job on their way to its GIF."""

    def __init__(self, plan: GifPlan, folder: Folder) -> None:
        self._folder = folder
        self._writer = GifWriter(plan, recall=folder.load)
        self._seam = SeamMeter()
        self._spliced = 0
        self._early: set[int] = set()
        self._seconds = 0.0

    @property
    def frames(self) -> int:
        """How many frames are kept."""
        return self._spliced + len(self._early)

    def put(self, index: int, picture: Picture, seconds: float) -> None:
        """Keep frame `index`, finished after `seconds` of rendering, and splice in what is complete up to there."""
        self._folder.save(index, picture)
        self._folder.seconds = seconds
        self._splice(index, Image.fromarray(picture))

    def restore(self, indices: set[int]) -> None:
        """Take up frames that an earlier attempt left on disk."""
        for index in sorted(indices):
            self._splice(index, None)

    def finish(self) -> Cut:
        """Return the animation, after the last frame was put.

        Raises:
            LimitTooSmall: no form of it fits the job's limit.
        """
        begun = time.perf_counter()
        gif = self._writer.finish()
        self._seconds += time.perf_counter() - begun
        return Cut(gif=gif, seam=self._seam.seam, seconds=self._seconds)

    def _splice(self, index: int, image: Image.Image | None) -> None:
        begun = time.perf_counter()
        self._early.add(index)
        while self._spliced in self._early:
            self._early.remove(self._spliced)
            at_hand = image if self._spliced == index and image is not None else self._folder.load(self._spliced)
            self._writer.add(at_hand)
            self._seam.add(at_hand)
            self._spliced += 1
        self._seconds += time.perf_counter() - begun
