"""The engine itself: jobs in, events out, one step at a time.

`step()` lets jobs in, opens lanes for shots whose sources exist, runs ONE batched UNet call over lanes that may belong
to different jobs and stand at different timesteps, and finishes the lanes that are through. Jobs join and leave
between any two denoising steps. Core knows nothing of processes or sockets, and touches no tensor.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait

import msgspec

from engine.backend import Backend, Picture, ShotRequest
from engine.config import EngineConfig
from engine.core import scheduling
from engine.core.arrivals import Arrivals
from engine.core.estimate import RateMeter, RemainingWork, estimate_standings
from engine.core.lanes import Lanes, OpenLane
from engine.core.render_job import PlannedJob, RenderJob, find_inheritable_frames, without_frames
from engine.core.retries import AcceptedFrame
from engine.core.waiting_queue import WaitingQueue
from engine.core.writers import Writers, last, thread_count
from engine.errors import ContentError, EngineError, PromptError, TappaError, describe
from engine.frames.assembler import FinishedFrame
from engine.frames.frame_store import FrameStore, JobFrames
from engine.protocol.messages import Accepted, Cancelled, Done, Event, Failed, Job, JobId, Plan, Standings, Status
from engine.recipe.ceiling import NO_CEILING, Ceiling, lower
from engine.recipe.recipe import Recipe, resolve
from engine.recipe.settings import BUILT_IN, Settings, SettingsLayer
from engine.storyboard.builder import build_storyboard

log = logging.getLogger(__name__)

STANDINGS_EVERY = 1.0
FRAMES_IN_FLIGHT = 8
"""Pictures of a job that may wait for a writer thread before rendering pauses: memory stays flat on a slow disk."""


class CoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the core is told once: how much at a time, and the admin's layer of settings."""

    engine: EngineConfig = EngineConfig()
    render: SettingsLayer = SettingsLayer()


