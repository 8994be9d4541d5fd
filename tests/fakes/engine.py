"""An engine in memory: it renders nothing, and does exactly what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import msgspec

from engine.errors import TappaError
from engine.messages import (
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
)
from engine.recipe import Recipe, resolve
from engine.settings import BUILT_IN, Taste

MODEL = "fake-model-1"
GIF = b"GIF89a-of-a-test"


class FakeEngine:
    """Implements `engine.service.Engine`; the methods below `watch` are the test's side of it."""

    def __init__(self, *, loaded: bool = True) -> None:
        self.added: list[Job] = []
        self.cancelled: list[JobId] = []
        self.forgotten: list[JobId] = []
        self.refusal: TappaError | None = None
        self.started = False
        self.closed = False
        self._standings: dict[JobId, Standing] = {}
        self._watchers: dict[JobId, list[asyncio.Queue[JobEvent]]] = {}
        self._loaded = asyncio.Event()
        self._changed = asyncio.Condition()
        if loaded:
            self._loaded.set()

    @property
    def ready(self) -> Ready | None:
        if not self._loaded.is_set():
            return None
        return Ready(model=MODEL, card=Taste(), device="cpu", dtype="float32")

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

    async def check(self, recipe: Recipe) -> Plan:
        await self._loaded.wait()
        if self.refusal is not None:
            raise self.refusal
        return plan_of(recipe)

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

    async def wait_added(self, count: int) -> Job:
        """Return the job that was added as the `count`-th."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.added) >= count)
        return self.added[count - 1]

    async def wait_forgotten(self, job: JobId) -> None:
        """Wait until the studio has said that nobody needs a job any more."""
        async with self._changed:
            await self._changed.wait_for(lambda: job in self.forgotten)

    def stand(self, job: JobId, position: int, seconds_left: float | None = None) -> None:
        self._standings[job] = Standing(job, position, seconds_left)

    def accept(self, job: JobId, frames_done: int = 0) -> None:
        self.emit(Accepted(job, plan_of(self._recipe(job)), frames_done))

    def progress(self, job: JobId, frames_done: int) -> None:
        plan = plan_of(self._recipe(job))
        calls = plan.unet_calls * frames_done // plan.frames
        self.emit(Progress(job, frames_done, plan.frames, calls, plan.unet_calls))

    def preview(self, job: JobId, frame: int) -> None:
        self.emit(Preview(job, frame, b"picture-%d" % frame, ".jpg"))

    def lose(self, job: JobId) -> None:
        self.emit(Lost(job))

    def fail(self, job: JobId, message: str) -> None:
        self.emit(Failed(job, message))

    def finish(self, job: JobId, gif: bytes = GIF) -> None:
        self.emit(Done(job, gif, report_of(self._recipe(job))))

    def _recipe(self, job: JobId) -> Recipe:
        return next(added.recipe for added in self.added if added.id == job)


def plan_of(recipe: Recipe) -> Plan:
    resolved, settings = resolve(recipe, (BUILT_IN,))
    return Plan(recipe=resolved, model=MODEL, frames=recipe.frames, unet_calls=recipe.frames * settings.steps)


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
