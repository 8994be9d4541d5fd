"""What the bot side needs of an engine, wherever it runs.

There is one implementation today, `engine.client.client.EngineClient`, a child process on this host. Several
GPUs or hosts will be a second one, so nothing above this protocol assumes one engine, a shared disk or a shared clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Protocol

from engine.config import EngineSetup
from engine.protocol.messages import Job, JobEvent, JobId, Plan, Ready, Standing, Status
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.recipe import Recipe


class Engine(Protocol):
    """Renders jobs and tells how they go."""

    @property
    def ready(self) -> Ready | None:
        """What is loaded, or None while it is starting."""

    @property
    def standings(self) -> Mapping[JobId, Standing]:
        """Where each job stands, as last reported; jobs that were not reported yet are missing."""

    async def start(self) -> None:
        """Begin starting up, and return at once; `ready` follows when the model is loaded."""

    async def wait_ready(self) -> Ready:
        """Wait until the model is loaded.

        Raises:
            OperatorError: it cannot be loaded; the message tells the operator what to change.
        """

    async def close(self) -> None:
        """Stop the engine. Unfinished jobs keep their frames, and go on when they are added again."""

    async def reconfigure(self, setup: EngineSetup) -> None:
        """Go on with another configuration; returns when its model is loaded.

        Unfinished jobs show as Lost meanwhile and go on by themselves, each with the settings it was accepted with.
        Nothing happens where it is what it was.

        Raises:
            OperatorError: it cannot work that way; it goes on as it was configured before.
            EngineError: it was closed meanwhile.
        """

    async def pause(self, server: str | None, *, paused: bool) -> None:
        """Let no waiting job of `server` begin, or of any server if it is None, or let them begin again.

        Jobs that are running are finished. It holds while the engine is restarted, not beyond `close`; a job whose
        engine dies under it waits like the others.
        """

    async def status(self) -> Status:
        """Return how it is doing at this moment.

        Raises:
            EngineError: it is not there to ask.
        """

    async def check(self, recipe: Recipe, base: JobId | None = None, ceiling: Ceiling = NO_CEILING) -> Plan:
        """Plan a recipe without queueing it, waiting for the model to be loaded if need be; all else is as in `Job`.

        Raises:
            MemberError: it cannot be rendered as asked.
            EngineError: the engine is not there to ask.
        """

    async def add(self, job: Job) -> None:
        """Queue a job. Adding a job again continues it where its frames end; it never renders twice."""

    async def cancel(self, job: JobId) -> None:
        """Stop a job; its watchers receive Cancelled."""

    async def forget(self, job: JobId) -> None:
        """Say that the result is safe: whatever the engine keeps of the job may go when it needs the room."""

    async def discard(self, jobs: Iterable[JobId]) -> None:
        """Throw away whatever the engine keeps of finished jobs: nobody is to have it any more."""

    def watch(self, job: JobId) -> AsyncIterator[JobEvent]:
        """Yield what happens to a job from now on, up to and including Done, Failed or Cancelled.

        Call it before `add`, so that nothing is missed. A slow reader finds only the latest Progress and Preview. The
        death of the engine shows as Lost, and the job goes on by itself. Leaving the iterator does not cancel the job.
        """
