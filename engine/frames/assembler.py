"""A job's finished frames: saved to disk, and appended to its file while the next ones are being made.

Frames may be finished in any order; the file takes them in order. A flagged frame is saved as it is, because later
frames start from it, and shown veiled. Methods run on worker threads, one at a time for each job, except `save`.
"""

from __future__ import annotations

import time
from concurrent.futures import Future

import msgspec
from PIL import Image

from engine.backend import Picture
from engine.config import NsfwRule
from engine.frames.contact_sheet import ContactSheet, ContactSheetPlan, ContactSheetWriter
from engine.frames.frame_store import JobFrames
from engine.frames.gif import Gif, GifPlan, GifWriter
from engine.frames.seam import SeamMeter
from engine.frames.veil import veil_picture
from engine.protocol.messages import Suffix
from engine.recipe.recipe import Recipe, Variations
from engine.storyboard.shot import is_hidden
from engine.storyboard.storyboard import Storyboard


class FinishedFrame(msgspec.Struct, frozen=True):
    """A finished frame.

    Attributes:
        flagged: whether the safety checker objects to it; None if it was not asked.
        attempts: how many pictures were made of it.
    """

    index: int
    picture: Picture
    flagged: bool | None = None
    attempts: int = 1


class EncodedAnimation(msgspec.Struct, frozen=True):
    """The finished animation or contact sheet; `seconds` were spent on encoding it. The rest as in Report."""

    file: Gif | ContactSheet
    suffix: Suffix
    seam: float
    seconds: float
    flagged: int
    retried: int


class AnimationAssembler:
    """Writes the GIF of one job, or its contact sheet.

    Args:
        nsfw: "allow" shows every frame as it is, even one that was flagged where another rule held.
    """

    def __init__(
        self, plan: GifPlan | ContactSheetPlan, board: Storyboard, frames: JobFrames, nsfw: NsfwRule = "allow"
    ) -> None:
        self._board = board
        self._frames = frames
        self._nsfw = nsfw
        self._flagged: set[int] = set()
        self._retried: set[int] = set()
        self._suffix: Suffix = ".gif" if isinstance(plan, GifPlan) else ".png"
        self._writer = (
            GifWriter(plan, recall=self._load_displayed) if isinstance(plan, GifPlan) else ContactSheetWriter(plan)
        )
        self._seam = SeamMeter()
        self._appended = 0
        self._ahead: set[int] = set()  # on disk, and waiting for frames before them
        self._seconds = 0.0

    @property
    def frames_kept(self) -> int:
        """How many of the displayed frames are on disk."""
        return self._appended + len(self._ahead)

    def save(self, frame: FinishedFrame) -> None:
        """Save a frame; many frames may be saved at a time, on any threads."""
        self._frames.save(frame.index, frame.picture, frame.flagged, frame.attempts)

    def add(self, frame: FinishedFrame, seconds: float, saved: Future[None]) -> None:
        """Append a frame, once `saved`, and those that waited for it; the job has taken `seconds` so far."""
        saved.result()
        self._frames.seconds = seconds
        if not is_hidden(frame.index):
            self._count(frame.index, frame.flagged, frame.attempts)
            self._append(frame.index, Image.fromarray(frame.picture))

    def restore(self, indices: set[int]) -> None:
        for index in sorted(index for index in indices if not is_hidden(index)):
            self._count(index, self._frames.is_flagged(index), self._frames.attempts(index))
            self._append(index, None)

    def restore_judged(self, index: int, flagged: bool) -> None:
        """Append a frame from disk that the safety checker has judged only now."""
        self._frames.save(index, self._frames.picture(index), flagged, self._frames.attempts(index))
        self.restore({index})

    def finish(self) -> EncodedAnimation:
        """Return the file, after the last frame was added; raises LimitTooSmall if no form of it fits the limit."""
        begun = time.perf_counter()
        for place in range(self._board.frame_count, self._board.displayed_frames):
            self._encode(self._load_displayed(place))
        file = self._writer.finish()
        self._seconds += time.perf_counter() - begun
        seam = self._seam.seam if self._suffix == ".gif" else 0.0  # a sheet does not loop
        return EncodedAnimation(
            file=file,
            suffix=self._suffix,
            seam=seam,
            seconds=self._seconds,
            flagged=len(self._flagged),
            retried=len(self._retried),
        )

    def _count(self, index: int, flagged: bool | None, attempts: int) -> None:
        if attempts > 1:
            self._retried.add(index)
        if flagged and self._nsfw != "allow":
            self._flagged.add(index)

    def _veil(self, index: int, image: Image.Image) -> Image.Image:
        return veil_picture(image) if index in self._flagged else image

    def _load_displayed(self, place: int) -> Image.Image:
        """Return the frame at a place of the animation, from disk, veiled if it is flagged."""
        index = self._board.frame_at(place)
        return self._veil(index, self._frames.load(index))

    def _encode(self, frame: Image.Image) -> None:
        self._writer.add(frame)
        self._seam.add(frame)

    def _append(self, index: int, image: Image.Image | None) -> None:
        begun = time.perf_counter()
        self._ahead.add(index)
        while (place := self._appended) in self._ahead:
            self._ahead.remove(place)
            self._encode(self._veil(place, image if place == index and image is not None else self._frames.load(place)))
            self._appended += 1
        self._seconds += time.perf_counter() - begun


def plan_file(recipe: Recipe, board: Storyboard, limit_bytes: int, least_side: int) -> GifPlan | ContactSheetPlan:
    """Return the plan of the file a storyboard becomes; pictures smaller than `least_side` are enlarged to it."""
    scale = max(1.0, least_side / max(board.width, board.height))
    size = round(board.width * scale), round(board.height * scale)
    if isinstance(recipe, Variations):
        return ContactSheetPlan(limit_bytes=limit_bytes, stills=recipe.stills, seeds=len(recipe.seeds), size=size)
    return GifPlan(limit_bytes=limit_bytes, frames=board.displayed_frames, frame_ms=board.frame_ms, size=size)
