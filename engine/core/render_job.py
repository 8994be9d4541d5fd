"""One job: what is known of it while it waits, and how it goes while it is rendered."""

from __future__ import annotations

import functools
import time
from collections import defaultdict, deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

import msgspec
from PIL import Image

from engine.backend import Picture, ShotRequest
from engine.core.retries import AcceptedFrame, FrameRetries
from engine.core.survey import MorphSurvey, limit_sheet_bytes
from engine.core.writers import Writer
from engine.errors import ContentError
from engine.frames.assembler import AnimationAssembler, EncodedAnimation, FinishedFrame
from engine.frames.contact_sheet import ContactSheetPlan
from engine.frames.frame_store import JobFrames
from engine.frames.gif import GifPlan
from engine.frames.preview import PREVIEW_SUFFIX, encode_preview
from engine.frames.veil import veil_picture
from engine.protocol.messages import Job, JobEvent, JobId, Plan, Preview, Progress, Report
from engine.recipe.recipe import Recipe, Variations
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.shot import count_shown, is_hidden
from engine.storyboard.shot_graph import ShotGraph, find_inherited_frames
from engine.storyboard.storyboard import Storyboard

PORTION = 8
"""Frames that are verified in one go, before jobs in work have their turn on the thread."""


def storyboard_of_plan(plan: Plan) -> Storyboard:
    """Return the storyboard of a plan; its recipe has every setting written down."""
    return build_storyboard(plan.recipe, Settings.layered([plan.recipe.settings]))


class PlannedJob(msgspec.Struct, frozen=True):
    """A job in line: little more than its recipe.

    Attributes:
        frames_found: how many of the frames that are shown an earlier attempt has left on disk.
        calls_left: denoising steps still to go.
    """

    job: Job
    plan: Plan
    folder: JobFrames
    frames_found: int
    calls_left: int

    @classmethod
    def unprepared(cls, job: Job, plan: Plan, folder: JobFrames) -> PlannedJob:
        """Return what is known of a job before its folder was looked through: as if nothing were there."""
        return cls(job, plan, folder, 0, plan.unet_calls)

    def prepare(self, base: JobFrames | None) -> Generator[None, None, PlannedJob]:
        """Make the job's folder ready, with what it can take over from `base`, and see what is there already.

        All frames that are found or taken over are verified. That is done in portions, each of some milliseconds on an
        ordinary disk, with a `yield` between two.

        Returns:
            the entry as it may be let in.

        Raises:
            OSError: the disk does not let it.
        """
        plan, folder, board = self.plan, self.folder, storyboard_of_plan(self.plan)
        if (begun := folder.open(plan)) is None:
            taken: frozenset[int] = frozenset()
            if base is not None:
                for some in _portions(find_inheritable_frames(plan, board, base)):
                    taken |= folder.take_over(some, base)
                    yield
            plan = without_frames(plan, board, taken)
            folder.begin(plan)
        else:
            plan = begun
            for some in _portions(folder.frames()):
                folder.verify(some)
                yield
        found = folder.frames()
        left = sum(shot.unet_calls for shot in board.shots if shot.index not in found)
        return PlannedJob(self.job, plan, folder, count_shown(found), left)


