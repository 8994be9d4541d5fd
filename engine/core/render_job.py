"""One job while it is rendered."""

from __future__ import annotations

import functools
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

from engine.backend import Picture, ShotRequest
from engine.core.planned_job import PlannedJob, lay_out
from engine.core.retries import AcceptedFrame, FrameRetries
from engine.core.survey import SHEET_BYTES, MorphSurvey
from engine.core.writers import Writer
from engine.errors import ContentError
from engine.frames.assembler import AnimationAssembler, EncodedAnimation, FinishedFrame, plan_file
from engine.frames.preview import make_preview
from engine.protocol.messages import JobEvent, Preview, Progress, Report
from engine.storyboard.shot import is_hidden
from engine.storyboard.shot_graph import ShotGraph


class RenderJob:
    """A job being rendered; `collect` picks up what its assembler has done on `writer`.

    Args:
        gif_side: smaller pictures are enlarged to it, in pixels.
        judges: whether there is a safety checker.

    Attributes:
        served: sequence number of the last lane grant that included this job; 0 if none.
        unjudged: frames found on disk that wait for `record_judgement`.

    Raises:
        ContentError: the safety checker objected to a frame on disk, and none such is allowed.
    """

    def __init__(self, planned: PlannedJob, gif_side: int, writer: Writer, *, judges: bool = False) -> None:
        found = planned.frames.indices()
        self.job = planned.job
        self.id = planned.job.id
        self.plan = planned.plan
        self.board = lay_out(planned.plan.recipe)
        self.graph = ShotGraph(self.board.shots, found)
        self._shots = {shot.index: shot for shot in self.board.shots}
        self._feedback_sources = frozenset(source for shot in self.board.shots for source in shot.pictures)
        self.calls_left = planned.calls_left
        self.served = 0
        self._retry_calls = 0
        self._retries = FrameRetries()
        self._frames = planned.frames
        self._writer = writer
        self._survey = MorphSurvey(self.board, planned.frames)
        self._sheet_bytes = min(SHEET_BYTES, self.job.limit_bytes // 8) if self._survey.compares_seeds else 0
        file = plan_file(self.plan.recipe, self.board, self.job.limit_bytes - self._sheet_bytes, gif_side)
        self._assembler = AnimationAssembler(file, self.board, planned.frames, self.job.nsfw)
        self._pictures: dict[int, Picture] = {}
        self._frames_kept = planned.frames_found
        self._last_progress = self._progress()
        self._writes: deque[Future[None]] = deque()
        self._preview: Future[Preview] | None = None
        self._animation: Future[EncodedAnimation] | None = None
        self._sheet: Future[bytes] | None = None
        self._began = time.perf_counter()
        self._seconds_before = planned.frames.seconds
        self._phases: defaultdict[str, float] = defaultdict(float)
        self._previewed_at: float | None = None
        self._is_judged = judges and self.job.nsfw != "allow"
        self.unjudged = self._find_unjudged(found) if self._is_judged else []
        if judged := found.difference(self.unjudged):
            self._write(self._assembler.restore, judged)
        self._finish_if_complete()

    def start_shot(self, index: int) -> ShotRequest:
        shot = self._survey.resolve_position(self._shots[index])
        sources = {source: self._picture(source) for source in shot.sources}
        self.graph.start(index)
        return ShotRequest(
            shot=self._retries.next_shot(shot),
            width=self.board.width,
            height=self.board.height,
            scheduler=self.board.scheduler,
            sources=sources,
        )

    def accept_picture(self, index: int, picture: Picture) -> AcceptedFrame | None:
        """Check what shot `index` became; return what is kept of it, or None if the shot is retried."""
        shot = self._survey.resolve_position(self._shots[index])
        accepted = self._retries.accept(shot, picture, {source: self._picture(source) for source in shot.sources})
        if accepted is None:
            self.graph.retry(index)
            more = self._retries.next_shot(shot).unet_calls
            self.calls_left += more
            self._retry_calls += more
        return accepted

    def finish_frame(self, frame: FinishedFrame) -> None:
        """Send a finished frame to the assembler; raises ContentError if it is flagged and such are refused."""
        self._require_allowed(frame.index, frame.flagged)
        self._survey.note_frame(frame.index, frame.picture)
        self.graph.finish(frame.index)
        for spent in [source for source in self._pictures if not self.graph.is_needed(source)]:
            del self._pictures[spent]
        if frame.index in self._feedback_sources and self.graph.is_needed(frame.index):
            self._pictures[frame.index] = frame.picture
        saved = self._writer.aside(self._assembler.save, frame)
        self._write(self._assembler.add, frame, self._seconds(), saved)
        self._finish_if_complete()

    def needs_judging(self, index: int) -> bool:
        return self._is_judged and self._survey.is_visible(index)

    def load_picture(self, index: int) -> Picture:
        return self._frames.picture(index)

    def record_judgement(self, index: int, flagged: bool) -> None:
        """Note what the safety checker says of a frame from disk; raises ContentError if it is refused."""
        self._require_allowed(index, flagged)
        self.unjudged.remove(index)
        self._write(self._assembler.restore_judged, index, flagged)
        self._finish_if_complete()

    def preview_frame(self, frame: FinishedFrame, every: float, side: int) -> None:
        """Make a preview of a visible frame, unless the last was made less than `every` seconds ago."""
        if is_hidden(frame.index):
            return
        now = time.perf_counter()
        if self._preview is None and (self._previewed_at is None or now - self._previewed_at >= every):
            self._previewed_at = now
            self._preview = self._writer.aside(make_preview, self.id, frame, side)

    def charge(self, phase: str, seconds: float) -> None:
        self._phases[phase] += seconds

    @property
    def pending(self) -> list[Future[Any]]:
        """Work that was not finished or not collected yet."""
        others = (self._preview, self._animation, self._sheet)
        return [*self._writes, *(future for future in others if future is not None)]

    @property
    def writes_in_flight(self) -> int:
        return len(self._writes)

    def collect(self) -> Iterator[JobEvent]:
        """Yield what has arrived since the last time; raises OSError if a frame could not be written."""
        arrived = False
        while self._writes and self._writes[0].done():
            self._writes.popleft().result()
            arrived = True
        if arrived:
            self._frames_kept = self._assembler.frames_kept
            if (progress := self._progress()) != self._last_progress:
                self._last_progress = progress
                yield progress
        if self._preview is not None and self._preview.done():
            yield self._preview.result()
            self._preview = None

    def take_animation(self) -> EncodedAnimation | None:
        """Return the finished animation once it is there; raises LimitTooSmall if it cannot fit the job's limit."""
        if self._animation is None or self._writes or not all(future.done() for future in self.pending):
            return None
        return self._animation.result()

    @property
    def contact_sheet(self) -> bytes | None:
        """The PNG of the seeds that were compared, if any, once the animation is there; raises LimitTooSmall."""
        return self._sheet.result() if self._sheet is not None else None

    def _progress(self) -> Progress:
        calls = self.plan.unet_calls + self._retry_calls
        return Progress(
            job=self.id,
            frames_done=self._frames_kept,
            frames=self.plan.frames,
            calls_done=calls - self.calls_left,
            calls=calls,
        )

    def report(self, animation: EncodedAnimation) -> Report:
        self._phases["gif"] += animation.seconds
        return Report(
            frames=self.board.displayed_frames,
            gif_frames=animation.file.frames,
            seconds=self._seconds(),
            seconds_by_phase=dict(self._phases),
            unet_calls=self.plan.unet_calls + self._retry_calls,
            width=animation.file.width,
            height=animation.file.height,
            frame_ms=animation.file.frame_ms,
            seam=animation.seam,
            flagged=animation.flagged,
            retried=animation.retried,
            found=self._survey.result,
        )

    def _seconds(self) -> float:
        return self._seconds_before + time.perf_counter() - self._began

    def _picture(self, index: int) -> Picture:
        """Return a source frame: from memory, or from disk after a restart."""
        if index not in self._pictures:
            self._pictures[index] = self._frames.picture(index)
        return self._pictures[index]

    def _write(self, work: Callable[..., None], *arguments: Any) -> None:
        self._writes.append(self._writer.submit(work, *arguments))

    def _finish_if_complete(self) -> None:
        if self.graph.is_complete and not self.unjudged and self._animation is None:
            if self._survey.compares_seeds:
                draw = functools.partial(self._survey.draw_sheet, is_veiled=self.job.nsfw != "allow")
                self._sheet = self._writer.submit(draw, self._sheet_bytes)
            self._animation = self._writer.submit(self._assembler.finish)

    def _find_unjudged(self, found: set[int]) -> list[int]:
        flags = {index: self._frames.is_flagged(index) for index in sorted(found) if self._survey.is_visible(index)}
        for index, flagged in flags.items():
            self._require_allowed(index, flagged)
        return [index for index, flagged in flags.items() if flagged is None]

    def _require_allowed(self, index: int, flagged: bool | None) -> None:
        if flagged and self.job.nsfw == "refuse" and not is_hidden(index):
            raise ContentError(
                "The safety checker found a picture in this that may not be shown here; change the prompt or the seed."
            )
