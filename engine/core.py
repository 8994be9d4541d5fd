"""The engine itself: jobs in, events out, one step at a time.

`step()` lets jobs in, opens lanes for shots whose sources exist, runs ONE batched UNet call over lanes that may belong
to different jobs and stand at different timesteps, and finishes the lanes that are through. Jobs join and leave
between any two denoising steps. Core knows nothing of processes or sockets, and touches no tensor.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import msgspec

from engine import policy
from engine.animations import storyboard
from engine.backend import Backend, Lane, Picture
from engine.config import EngineConfig
from engine.errors import EngineError, TappaError, describe
from engine.estimate import Outlook, Pace, standings
from engine.messages import Accepted, Cancelled, Done, Event, Failed, Job, JobId, Plan, Standings
from engine.production import Entry, Production
from engine.recipe import Recipe, resolve
from engine.settings import BUILT_IN, Taste
from engine.spool import Spool

STANDINGS_EVERY = 1.0
FRAMES_IN_FLIGHT = 8
"""Pictures that may wait for the writer thread before rendering pauses: memory stays flat on a slow disk."""


class CoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the core is told once: how much at a time, and the admin's layer of settings."""

    engine: EngineConfig = EngineConfig()
    render: Taste = Taste()


class OpenLane(msgspec.Struct):
    """A lane, whose it is, and when it last took part in a call."""

    lane: Lane
    production: Production
    index: int
    last_call: int


