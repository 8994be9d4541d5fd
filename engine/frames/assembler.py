"""A job's finished frames: kept on disk, measured, and spliced into its file while the next ones are being made.

Frames may be finished in any order; the GIF takes them in theirs. A frame that the safety checker objects to is kept as
it is, for later frames start from it, and shown veiled. Methods run on worker threads, so that the device never waits
for a disk or an encoder: one at a time for each job, except `keep`.
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
from engine.storyboard.shot import is_hidden
from engine.storyboard.storyboard import Storyboard


class FinishedFrame(msgspec.Struct, frozen=True):
    """A finished frame.

    Attributes:
        verdict: whether the safety checker objects to it; None if it was not asked.
        tries: how many pictures were made of it until this one was kept.
    """

    index: int
    picture: Picture
    verdict: bool | None = None
    tries: int = 1


class EncodedAnimation(msgspec.Struct, frozen=True):
    """The finished animation or contact sheet."""

    film: Gif | ContactSheet
    suffix: Suffix
    seam: float
    seconds: float
    flagged: int
    retried: int


class AnimationAssembler:
    """Frames of one job on their way to its GIF, or stills on their way to a contact sheet.

    Args:
        plan: of the file.
        board: in which order frames are seen.
        folder: where they are kept.
        nsfw: "allow" shows every frame as it is, whatever was said about it elsewhere.
    """

    def __init__(
        self, plan: GifPlan | ContactSheetPlan, board: Storyboard, folder: JobFrames, nsfw: NsfwRule = "allow"
    ) -> None:
        self._board = board
        self._folder = folder
        self._nsfw = nsfw
        self._flagged: set[int] = set()
        self._retried: set[int] = set()
        self._suffix: Suffix = ".gif" if isinstance(plan, GifPlan) else ".png"
        self._writer = GifWriter(plan, recall=self._seen_at) if isinstance(plan, GifPlan) else ContactSheetWriter(plan)
        self._seam = SeamMeter()
        self._spliced = 0
        self._early: set[int] = set()
        self._seconds = 0.0

    @property
    def frames(self) -> int:
        """How many of the frames that are shown are kept."""
        return self._spliced + len(self._early)

    def shown(self, index: int) -> Image.Image:
        """Return frame `index` as it may be seen: from disk, and veiled if need be."""
        return self._veiled(index, self._folder.load(index))

    def keep(self, frame: FinishedFrame) -> None:
        """Keep a frame on disk; for many frames at a time, on any threads."""
        self._folder.save(frame.index, frame.picture, frame.verdict, frame.tries)

    def put(self, frame: FinishedFrame, seconds: float, kept: Future[None]) -> None:
        """Splice in what is complete up to a frame that is shown, finished after `seconds` of rendering.

        Args:
            kept: its `keep`.
        """
        kept.result()
        self._folder.seconds = seconds
        if is_hidden(frame.index):
            return
        self._note(frame.index, frame.verdict, frame.tries)
        self._splice(frame.index, Image.fromarray(frame.picture))

    def restore(self, indices: set[int]) -> None:
        """Take up frames that an earlier attempt left on disk."""
        for index in sorted(index for index in indices if not is_hidden(index)):
            self._note(index, self._folder.verdict(index), self._folder.tries(index))
            self._splice(index, None)

    def restore_judged(self, index: int, verdict: bool) -> None:
        """Take up a frame that was left on disk without a verdict, now that there is one."""
        self._folder.save(index, self._folder.picture(index), verdict, self._folder.tries(index))
        self.restore({index})

    def finish(self) -> EncodedAnimation:
        """Return the file, after the last frame was put.

        Raises:
            LimitTooSmall: no form of it fits the job's limit.
        """
        begun = time.perf_counter()
        for place in range(self._board.frame_count, self._board.displayed_frames):
            self._show(self._seen_at(place))
        film = self._writer.finish()
        self._seconds += time.perf_counter() - begun
        seam = self._seam.seam if self._suffix == ".gif" else 0.0  # a sheet has no end that meets its beginning
        return EncodedAnimation(
            film=film,
            suffix=self._suffix,
            seam=seam,
            seconds=self._seconds,
            flagged=len(self._flagged),
            retried=len(self._retried),
        )

    def _note(self, index: int, verdict: bool | None, tries: int) -> None:
        if tries > 1:
            self._retried.add(index)
        if verdict and self._nsfw != "allow":
            self._flagged.add(index)

    def _veiled(self, index: int, image: Image.Image) -> Image.Image:
        return veil_picture(image) if index in self._flagged else image

    def _seen_at(self, place: int) -> Image.Image:
        """Return the frame at a place of the animation."""
        return self.shown(self._board.frame_at(place))

    def _show(self, frame: Image.Image) -> None:
        self._writer.add(frame)
        self._seam.add(frame)

    def _splice(self, index: int, image: Image.Image | None) -> None:
        begun = time.perf_counter()
        self._early.add(index)
        while self._spliced in self._early:
            self._early.remove(self._spliced)
            at_hand = image if self._spliced == index and image is not None else self._folder.load(self._spliced)
            frame = self._veiled(self._spliced, at_hand)
            self._show(frame)
            self._spliced += 1
        self._seconds += time.perf_counter() - begun
