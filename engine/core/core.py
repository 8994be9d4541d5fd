"""The engine itself: jobs in, events out, one step at a time.

`step()` admits jobs, opens lanes for shots whose sources exist, runs ONE batched UNet call over lanes that may belong
to different jobs and stand at different timesteps, and finishes the lanes that are through. Jobs join and leave between
any two denoising steps. Core knows nothing of processes or sockets, and touches no tensor.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait

import msgspec

from engine.backend import Backend, Picture, ShotRequest
from engine.config import EngineConfig
from engine.core.arrivals import Arrivals
from engine.core.estimate import RateMeter, RemainingWork, estimate_standings
from engine.core.lanes import Lanes, OpenLane
from engine.core.planned_job import PlannedJob
from engine.core.planner import Planner
from engine.core.render_job import RenderJob
from engine.core.retries import AcceptedFrame
from engine.core.waiting_queue import WaitingQueue
from engine.core.writers import Writers, count_threads, run_portions
from engine.errors import ContentError, EngineError, PromptError, TappaError, describe
from engine.frames.assembler import FinishedFrame
from engine.frames.frame_store import FrameStore
from engine.protocol.messages import Accepted, Cancelled, Done, Event, Failed, Job, JobId, Plan, Standings, Status
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.recipe import Recipe
from engine.recipe.settings import SettingsLayer

log = logging.getLogger(__name__)

STANDINGS_EVERY = 1.0
WRITES_IN_FLIGHT = 8
"""Frames of a job that may wait for a writer thread before rendering pauses: memory stays flat on a slow disk."""


class CoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How much the core does at a time, and the admin's layer of settings."""

    engine: EngineConfig = EngineConfig()
    render: SettingsLayer = SettingsLayer()


