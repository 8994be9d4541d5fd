"""What the bot side needs of an engine, wherever it runs.

`engine.client.client.EngineClient` implements it with a child process on this host; nothing above this protocol assumes
one engine, a shared disk or a shared clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Protocol

from engine.config import EngineSetup
from engine.protocol.messages import Job, JobEvent, JobId, Plan, Ready, Standing, Status
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.recipe import Recipe


class Engine(Protocol):
    """Renders jobs and reports on them."""

    @property
    def ready(self) -> Ready | None:
        """What is loaded, or None while it is starting."""

    @property
    def standings(self) -> Mapping[JobId, Standing]:
        """Where each job stands, as last reported; a new job may be missing."""

    async def start(self) -> None:
        """Begin starting up, and return at once; `ready` follows when the model is loaded."""

    async def wait_ready(self) -> Ready:
        """Wait until the model is loaded; raises OperatorError if it cannot be, with what to change."""

    async def close(self) -> None:
        """Stop the engine. Unfinished jobs keep their frames and are resumed when they are added again."""

    async def reconfigure(self, setup: EngineSetup) -> None:
        """Switch to another configuration, if it differs; returns when its model is loaded.

        Unfinished jobs are Lost meanwhile and resumed, each with the settings it was accepted with.

        Raises:
            OperatorError: it cannot work that way, and works on with the previous configuration.
            EngineError: it was closed meanwhile.
        """

    async def pause(self, server: str | None, *, paused: bool) -> None:
        """Hold the waiting jobs of `server`, or of every server if it is None, or release them.

        Running jobs are finished, unless the engine dies under them: then they wait like the others. It lasts across
        restarts of the engine, until `close`.
        """

    async def status(self) -> Status:
        """Return how it is doing at this moment; raises EngineError if it is not running."""

    async def check(self, recipe: Recipe, base: JobId | None = None, ceiling: Ceiling = NO_CEILING) -> Plan:
        """Plan a recipe without queueing it, once the model is loaded; the other arguments as in `Job`.

        Raises MemberError if it cannot be rendered as asked, EngineError if the engine is not running.
        """

    async def add(self, job: Job) -> None:
        """Queue a job. Adding it again resumes it where its frames end; it never renders twice."""

    async def cancel(self, job: JobId) -> None:
        """Stop a job; its watchers receive Cancelled."""

    async def forget(self, job: JobId) -> None:
        """Say that the result is safe: the engine may delete the job's frames when it needs room."""

    async def discard(self, jobs: Iterable[JobId]) -> None:
        """Delete the frames of finished jobs."""

    def watch(self, job: JobId) -> AsyncIterator[JobEvent]:
        """Yield the events of a job from this call on, up to and including Done, Failed or Cancelled.

        Call it before `add`, so that nothing is missed. A slow reader finds only the latest Progress and Preview. When
        the engine dies the job is Lost and then resumed. Leaving the iterator does not cancel the job.
        """