class Core:
    """Renders jobs with a backend.

    Not thread-safe: one thread calls its methods. Writing frames happens on threads of its own.
    """

    def __init__(self, backend: Backend, spool: FrameStore, config: CoreConfig) -> None:
        self._backend = backend
        self._spool = spool
        self._config = config.engine
        self._layers: tuple[SettingsLayer, ...] = (BUILT_IN, backend.card, config.render)
        self._waiting = WaitingQueue()
        self._running: dict[JobId, RenderJob] = {}
        self._lanes = Lanes(config.engine.lanes)
        self._guests: set[JobId] = set()
        self._calls, self._grants = itertools.count(1), itertools.count(1)
        self._served: Counter[JobId] = Counter()
        self._events: list[Event] = []
        self._pace = RateMeter()
        self._steps, self._frames = RateMeter(), RateMeter()
        self._frames_finished = 0
        self._told_at = 0.0
        self._at_work: list[RenderJob] = []
        self._writers = Writers(thread_count())
        self._arrivals = Arrivals(self._writers)

    # ---- what may be asked ----

    def plan(self, recipe: Recipe, base: JobId | None = None, ceiling: Ceiling = NO_CEILING) -> Plan:
        """Say what a recipe would be, without rendering it; with `base`, if that job's frames were taken over.

        Whoever decided a setting, the recipe, the card or config.toml: none is above `ceiling`.

        Raises:
            MemberError: it cannot be rendered with this model.
        """
        lowered = lower(resolve(recipe, self._layers)[0], ceiling)
        resolved = lowered.recipe
        board = build_storyboard(resolved, Settings.layered([resolved.settings]))
        self._backend.check(board)
        whole = Plan(
            recipe=resolved,
            model=self._backend.name,
            frames=board.shown,
            unet_calls=board.unet_calls,
            notes=lowered.notes,
        )
        if base is None:
            return whole
        return without_frames(whole, board, find_inheritable_frames(whole, board, self._spool.folder(base)))

    def add(self, job: Job) -> None:
        """Queue a job; one that is known already is left as it is.

        It has its place in line from now on; the frames that it may go on from are verified before it is let in.
        """
        if job.id in self._waiting or job.id in self._running:
            return
        with self._blamed_on(job.id):
            entry = PlannedJob.unprepared(job, self.plan(job.recipe, ceiling=job.ceiling), self._spool.folder(job.id))
            self._waiting.join(entry)
            if job.base is None and not entry.folder.exists:
                self._accept(last(entry.prepare(None)))
            else:
                self._arrivals.join(job.id, entry.prepare(self._claimed_for(entry)))
        self._told_at = 0.0

    def _claimed_for(self, entry: PlannedJob) -> JobFrames | None:
        """Return the folder that a job is continued from, if any; until then no room is made of either of the two."""
        entry.folder.claim()
        if entry.job.base is None:
            return None
        base = self._spool.folder(entry.job.base)
        base.touch()
        return base

    def abort(self, job_id: JobId) -> None:
        """Stop a job and throw its frames away; unknown jobs are as good as stopped."""
        self._drop(job_id)
        self._writers.of(job_id).submit(self._spool.folder(job_id).remove)
        self._events.append(Cancelled(job_id))

    def forget(self, job_id: JobId) -> None:
        """Let a finished job's frames go when room is needed; until then others can be continued from them."""
        if job_id not in self._running and job_id not in self._waiting:
            self._writers.of(job_id).submit(self._spool.shelve, job_id)

    def discard(self, job_id: JobId) -> None:
        """Throw a finished job's frames away: nobody is to have them any more."""
        if job_id not in self._running and job_id not in self._waiting:
            self._writers.of(job_id).submit(self._spool.folder(job_id).remove)

    def pause(self, server: str | None, *, paused: bool) -> None:
        """Hold the waiting jobs of a server, or all jobs if it is None, or let them go on; what runs is finished."""
        self._waiting.pause(server, paused=paused)
        self._told_at = 0.0

    def status(self) -> Status:
        """Say how the engine is doing."""
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
        """Whether there is nothing to do until somebody asks for something."""
        return not (self._running or self._events or self._arrivals or len(self._waiting) > len(self._waiting.held))

    def close(self) -> None:
        """Let the writer finish what it has; frames stay on disk."""
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
            for production in filter(self._is_running, self._at_work):
                self._fail(production.job.id, error)
        self._collect()
        if advanced:
            seconds = time.perf_counter() - begun
            self._pace.measure(seconds, advanced / max(1, len(self._running)))
            self._steps.measure(seconds, advanced)
            self._frames.measure(seconds, self._frames_finished)
        elif (self._running or self._arrivals) and not self._lanes.decoding:
            self._wait_for_writer()
        self._tell_standings()
        events, self._events = self._events, []
        return events

    def _prepare(self) -> None:
        """Take in jobs whose folders were looked through, and go on with others: first those that are let in first."""
        for job_id, prepared in self._arrivals.take_ready():
            with self._blamed_on(job_id):
                self._accept(prepared.result())
        if self._arrivals:
            self._arrivals.begin(ticket.job for ticket in self._in_line())

    def _accept(self, entry: PlannedJob) -> None:
        """Take note of what is there of a job in line."""
        self._waiting.update(entry)
        self._events.append(Accepted(entry.job.id, entry.plan, entry.frames_found))

    def _admit(self) -> None:
        """Let waiting jobs in while there is room; short ones also between long ones that have all of it."""
        while (line := self._in_line()) and (self._free_slots > 0 or any(map(self._fits_between, line))):
            if self._free_slots > 0:
                admitted = line[0]
                if admitted.job in self._arrivals:
                    return  # nobody takes its turn while its frames are looked at
                self._waiting.note_overtaking(admitted, line)
            else:
                admitted = next(filter(self._fits_between, line))
                self._guests.add(admitted.job)
            is_resumed = self._waiting[admitted.job].frames_found > 0
            self._let_in(admitted.job)
            if is_resumed:
                return  # its frames were listed just now; those of the next one are listed in the next step

    def _let_in(self, job_id: JobId) -> None:
        entry, writer = self._waiting[job_id], self._writers.of(job_id)
        with self._blamed_on(job_id):
            self._running[job_id] = RenderJob(entry, self._config.gif_side, writer, judges=self._backend.judges)
        self._waiting.leave(job_id)

    @property
    def _free_slots(self) -> int:
        return self._config.jobs_at_once - (len(self._running) - len(self._guests))

    def _fits_between(self, ticket: scheduling.QueuedJob) -> bool:
        if ticket.job in self._arrivals:
            return False
        calls = [production.calls_left for production in self._running.values()]
        return scheduling.fits_between(self._waiting[ticket.job].calls_left, calls, self._config.jobs_at_once)

    def _open_lanes(self) -> None:
        """Give free lanes to shots whose sources exist, and start all of them in one go."""
        productions = list(self._running.values())
        held = self._lanes.held
        jobs = [
            scheduling.LaneDemand(
                owner=production.job.owner,
                ready=production.frontier.ready,
                held=held[production.job.id],
                calls_left=production.calls_left,
                served=self._served[production.job.id],
            )
            for production in productions
        ]
        granted = scheduling.share_lanes(jobs, self._lanes.free)
        starts = [
            (production, index) for production, shots in zip(productions, granted, strict=True) for index in shots
        ]
        if not starts:
            return
        now = next(self._grants)
        with self._timed("encode", [production for production, _ in starts]):
            opened = self._open(self._requests(starts))
        for open_lane in opened:
            if self._is_running(open_lane.production):
                self._lanes.open(open_lane)
                self._served[open_lane.job] = now

    def _requests(self, starts: list[tuple[RenderJob, int]]) -> list[tuple[RenderJob, ShotRequest]]:
        """Ask jobs for what the model needs to start shots; one that cannot read its frames fails."""
        requests = []
        for production, index in starts:
            if self._is_running(production):
                with self._blamed_on(production.job.id):
                    requests.append((production, production.request(index)))
        return requests

    def _open(self, requests: list[tuple[RenderJob, ShotRequest]]) -> list[OpenLane]:
        """Open a lane for each shot of a job that runs; whose words the model cannot take shows when each is alone."""
        requests = [(production, request) for production, request in requests if self._is_running(production)]
        if not requests:
            return []
        try:
            lanes = self._backend.open([request for _, request in requests])
        except PromptError as error:
            if len(requests) > 1:
                return [lane for request in requests for lane in self._open([request])]
            self._fail(requests[0][0].job.id, error)
            return []
        return [
            OpenLane(lane, production, request.shot.index)
            for (production, request), lane in zip(requests, lanes, strict=True)
        ]

    def _denoise(self) -> int:
        """Run one UNet call; return how many lanes it advanced."""
        chosen = self._lanes.next_batch()
        if not chosen:
            return 0
        call = next(self._calls)
        with self._timed("denoise", [open_lane.production for open_lane in chosen]):
            self._backend.denoise([open_lane.lane for open_lane in chosen], self._width(len(chosen)))
        for open_lane in chosen:
            open_lane.last_call = call
            open_lane.production.calls_left -= 1
        return len(chosen)

    def _decode(self) -> None:
        """Begin to turn the lanes that are through into pictures."""
        for group in self._lanes.through:
            with self._timed("decode", [open_lane.production for open_lane in group]):
                self._lanes.decode(group, self._backend.decode([open_lane.lane for open_lane in group]))

    def _finish_decoded(self, *, wait: bool = False) -> None:
        """Hand pictures that are ready to the writer; with `wait`, at least one, if any is on its way."""
        if wait and (decoding := self._lanes.decoding):
            with self._timed("decode", [open_lane.production for open_lane, _ in decoding]):
                decoding[0][1].picture()
        ready = self._lanes.take_ready()
        self._finish_frames([open_lane for open_lane, _ in ready], [coming.picture() for _, coming in ready])

    def _finish_frames(self, group: list[OpenLane], pictures: list[Picture]) -> None:
        """Give pictures that need not be made again to their jobs, judged where that is wanted, all in one go."""
        kept = [
            (open_lane, kept)
            for open_lane, picture in zip(group, pictures, strict=True)
            if (kept := self._take(open_lane, picture)) is not None
        ]
        wanted = [place for place, (open_lane, _) in enumerate(kept) if self._is_judged(open_lane)]
        objections = self._judge(
            [kept[place][0].production for place in wanted], [kept[place][1].picture for place in wanted]
        )
        verdicts = dict(zip(wanted, objections, strict=True))
        self._frames_finished += len(kept)
        for place, (open_lane, take) in enumerate(kept):
            if self._is_running(open_lane.production):  # it may have failed over the frame before
                frame = FinishedFrame(open_lane.index, take.picture, verdicts.get(place), take.tries)
                self._finish_frame(open_lane.production, frame)

    def _take(self, open_lane: OpenLane, picture: Picture) -> AcceptedFrame | None:
        if self._is_running(open_lane.production):  # it may have failed over the picture before
            with self._blamed_on(open_lane.job):
                return open_lane.production.take(open_lane.index, picture)
        return None

    def _finish_frame(self, production: RenderJob, frame: FinishedFrame) -> None:
        with self._blamed_on(production.job.id):
            production.finish_frame(frame)
            production.show(frame, self._config.preview_seconds, self._config.preview_side)
            while production.frames_in_flight > FRAMES_IN_FLIGHT:
                wait(production.pending, return_when=FIRST_COMPLETED)
                self._collect_from(production)

    def _judge_found(self) -> None:
        """Have frames judged that jobs found on disk and that nobody has judged yet."""
        for production in list(self._running.values()):
            if some := production.unjudged[: self._config.lanes]:
                with self._blamed_on(production.job.id):
                    pictures = [production.found_picture(index) for index in some]
                    for index, verdict in zip(some, self._judge([production], pictures), strict=True):
                        production.take_verdict(index, verdict)

    def _judge(self, productions: list[RenderJob], pictures: list[Picture]) -> list[bool]:
        if not pictures:
            return []
        with self._timed("judge", productions):
            return self._backend.judge(pictures)

    def _is_judged(self, open_lane: OpenLane) -> bool:
        production = open_lane.production
        return self._backend.judges and production.job.nsfw != "allow" and production.is_seen(open_lane.index)

    def _collect(self) -> None:
        """Turn what the writer has finished into events."""
        for production in list(self._running.values()):
            self._collect_from(production)

    def _collect_from(self, production: RenderJob) -> None:
        with self._blamed_on(production.job.id):
            self._events.extend(production.collect())
            if (cut := production.take_cut()) is not None:
                self._drop(production.job.id)
                report = production.report(cut)
                self._events.append(Done(production.job.id, cut.film.data, cut.suffix, report, production.sheet))

    # ---- small helpers ----

    def _drop(self, job_id: JobId) -> None:
        self._waiting.leave(job_id)
        self._arrivals.leave(job_id)
        self._served.pop(job_id, None)
        self._guests.discard(job_id)
        if self._running.pop(job_id, None) is not None:
            self._lanes.drop(job_id)
        self._told_at = 0.0

    @contextlib.contextmanager
    def _blamed_on(self, job_id: JobId) -> Iterator[None]:
        """Give a job up, and no other, if what is done for it fails, such as reading or writing its frames."""
        try:
            yield
        except (TappaError, OSError) as error:
            self._fail(job_id, error)

    def _fail(self, job_id: JobId, error: Exception) -> None:
        """Give a job up and tell its owner why."""
        if not isinstance(error, TappaError):  # what its owner reads then says that the log tells more
            log.error("job %s failed", job_id, exc_info=error)
        self._drop(job_id)
        self._events.append(Failed(job_id, describe(error), costs=isinstance(error, ContentError)))

    def _is_running(self, production: RenderJob) -> bool:
        return production.job.id in self._running

    def _in_line(self) -> list[scheduling.QueuedJob]:
        """Return the jobs that may be let in, in order."""
        return self._waiting.in_order(production.job for production in self._running.values())

    def _width(self, lanes: int) -> int:
        return self._config.lanes if self._config.fixed_width else lanes

    @contextlib.contextmanager
    def _timed(self, phase: str, productions: list[RenderJob]) -> Iterator[None]:
        """Charge the time inside to each lane's job in equal shares; while it lasts, they are the ones at work."""
        self._at_work = list(dict.fromkeys(productions))
        begun = time.perf_counter()
        yield
        share = (time.perf_counter() - begun) / len(productions)
        for production in productions:
            production.charge(phase, share)

    def _wait_for_writer(self) -> None:
        pending = [future for production in self._running.values() for future in production.pending]
        wait([*pending, *self._arrivals.pending], timeout=0.05, return_when=FIRST_COMPLETED)
        self._collect()

    def _tell_standings(self) -> None:
        now = time.monotonic()
        if now - self._told_at < STANDINGS_EVERY or not (self._waiting or self._running):
            return
        self._told_at = now
        running = [RemainingWork(production.job.id, production.calls_left) for production in self._running.values()]
        waiting = [RemainingWork(ticket.job, self._waiting[ticket.job].calls_left) for ticket in self._in_line()]
        held = [RemainingWork(entry.job.id, entry.calls_left) for entry in self._waiting.held]
        self._events.append(
            Standings(
                estimate_standings(running, waiting, self._config.jobs_at_once, self._pace.seconds_per_step, held)
            )
        )