def _portions(indices: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(indices)
    return (ordered[start : start + PORTION] for start in range(0, len(ordered), PORTION))


def find_inheritable_frames(plan: Plan, board: Storyboard, base: JobFrames) -> frozenset[int]:
    """Return the frames of `plan` that `base` holds."""
    theirs = base.plan
    if theirs is None or theirs.model != plan.model:
        return frozenset()
    return find_inherited_frames(board, storyboard_of_plan(theirs), base.frames())


def without_frames(plan: Plan, board: Storyboard, taken: frozenset[int]) -> Plan:
    """Return the plan of a whole animation as it is when the frames `taken` need not be rendered."""
    spared = sum(shot.unet_calls for shot in board.shots if shot.index in taken)
    return msgspec.structs.replace(plan, unet_calls=plan.unet_calls - spared, inherited=count_shown(taken))


class RenderJob:
    """A job being rendered.

    Its frames go to a reel on its `writer`; `collect` picks up what has arrived there.

    Args:
        judges: whether frames can be judged; then those found on disk that never were come first.

    Attributes:
        unjudged: frames found on disk that wait for `take_verdict`.

    Raises:
        ContentError: the safety checker objected to a frame on disk, and none such is allowed.
    """

    def __init__(self, entry: PlannedJob, gif_side: int, writer: Writer, *, judges: bool = False) -> None:
        found = entry.folder.frames()
        self.job = entry.job
        self.plan = entry.plan
        self.board = storyboard_of_plan(entry.plan)
        self.frontier = ShotGraph(self.board.shots, found)
        self._shots = {shot.index: shot for shot in self.board.shots}
        self._starts = frozenset(source for shot in self.board.shots for source in shot.pictures)
        self.calls_left = entry.calls_left
        self._more_calls = 0
        self._tries = FrameRetries()
        self._folder = entry.folder
        self._writer = writer
        self._surveyor = MorphSurvey(self.board, entry.folder)
        film = plan_file(self.plan.recipe, self.board, entry.job.limit_bytes - self._sheet_bytes, gif_side)
        self._reel = AnimationAssembler(film, self.board, entry.folder, entry.job.nsfw)
        self._pictures: dict[int, Picture] = {}
        self._frames_kept = entry.frames_found
        self._told = self.progress()
        self._writing: deque[Future[None]] = deque()
        self._preview: Future[Preview] | None = None
        self._cut: Future[EncodedAnimation] | None = None
        self._sheet: Future[bytes] | None = None
        self._began = time.perf_counter()
        self._seconds_before = entry.folder.seconds
        self._phases: defaultdict[str, float] = defaultdict(float)
        self._previewed_at: float | None = None
        self.unjudged = self._without_verdict(found) if judges and entry.job.nsfw != "allow" else []
        if judged := found.difference(self.unjudged):
            self._write(self._reel.restore, judged)
        self._cut_if_complete()

    def request(self, index: int) -> ShotRequest:
        """Start shot `index`: return all that the model needs for it."""
        shot = self._surveyor.settled(self._shots[index])
        sources = {source: self._picture(source) for source in shot.sources}
        self.frontier.start(index)
        return ShotRequest(
            shot=self._tries.shot(shot),
            width=self.board.width,
            height=self.board.height,
            scheduler=self.board.scheduler,
            sources=sources,
        )

    def take(self, index: int, picture: Picture) -> AcceptedFrame | None:
        """Take in what shot `index` became; return what is kept of it, or None: then it is ready to be tried again."""
        shot = self._surveyor.settled(self._shots[index])
        kept = self._tries.take(shot, picture, {source: self._picture(source) for source in shot.sources})
        if kept is None:
            self.frontier.retry(index)
            more = self._tries.shot(shot).unet_calls
            self.calls_left += more
            self._more_calls += more
        return kept

    def finish_frame(self, frame: FinishedFrame) -> None:
        """Take in a finished frame and send it to the reel.

        Raises:
            ContentError: the safety checker objects to it, and none such is allowed.
        """
        if not is_hidden(frame.index):
            self._require_decent(frame.verdict)
        self._surveyor.see(frame.index, frame.picture)
        self.frontier.finish(frame.index)
        for spent in [source for source in self._pictures if not self.frontier.is_needed(source)]:
            del self._pictures[spent]
        if frame.index in self._starts and self.frontier.is_needed(frame.index):
            self._pictures[frame.index] = frame.picture
        kept = self._writer.aside(self._reel.keep, frame)
        self._write(self._reel.put, frame, self._seconds(), kept)
        self._cut_if_complete()

    def is_seen(self, index: int) -> bool:
        """Whether members see a frame."""
        return self._surveyor.is_seen(index)

    def found_picture(self, index: int) -> Picture:
        """Return a frame that was found on disk."""
        return self._folder.picture(index)

    def take_verdict(self, index: int, verdict: bool) -> None:
        """Take in what the safety checker says of a frame that was found on disk.

        Raises:
            ContentError: it objects, and no such frame is allowed.
        """
        if not is_hidden(index):
            self._require_decent(verdict)
        self.unjudged.remove(index)
        self._write(self._reel.restore_judged, index, verdict)
        self._cut_if_complete()

    def show(self, frame: FinishedFrame, every: float, side: int) -> None:
        """Make a preview of a frame that is shown, unless the last was made less than `every` seconds ago."""
        if is_hidden(frame.index):
            return
        now = time.perf_counter()
        if self._preview is None and (self._previewed_at is None or now - self._previewed_at >= every):
            self._previewed_at = now
            self._preview = self._writer.aside(make_preview, self.job.id, frame, side)

    def charge(self, phase: str, seconds: float) -> None:
        """Count time spent on this job."""
        self._phases[phase] += seconds

    # ---- what has arrived ----

    @property
    def pending(self) -> list[Future[Any]]:
        """Work that the writer thread has not finished, or that was not collected yet."""
        return [*self._writing, *(future for future in (self._preview, self._cut, self._sheet) if future is not None)]

    @property
    def frames_in_flight(self) -> int:
        """How many pieces of work wait for the writer thread."""
        return len(self._writing)

    def collect(self) -> Iterator[JobEvent]:
        """Yield what has arrived since the last time.

        Raises:
            OSError: a frame could not be written.
        """
        arrived = False
        while self._writing and self._writing[0].done():
            self._writing.popleft().result()
            arrived = True
        if arrived:
            self._frames_kept = self._reel.frames
            if (progress := self.progress()) != self._told:
                self._told = progress
                yield progress
        if self._preview is not None and self._preview.done():
            yield self._preview.result()
            self._preview = None

    def take_cut(self) -> EncodedAnimation | None:
        """Return the finished animation once it is there.

        Raises:
            LimitTooSmall: it does not fit the job's limit in any form.
        """
        if self._cut is None or self._writing or not all(future.done() for future in self.pending):
            return None
        return self._cut.result()

    @property
    def sheet(self) -> bytes | None:
        """The contact sheet of the seeds that were tried, where several were, once the animation is there.

        Raises:
            LimitTooSmall: it does not fit its part of the job's limit.
        """
        return self._sheet.result() if self._sheet is not None else None

    def progress(self) -> Progress:
        """Say how far the job is."""
        return Progress(
            job=self.job.id,
            frames_done=self._frames_kept,
            frames=self.plan.frames,
            calls_done=self.plan.unet_calls + self._more_calls - self.calls_left,
            calls=self.plan.unet_calls + self._more_calls,
        )

    def report(self, cut: EncodedAnimation) -> Report:
        """Say what became of the job."""
        self._phases["gif"] += cut.seconds
        return Report(
            frames=self.board.displayed_frames,
            gif_frames=cut.film.frames,
            seconds=self._seconds(),
            seconds_by_phase=dict(self._phases),
            unet_calls=self.plan.unet_calls + self._more_calls,
            width=cut.film.width,
            height=cut.film.height,
            frame_ms=cut.film.frame_ms,
            seam=cut.seam,
            flagged=cut.flagged,
            retried=cut.retried,
            found=self._surveyor.found,
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
        if self.frontier.is_complete and not self.unjudged and self._cut is None:
            if self._surveyor.has_tries:
                is_veiled = self.job.nsfw != "allow"
                self._sheet = self._writer.submit(
                    functools.partial(self._surveyor.sheet, self._sheet_bytes, is_veiled=is_veiled)
                )
            self._cut = self._writer.submit(self._reel.finish)

    @property
    def _sheet_bytes(self) -> int:
        return limit_sheet_bytes(self.job.limit_bytes) if self._surveyor.has_tries else 0

    def _without_verdict(self, found: set[int]) -> list[int]:
        verdicts = {index: self._folder.verdict(index) for index in sorted(found) if self.is_seen(index)}
        self._require_decent(any(verdict for index, verdict in verdicts.items() if not is_hidden(index)))
        return [index for index, verdict in verdicts.items() if verdict is None]

    def _require_decent(self, verdict: bool | None) -> None:
        if verdict and self.job.nsfw == "refuse":
            raise ContentError(
                "The safety checker found a picture in this that may not be shown here; change the prompt or the seed."
            )


def make_preview(job: JobId, frame: FinishedFrame, side: int) -> Preview:
    """Return a frame as a small encoded picture for a progress message; one that was objected to, veiled."""
    image = Image.fromarray(frame.picture)
    shown = veil_picture(image) if frame.verdict else image
    return Preview(job=job, frame=frame.index, image=encode_preview(shown, side), suffix=PREVIEW_SUFFIX)


def plan_file(recipe: Recipe, board: Storyboard, limit_bytes: int, least_side: int) -> GifPlan | ContactSheetPlan:
    """Say what file a storyboard becomes; pictures smaller than `least_side` are enlarged to it."""
    scale = max(1.0, least_side / max(board.width, board.height))
    size = round(board.width * scale), round(board.height * scale)
    if isinstance(recipe, Variations):
        return ContactSheetPlan(limit_bytes=limit_bytes, stills=recipe.stills, seeds=len(recipe.seeds), size=size)
    return GifPlan(limit_bytes=limit_bytes, frames=board.displayed_frames, frame_ms=board.frame_ms, size=size)
