"""An engine in memory: it renders nothing, and does exactly what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping

import msgspec

from engine.config import EngineSetup
from engine.errors import EngineError, OperatorError, TappaError
from engine.protocol.card import Card
from engine.protocol.messages import (
    Accepted,
    Cancelled,
    Done,
    Failed,
    Job,
    JobEvent,
    JobId,
    Lost,
    Plan,
    Preview,
    Progress,
    Ready,
    Report,
    Standing,
    Status,
)
from engine.recipe.ceiling import NO_CEILING, Ceiling, clamp_settings
from engine.recipe.recipe import Recipe, Variations, resolve
from engine.recipe.settings import BUILT_IN, Settings
from engine.recipe.survey_result import SurveyResult
from engine.sentence import Sentence
from engine.storyboard.builder import build_storyboard
from studio.config.config import MIB

MODEL = "fake-model-1"
GIF = b"GIF89a-of-a-test"


class FakeEngine:
    """Implements `engine.protocol.engine.Engine`; the methods below `watch` are the test's side of it."""

    def __init__(self, *, loaded: bool = True) -> None:
        self.added: list[Job] = []
        self.cancelled: list[JobId] = []
        self.forgotten: list[JobId] = []
        self.discarded: list[JobId] = []
        self.refusal: TappaError | None = None
        self.configured: list[EngineSetup] = []
        self.bad_configuration: OperatorError | None = None
        self.configurable = asyncio.Event()
        self.configurable.set()
        self.paused: set[str | None] = set()
        self.judges = False
        self.words: tuple[str, ...] = ()
        self.started = False
        self.closed = False
        self._standings: dict[JobId, Standing] = {}
        self._watchers: dict[JobId, list[asyncio.Queue[JobEvent]]] = {}
        self._loaded = asyncio.Event()
        self._changed = asyncio.Condition()
        self._reconfiguring = False
        self._awaited = 0
        if loaded:
            self._loaded.set()

    @property
    def ready(self) -> Ready | None:
        if not self._loaded.is_set():
            return None
        card = Card(words=self.words)
        return Ready(model=MODEL, card=card, device="cpu", dtype="float32", judges=self.judges)

    @property
    def standings(self) -> Mapping[JobId, Standing]:
        return self._standings

    async def start(self) -> None:
        self.started = True

    async def wait_ready(self) -> Ready:
        await self._loaded.wait()
        ready = self.ready
        assert ready is not None
        return ready

    async def close(self) -> None:
        self.closed = True

    async def reconfigure(self, setup: EngineSetup) -> None:
        async with self._changed:
            self._reconfiguring = True
            self._changed.notify_all()
        await self.configurable.wait()
        if self.bad_configuration is not None:
            raise self.bad_configuration
        self.configured.append(setup)

    async def pause(self, server: str | None, *, paused: bool) -> None:
        if paused:
            self.paused.add(server)
        else:
            self.paused.discard(server)

    async def status(self) -> Status:
        if not self._loaded.is_set():
            raise EngineError("The engine is loading its model; try again in a minute.")
        places = [standing.position for standing in self._standings.values()]
        return Status(
            model=MODEL,
            device="cpu",
            dtype="float32",
            memory_used=512 * MIB,
            memory_total=2048 * MIB,
            steps_per_second=8.0,
            frames_per_second=0.5,
            running=places.count(0),
            waiting=len(places) - places.count(0),
            held=sum(standing.held for standing in self._standings.values()),
        )

    async def check(self, recipe: Recipe, base: JobId | None = None, ceiling: Ceiling = NO_CEILING) -> Plan:
        await self._loaded.wait()
        if self.refusal is not None:
            raise self.refusal
        return plan_of(recipe, ceiling)

    async def add(self, job: Job) -> None:
        async with self._changed:
            self.added.append(job)
            self._changed.notify_all()

    async def cancel(self, job: JobId) -> None:
        self.cancelled.append(job)
        self.emit(Cancelled(job))

    async def forget(self, job: JobId) -> None:
        async with self._changed:
            self.forgotten.append(job)
            self._changed.notify_all()

    async def discard(self, jobs: Iterable[JobId]) -> None:
        self.discarded.extend(jobs)

    def watch(self, job: JobId) -> AsyncIterator[JobEvent]:
        queue: asyncio.Queue[JobEvent] = asyncio.Queue()
        self._watchers.setdefault(job, []).append(queue)
        return _until_over(queue)

    # ---- the test's side ----

    def load(self) -> None:
        self._loaded.set()

    def emit(self, event: JobEvent) -> None:
        for queue in self._watchers.get(event.job, []):
            queue.put_nowait(event)

    async def wait_reconfiguring(self) -> None:
        """Wait until a configuration was given to it; while `configurable` is cleared it goes on loading that."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._reconfiguring)

    async def wait_added(self, count: int) -> Job:
        """Return the job that was added as the `count`-th."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.added) >= count)
        return self.added[count - 1]

    async def wait_next(self) -> Job:
        """Return the job that was added after the one that this returned last."""
        self._awaited += 1
        return await self.wait_added(self._awaited)

    async def wait_forgotten(self, job: JobId) -> None:
        """Wait until the studio has said that nobody needs a job any more."""
        async with self._changed:
            await self._changed.wait_for(lambda: job in self.forgotten)

    def stand(self, job: JobId, position: int, seconds_left: float | None = None, *, held: bool = False) -> None:
        self._standings[job] = Standing(job, position, seconds_left, held)

    def accept(self, job: JobId, frames_done: int = 0) -> None:
        self.emit(Accepted(job, self._plan(job), frames_done))

    def progress(self, job: JobId, frames_done: int) -> None:
        plan = self._plan(job)
        calls = plan.unet_calls * frames_done // plan.frames
        self.emit(Progress(job, frames_done, plan.frames, calls, plan.unet_calls))

    def preview(self, job: JobId, frame: int) -> None:
        self.emit(Preview(job, frame, b"picture-%d" % frame, ".jpg"))

    def lose(self, job: JobId) -> None:
        self.emit(Lost(job))

    def fail(self, job: JobId, message: str) -> None:
        self.emit(Failed(job, Sentence(message)))

    def refuse(self, job: JobId, message: str) -> None:
        """Fail over what was asked for."""
        self.emit(Failed(job, Sentence(message), costs=True))

    def finish(
        self,
        job: JobId,
        picture: bytes = GIF,
        *,
        flagged: int = 0,
        found: SurveyResult | None = None,
        tries: bytes | None = None,
    ) -> None:
        recipe = self._recipe(job)
        report = msgspec.structs.replace(report_of(recipe), flagged=flagged, found=found)
        self.emit(Done(job, picture, ".png" if isinstance(recipe, Variations) else ".gif", report, tries))

    def _plan(self, job: JobId) -> Plan:
        return next(plan_of(added.recipe, added.ceiling) for added in self.added if added.id == job)

    def _recipe(self, job: JobId) -> Recipe:
        return next(added.recipe for added in self.added if added.id == job)