class Core:
    """Renders jobs with a backend. Not thread-safe; frames are written on threads of its own."""

    def __init__(self, backend: Backend, frame_store: FrameStore, config: CoreConfig) -> None:
        self._backend = backend
        self._frame_store = frame_store
        self._config = config.engine
        self._planner = Planner(backend, frame_store, config.render)
        self._waiting = WaitingQueue(config.engine.jobs_at_once)
        self._running: dict[JobId, RenderJob] = {}
        self._lanes = Lanes(config.engine.lanes)
        self._events: list[Event] = []
        self._job_steps, self._steps, self._frames = RateMeter(), RateMeter(), RateMeter()
        self._frames_finished = 0
        self._standings_reported_at = 0.0
        self._at_work: list[RenderJob] = []
        self._writers = Writers(count_threads())
        self._arrivals = Arrivals(self._writers)

    # ---- what may be asked ----

    def plan(self, recipe: Recipe, base: JobId | None = None, ceiling: Ceiling = NO_CEILING) -> Plan:
        return self._planner.plan(recipe, base, ceiling)

    def add(self, job: Job) -> None:
        """Queue a job, unless it is known; the frames it goes on from are verified before it is admitted."""
        if self._is_known(job.id):
            return
        with self._fail_on_error(job.id):
            planned = self._planner.plan_job(job)
            self._waiting.put(planned)
            if job.base is None and not planned.frames.exists:
                self._take_prepared(run_portions(planned.prepare(None)))
            else:
                self._arrivals.add(job.id, planned.prepare(self._planner.claim_frames(planned)))
        self._standings_reported_at = 0.0

    def cancel(self, job_id: JobId) -> None:
        """Stop a job, if it is known, and throw its frames away."""
        self._drop(job_id)
        self.discard(job_id)
        self._events.append(Cancelled(job_id))

    def forget(self, job_id: JobId) -> None:
        """Let a finished job's frames be removed when room is needed."""
        if not self._is_known(job_id):
            self._writers.of(job_id).submit(self._frame_store.shelve, job_id)

    def discard(self, job_id: JobId) -> None:
        """Throw a finished job's frames away."""
        if not self._is_known(job_id):
            self._writers.of(job_id).submit(self._frame_store.frames_of(job_id).remove)

    def pause(self, server: str | None, *, paused: bool) -> None:
        """Hold the waiting jobs of a server, or of all if it is None, or release them; running jobs go on."""
        self._waiting.pause(server, paused=paused)
        self._standings_reported_at = 0.0

    def status(self) -> Status:
        memory = self._backend.memory
        return Status(
            model=self._backend.name,
            device=self._backend.device,
            dtype=self._backend.dtype,
            memory_used=memory.used,
            memory_total=memory.total,
            steps_per_second=self._steps.per_second,
            frames_per_second=self._frames.per_second,
            running=len(self._running),
            waiting=len(self._waiting),
            held=len(self._waiting.held),
        )

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do until the next request."""
        return not (self._running or self._events or self._arrivals or len(self._waiting) > len(self._waiting.held))

    def close(self) -> None:
        """Let the writers finish what they have; frames stay on disk."""
        self._writers.close()

    # ---- one step ----

    def step(self) -> list[Event]:
        """Do one round of work and return what happened since the last."""
        begun = time.perf_counter()
        advanced = self._frames_finished = 0
        self._prepare()
        self._admit()
        try:
            self._finish_decoded()
            self._open_lanes()
            advanced = self._denoise()
            self._decode()
            self._finish_decoded(wait=not self._lanes)
            self._judge_found()
        except EngineError as error:
            for render_job in filter(self._is_running, self._at_work):
                self._fail(render_job.id, error)
        self._collect()
        if advanced:
            seconds = time.perf_counter() - begun
            self._job_steps.measure(seconds, advanced / max(1, len(self._running)))
            self._steps.measure(seconds, advanced)
            self._frames.measure(seconds, self._frames_finished)
        elif (self._running or self._arrivals) and not self._lanes.decoding:
            pending = [future for render_job in self._running.values() for future in render_job.pending]
            wait([*pending, *self._arrivals.pending], timeout=0.05, return_when=FIRST_COMPLETED)
            self._collect()
        self._report_standings()
        events, self._events = self._events, []
        return events

    def _prepare(self) -> None:
        """Take jobs whose frames are verified, and begin to verify those of others, in order of admission."""
        for job_id, prepared in self._arrivals.take_ready():
            with self._fail_on_error(job_id):
                self._take_prepared(prepared.result())
        if self._arrivals:
            self._arrivals.begin(planned.job.id for planned in self._waiting.admission_order(self._running.values()))

    def _take_prepared(self, planned: PlannedJob) -> None:
        self._waiting.put(planned)
        self._events.append(Accepted(planned.job.id, planned.plan, planned.frames_found))

    def _admit(self) -> None:
        while (planned := self._waiting.admit(self._running.values(), self._arrivals)) is not None:
            job_id, writer = planned.job.id, self._writers.of(planned.job.id)
            with self._fail_on_error(job_id):
                self._running[job_id] = RenderJob(planned, self._config.gif_side, writer, judges=self._backend.judges)
            if planned.frames_found:
                return  # listing its frames took time; the next job has to wait for the next step

    def _open_lanes(self) -> None:
        starts = self._lanes.share(list(self._running.values()))
        if starts:
            with self._timed("encode", [render_job for render_job, _ in starts]):
                opened = self._open(self._start_shots(starts))
            self._lanes.open([open_lane for open_lane in opened if self._is_running(open_lane.render_job)])

    def _start_shots(self, starts: list[tuple[RenderJob, int]]) -> list[tuple[RenderJob, ShotRequest]]:
        requests = []
        for render_job, index in starts:
            if self._is_running(render_job):
                with self._fail_on_error(render_job.id):
                    requests.append((render_job, render_job.start_shot(index)))
        return requests

    def _open(self, requests: list[tuple[RenderJob, ShotRequest]]) -> list[OpenLane]:
        """Open lanes for running jobs; if the model cannot take some words, one by one, to find out whose."""
        requests = [(render_job, request) for render_job, request in requests if self._is_running(render_job)]
        if not requests:
            return []
        try:
            lanes = self._backend.open([request for _, request in requests])
        except PromptError as error:
            if len(requests) > 1:
                return [lane for request in requests for lane in self._open([request])]
            self._fail(requests[0][0].id, error)
            return []
        return [OpenLane(lane, job, request.shot.index) for (job, request), lane in zip(requests, lanes, strict=True)]

    def _denoise(self) -> int:
        """Run one UNet call; return how many lanes it advanced."""
        batch = self._lanes.next_batch()
        if not batch:
            return 0
        width = self._config.lanes if self._config.fixed_width else len(batch)
        with self._timed("denoise", [open_lane.render_job for open_lane in batch]):
            self._backend.denoise([open_lane.lane for open_lane in batch], width)
        for open_lane in batch:
            open_lane.render_job.calls_left -= 1
        return len(batch)

    def _decode(self) -> None:
        for group in self._lanes.denoised:
            with self._timed("decode", [open_lane.render_job for open_lane in group]):
                self._lanes.start_decoding(group, self._backend.decode([open_lane.lane for open_lane in group]))

    def _finish_decoded(self, *, wait: bool = False) -> None:
        """Finish frames whose pictures are ready; with `wait`, at least one, if any is being decoded."""
        if wait and (decoding := self._lanes.decoding):
            with self._timed("decode", [open_lane.render_job for open_lane, _ in decoding]):
                decoding[0][1].picture()
        decoded = [(open_lane, pending.picture()) for open_lane, pending in self._lanes.take_ready()]
        accepted = {lane: kept for lane, picture in decoded if (kept := self._accept(lane, picture)) is not None}
        judged = [open_lane for open_lane in accepted if open_lane.render_job.needs_judging(open_lane.index)]
        flags = self._judge([(open_lane.render_job, accepted[open_lane].picture) for open_lane in judged])
        flagged = dict(zip(judged, flags, strict=True))
        self._frames_finished += len(accepted)
        for open_lane, frame in accepted.items():
            if self._is_running(open_lane.render_job):  # it may have failed over the frame before
                finished = FinishedFrame(open_lane.index, frame.picture, flagged.get(open_lane), frame.attempts)
                self._finish_frame(open_lane.render_job, finished)

    def _accept(self, open_lane: OpenLane, picture: Picture) -> AcceptedFrame | None:
        if self._is_running(open_lane.render_job):  # it may have failed over the picture before
            with self._fail_on_error(open_lane.job):
                return open_lane.render_job.accept_picture(open_lane.index, picture)
        return None

    def _finish_frame(self, render_job: RenderJob, frame: FinishedFrame) -> None:
        with self._fail_on_error(render_job.id):
            render_job.finish_frame(frame)
            render_job.preview_frame(frame, self._config.preview_seconds, self._config.preview_side)
            while render_job.writes_in_flight > WRITES_IN_FLIGHT:
                wait(render_job.pending, return_when=FIRST_COMPLETED)
                self._collect_from(render_job)

    def _judge_found(self) -> None:
        """Judge frames from disk that the safety checker never saw."""
        for render_job in list(self._running.values()):
            if some := render_job.unjudged[: self._config.lanes]:
                with self._fail_on_error(render_job.id):
                    flags = self._judge([(render_job, render_job.load_picture(index)) for index in some])
                    for index, flagged in zip(some, flags, strict=True):
                        render_job.record_judgement(index, flagged)

    def _judge(self, pictures: list[tuple[RenderJob, Picture]]) -> list[bool]:
        if not pictures:
            return []
        with self._timed("judge", [render_job for render_job, _ in pictures]):
            return self._backend.judge([picture for _, picture in pictures])

    def _collect(self) -> None:
        for render_job in list(self._running.values()):
            self._collect_from(render_job)

    def _collect_from(self, render_job: RenderJob) -> None:
        with self._fail_on_error(render_job.id):
            self._events.extend(render_job.collect())
            if (animation := render_job.take_animation()) is not None:
                self._drop(render_job.id)
                report, sheet = render_job.report(animation), render_job.contact_sheet
                self._events.append(Done(render_job.id, animation.file.data, animation.suffix, report, sheet))

    def _is_known(self, job_id: JobId) -> bool:
        return job_id in self._waiting or job_id in self._running

    def _is_running(self, render_job: RenderJob) -> bool:
        return render_job.id in self._running

    def _drop(self, job_id: JobId) -> None:
        self._waiting.remove(job_id)
        self._arrivals.remove(job_id)
        if self._running.pop(job_id, None) is not None:
            self._lanes.drop(job_id)
        self._standings_reported_at = 0.0

    @contextlib.contextmanager
    def _fail_on_error(self, job_id: JobId) -> Iterator[None]:
        """Fail this job, and no other, if the work inside fails."""
        try:
            yield
        except (TappaError, OSError) as error:
            self._fail(job_id, error)

    def _fail(self, job_id: JobId, error: Exception) -> None:
        if not isinstance(error, TappaError):  # its owner only reads that the log tells more
            log.error("job %s failed", job_id, exc_info=error)
        self._drop(job_id)
        self._events.append(Failed(job_id, describe(error), costs=isinstance(error, ContentError)))

    @contextlib.contextmanager
    def _timed(self, phase: str, render_jobs: list[RenderJob]) -> Iterator[None]:
        """Charge the time inside to each lane's job in equal shares; an EngineError inside fails these jobs."""
        self._at_work = list(dict.fromkeys(render_jobs))
        begun = time.perf_counter()
        yield
        share = (time.perf_counter() - begun) / len(render_jobs)
        for render_job in render_jobs:
            render_job.charge(phase, share)

    def _report_standings(self) -> None:
        now = time.monotonic()
        if now - self._standings_reported_at < STANDINGS_EVERY or not (self._waiting or self._running):
            return
        self._standings_reported_at = now
        running = self._running.values()
        standings = estimate_standings(
            [RemainingWork(render_job.id, render_job.calls_left) for render_job in running],
            [RemainingWork(planned.job.id, planned.calls_left) for planned in self._waiting.admission_order(running)],
            self._config.jobs_at_once,
            self._job_steps.seconds_per_step,
            [RemainingWork(planned.job.id, planned.calls_left) for planned in self._waiting.held],
        )
        self._events.append(Standings(standings))
