"""One job: what is known of it while it waits, and how it goes while it is rendered."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import Any

import msgspec
from PIL import Image

from engine.animations import storyboard
from engine.backend import Picture, ShotRequest
from engine.frontier import Frontier
from engine.media.gif import GifPlan
from engine.media.preview import PREVIEW_SUFFIX, encode_preview
from engine.messages import Job, JobEvent, JobId, Plan, Preview, Progress, Report
from engine.reel import Cut, Reel
from engine.settings import Settings
from engine.spool import Folder
from engine.storyboard import Storyboard


def lay_out(plan: Plan) -> Storyboard:
    """Return the storyboard of a plan; its recipe has every setting written down."""
    return storyboard(plan.recipe, Settings.layered([plan.recipe.settings]))


class Entry(msgspec.Struct, frozen=True):
    """A job in line: little more than its recipe.

    Attributes:
        frames_found: how many frames an earlier attempt has left on disk.
        calls_left: denoising steps still to go.
    """

    job: Job
    plan: Plan
    folder: Folder
    frames_found: int
    calls_left: int

    @classmethod
    def of(cls, job: Job, plan: Plan, folder: Folder) -> Entry:
        """Prepare the job's folder and see what is there already."""
        folder.prepare(plan)
        found = folder.frames()
        left = sum(shot.unet_calls for shot in lay_out(plan).shots if shot.index not in found)
        return cls(job, plan, folder, len(found), left)


class Production:
    """A job being rendered.

    Its frames go to a reel on the `writer` thread; `collect` picks up what has arrived there.
    """

    def __init__(self, entry: Entry, gif_side: int, writer: Executor) -> None:
        found = entry.folder.frames()
        self.job = entry.job
        self.plan = entry.plan
        self.board = lay_out(entry.plan)
        self.frontier = Frontier(self.board.shots, found)
        self.calls_left = entry.calls_left
        self._folder = entry.folder
        self._writer = writer
        self._reel = Reel(gif_plan(self.board, entry.job.limit_bytes, gif_side), entry.folder)
        self._pictures: dict[int, Picture] = {}
        self._frames_kept = len(found)
        self._writing: deque[Future[None]] = deque()
        self._preview: Future[Preview] | None = None
        self._cut: Future[Cut] | None = None
        self._began = time.perf_counter()
        self._seconds_before = entry.folder.seconds
        self._phases: defaultdict[str, float] = defaultdict(float)
        self._previewed_at: float | None = None
        if found:
            self._write(self._reel.restore, found)
        self._cut_if_complete()

    def request(self, index: int) -> ShotRequest:
        """Start shot `index`: return all that the model needs for it."""
        shot = self.board.shots[index]
        sources = {source: self._picture(source) for source in shot.sources}
        self.frontier.start(index)
        for spent in [source for source in self._pictures if not self.frontier.is_needed(source)]:
            del self._pictures[spent]
        return ShotRequest(
            shot=shot,
            width=self.board.width,
            height=self.board.height,
            scheduler=self.board.scheduler,
            sources=sources,
        )

    def finish_frame(self, index: int, picture: Picture) -> None:
        """Take in a finished frame and send it to the reel."""
        self.frontier.finish(index)
        if self.frontier.is_needed(index):
            self._pictures[index] = picture
        self._write(self._reel.put, index, picture, self._seconds())
        self._cut_if_complete()

    def show(self, index: int, picture: Picture, every: float, side: int) -> None:
        """Make a preview of a frame, unless the last one was made less than `every` seconds ago."""
        now = time.perf_counter()
        if self._preview is None and (self._previewed_at is None or now - self._previewed_at >= every):
            self._previewed_at = now
            self._preview = self._writer.submit(make_preview, self.job.id, index, picture, side)

    def charge(self, phase: str, seconds: float) -> None:
        """Count time spent on this job."""
        self._phases[phase] += seconds

    # ---- what has arrived ----

    @property
    def pending(self) -> list[Future[Any]]:
        """Work that the writer thread has not finished, or that was not collected yet."""
        return [*self._writing, *(future for future in (self._preview, self._cut) if future is not None)]

    @property
    def frames_in_flight(self) -> int:
        """How many pieces of work wait for the writer thread."""
        return len(self._writing)

    def collect(self) -> Iterator[JobEvent]:
        """Yield what has arrived since the last time.

        Raises:
            OSError: a frame could not be written.
        """
        kept = self._frames_kept
        while self._writing and self._writing[0].done():
            self._writing.popleft().result()
            self._frames_kept = self._reel.frames
        if self._frames_kept > kept:
            yield self.progress()
        if self._preview is not None and self._preview.done():
            yield self._preview.result()
            self._preview = None

    def take_cut(self) -> Cut | None:
        """Return the finished animation once it is there.

        Raises:
            LimitTooSmall: it does not fit the job's limit in any form.
        """
        return self._cut.result() if self._cut is not None and self._cut.done() and not self._writing else None

    def progress(self) -> Progress:
        """Say how far the job is."""
        return Progress(
            job=self.job.id,
            frames_done=self._frames_kept,
            frames=self.plan.frames,
            calls_done=self.plan.unet_calls - self.calls_left,
            calls=self.plan.unet_calls,
        )

    def report(self, cut: Cut) -> Report:
        """Say what became of the job."""
        self._phases["gif"] += cut.seconds
        return Report(
            frames=self.plan.frames,
            gif_frames=cut.gif.frames,
            seconds=self._seconds(),
            seconds_by_phase=dict(self._phases),
            unet_calls=self.plan.unet_calls,
            width=cut.gif.width,
            height=cut.gif.height,
            frame_ms=cut.gif.frame_ms,
            seam=cut.seam,
        )

    # ---- small helpers ----

    def _seconds(self) -> float:
        return self._seconds_before + time.perf_counter() - self._began

    def _picture(self, index: int) -> Picture:
        """Return a source frame: from memory, or from disk after a restart."""
        if index not in self._pictures:
            self._pictures[index] = self._folder.picture(index)
        return self._pictures[index]

    def _write(self, work: Any, *arguments: Any) -> None:
        self._writing.append(self._writer.submit(work, *arguments))

    def _cut_if_complete(self) -> None:
        if self.frontier.is_complete and self._cut is None:
            self._cut = self._writer.submit(self._reel.finish)


def make_preview(job: JobId, index: int, picture: Picture, side: int) -> Preview:
    """Return frame `index` as a small encoded picture for a progress message."""
    return Preview(job=job, frame=index, image=encode_preview(Image.fromarray(picture), side), suffix=PREVIEW_SUFFIX)


def gif_plan(board: Storyboard, limit_bytes: int, least_side: int) -> GifPlan:
    """Say what GIF a storyboard becomes; pictures smaller than `least_side` are enlarged to it."""
    scale = max(1.0, least_side / max(board.width, board.height))
    return GifPlan(
        limit_bytes=limit_bytes,
        frames=len(board.shots),
        frame_ms=board.frame_ms,
        size=(round(board.width * scale), round(board.height * scale)),
    )