def plan_of(recipe: Recipe, ceiling: Ceiling = NO_CEILING) -> Plan:
    lowered = clamp_settings(resolve(recipe, (BUILT_IN,))[0], ceiling)
    calls = build_storyboard(lowered.recipe, Settings.from_layers([lowered.recipe.settings])).unet_calls
    return Plan(recipe=lowered.recipe, model=MODEL, frames=recipe.frames, unet_calls=calls, notes=lowered.notes)


def report_of(recipe: Recipe) -> Report:
    return Report(
        frames=recipe.frames,
        gif_frames=recipe.frames,
        seconds=12.5,
        seconds_by_phase={"denoise": 12.0, "gif": 0.5},
        unet_calls=plan_of(recipe).unet_calls,
        width=256,
        height=256,
        frame_ms=80,
        seam=1.1,
    )


def refused(error: TappaError) -> FakeEngine:
    """Return an engine that refuses every recipe for one reason."""
    engine = FakeEngine()
    engine.refusal = error
    return engine


async def _until_over(queue: asyncio.Queue[JobEvent]) -> AsyncIterator[JobEvent]:
    while True:
        event = await queue.get()
        yield event
        if isinstance(event, Done | Failed | Cancelled):
            return


def with_seed(recipe: Recipe, seed: int) -> Recipe:
    return msgspec.structs.replace(recipe, seed=seed)