class Core:
    """Renders jobs with a backend.

    Not thread-safe: one thread calls its methods. Writing frames happens on a thread of its own.
    """

    def __init__(self, backend: Backend, spool: Spool, config: CoreConfig) -> None:
        self._backend = backend
        self._spool = spool
        self._config = config.engine
        self._layers: tuple[Taste, ...] = (BUILT_IN, backend.card, config.render)
        self._waiting: dict[JobId, Entry] = {}
        self._running: dict[JobId, Production] = {}
        self._lanes: list[OpenLane] = []
        self._calls = itertools.count(1)
        self._events: list[Event] = []
        self._pace = Pace()
        self._told_at = 0.0
        self._at_work: list[Production] = []
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    # ---- what may be asked ----

    def plan(self, recipe: Recipe) -> Plan:
        """Say what a recipe would be, without rendering it.

        Raises:
            MemberError: it cannot be rendered with this model.
        """
        resolved, settings = resolve(recipe, self._layers)
        board = storyboard(resolved, settings)
        self._backend.check(board)
        return Plan(recipe=resolved, model=self._backend.name, frames=len(board.shots), unet_calls=board.unet_calls)

    def add(self, job: Job) -> None:
        """Queue a job; one that is known already is left as it is."""
        if job.id in self._waiting or job.id in self._running:
            return
        try:
            entry = Entry.of(job, self.plan(job.recipe), self._spool.folder(job.id))
        except (TappaError, OSError) as error:
            self._events.append(Failed(job.id, describe(error)))
            return
        self._waiting[job.id] = entry
        self._events.append(Accepted(job.id, entry.plan, entry.frames_found))
        self._told_at = 0.0

    def abort(self, job_id: JobId) -> None:
        """Stop a job and throw its frames away; unknown jobs are as good as stopped."""
        self._drop(job_id)
        self._writer.submit(self._spool.folder(job_id).remove)
        self._events.append(Cancelled(job_id))

    def forget(self, job_id: JobId) -> None:
        """Throw a finished job's frames away."""
        if job_id not in self._running and job_id not in self._waiting:
            self._writer.submit(self._spool.folder(job_id).remove)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do until somebody asks for something."""
        return not (self._waiting or self._running or self._events)

    def close(self) -> None:
        """Let the writer finish what it has; frames stay on disk."""
        self._writer.shutdown(wait=True)

    # ---- one step ----

    def step(self) -> list[Event]:
        """Do one round of work and return what happened since the last."""
        begun = time.perf_counter()
        advanced = 0
        self._admit()
        try:
            self._open_lanes()
            advanced = self._denoise()
            self._develop()
        except EngineError as error:
            for production in self._at_work:
                self._fail(production.job.id, error)
        self._collect()
        if advanced:
            self._pace.measure(time.perf_counter() - begun, advanced / max(1, len(self._running)))
        elif self._running:
            self._wait_for_writer()
        self._tell_standings()
        events, self._events = self._events, []
        return events

    def _admit(self) -> None:
        """Let waiting jobs in while there is room."""
        room = self._config.jobs_at_once - len(self._running)
        if room <= 0 or not self._waiting:
            return
        for ticket in self._line()[:room]:
            entry = self._waiting.pop(ticket.job)
            self._running[ticket.job] = Production(entry, self._config.gif_side, self._writer)

    def _open_lanes(self) -> None:
        """Give free lanes to shots whose sources exist, and start all of them in one go."""
        productions = list(self._running.values())
        held = [sum(lane.production is production for lane in self._lanes) for production in productions]
        granted = policy.share_lanes(
            [production.frontier.ready for production in productions], held, self._config.lanes - len(self._lanes)
        )
        starts = [
            (production, index) for production, shots in zip(productions, granted, strict=True) for index in shots
        ]
        if not starts:
            return
        with self._timed("encode", [production for production, _ in starts]):
            requests = [production.request(index) for production, index in starts]
            lanes = self._backend.open(requests)
        for (production, index), lane in zip(starts, lanes, strict=True):
            self._lanes.append(OpenLane(lane, production, index, last_call=0))

    def _denoise(self) -> int:
        """Run one UNet call; return how many lanes it advanced."""
        views = [policy.LaneView(open_lane.lane.shape_key, open_lane.last_call) for open_lane in self._lanes]
        chosen = [self._lanes[index] for index in policy.choose_batch(views, self._config.lanes)]
        if not chosen:
            return 0
        call = next(self._calls)
        with self._timed("denoise", [open_lane.production for open_lane in chosen]):
            self._backend.denoise([open_lane.lane for open_lane in chosen], self._width(len(chosen)))
        for open_lane in chosen:
            open_lane.last_call = call
            open_lane.production.calls_left -= 1
        return len(chosen)

    def _develop(self) -> None:
        """Turn the lanes that are through into pictures and hand those to the writer."""
        through = [open_lane for open_lane in self._lanes if open_lane.lane.steps_left == 0]
        for shape_key in dict.fromkeys(open_lane.lane.shape_key for open_lane in through):
            group = [open_lane for open_lane in through if open_lane.lane.shape_key == shape_key]
            with self._timed("decode", [open_lane.production for open_lane in group]):
                lanes = [open_lane.lane for open_lane in group]
                pictures = self._backend.develop(lanes, self._width(len(group)))
            for open_lane, picture in zip(group, pictures, strict=True):
                self._finish_frame(open_lane.production, open_lane.index, picture)
        self._lanes = [open_lane for open_lane in self._lanes if open_lane.lane.steps_left > 0]

    def _finish_frame(self, production: Production, index: int, picture: Picture) -> None:
        production.finish_frame(index, picture)
        production.show(index, picture, self._config.preview_seconds, self._config.preview_side)
        while production.frames_in_flight > FRAMES_IN_FLIGHT:
            wait(production.pending, return_when=FIRST_COMPLETED)
            self._collect_from(production)

    def _collect(self) -> None:
        """Turn what the writer has finished into events."""
        for production in list(self._running.values()):
            self._collect_from(production)

    def _collect_from(self, production: Production) -> None:
        try:
            self._events.extend(production.collect())
            if (cut := production.take_cut()) is not None:
                self._drop(production.job.id)
                self._events.append(Done(production.job.id, cut.gif.data, production.report(cut)))
        except (TappaError, OSError) as error:
            self._fail(production.job.id, error)

    # ---- small helpers ----

    def _drop(self, job_id: JobId) -> None:
        self._waiting.pop(job_id, None)
        if self._running.pop(job_id, None) is not None:
            self._lanes = [open_lane for open_lane in self._lanes if open_lane.production.job.id != job_id]
        self._told_at = 0.0

    def _fail(self, job_id: JobId, error: Exception) -> None:
        """Give a job up and tell its owner why."""
        self._drop(job_id)
        self._events.append(Failed(job_id, describe(error)))

    def _line(self) -> list[policy.Ticket]:
        waiting = [policy.Ticket(entry.job.id, entry.job.owner) for entry in self._waiting.values()]
        running = [policy.Ticket(production.job.id, production.job.owner) for production in self._running.values()]
        return policy.line_up(waiting, running)

    def _width(self, lanes: int) -> int:
        return self._config.lanes if self._config.fixed_width else lanes

    @contextlib.contextmanager
    def _timed(self, phase: str, productions: list[Production]) -> Iterator[None]:
        """Charge the time inside to each lane's job in equal shares; while it lasts, they are the ones at work."""
        self._at_work = list(dict.fromkeys(productions))
        begun = time.perf_counter()
        yield
        share = (time.perf_counter() - begun) / len(productions)
        for production in productions:
            production.charge(phase, share)

    def _wait_for_writer(self) -> None:
        pending = [future for production in self._running.values() for future in production.pending]
        wait(pending, timeout=0.05, return_when=FIRST_COMPLETED)
        self._collect()

    def _tell_standings(self) -> None:
        now = time.monotonic()
        if now - self._told_at < STANDINGS_EVERY or not (self._waiting or self._running):
            return
        self._told_at = now
        running = [Outlook(production.job.id, production.calls_left) for production in self._running.values()]
        waiting = [Outlook(ticket.job, self._waiting[ticket.job].calls_left) for ticket in self._line()]
        self._events.append(
            Standings(standings(running, waiting, self._config.jobs_at_once, self._pace.seconds_per_step))
        )
