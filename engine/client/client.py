"""The engine as the bot sees it: questions and answers, the jobs it knows, and who watches them."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.client.event_queue import FINAL, LatestEvents
from engine.client.supervisor import EngineSupervisor
from engine.config import EngineSetup
from engine.errors import EngineError, MemberError, OperatorError
from engine.protocol import messages
from engine.protocol.messages import Job, JobEvent, JobId, Plan, Ready, Standing, Status
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.recipe import Recipe
from engine.sentence import Sentence

MOST_DEATHS = 3
"""A job that was running each of this many times when the process died, without a new frame, is given up."""


class EngineClient:
    """Implements `engine.protocol.engine.Engine`, which describes the methods, with one process on this host."""

    def __init__(self, setup: EngineSetup, frame_store: Path) -> None:
        self._supervisor = EngineSupervisor(setup, frame_store, self)
        self._standings: dict[JobId, Standing] = {}
        self._jobs: dict[JobId, Job] = {}
        self._watchers: defaultdict[JobId, list[LatestEvents]] = defaultdict(list)
        self._tickets = itertools.count(1)
        self._questions: dict[int, asyncio.Future[Any]] = {}
        self._paused: set[str | None] = set()
        self._unsent_forgets: set[JobId] = set()
        self._unsent_discards: set[JobId] = set()
        self._deaths: defaultdict[JobId, int] = defaultdict(int)
        self._cancelling: set[JobId] = set()

    @property
    def ready(self) -> Ready | None:
        return self._supervisor.ready

    @property
    def standings(self) -> Mapping[JobId, Standing]:
        return self._standings

    @property
    def pid(self) -> int | None:
        return self._supervisor.pid

    async def start(self) -> None:
        self._supervisor.start()

    async def wait_ready(self) -> Ready:
        return await self._supervisor.wait_ready()

    async def close(self) -> None:
        await self._supervisor.close()

    async def reconfigure(self, setup: EngineSetup) -> None:
        await self._supervisor.reconfigure(setup)

    async def pause(self, server: str | None, *, paused: bool) -> None:
        if paused:
            self._paused.add(server)
        else:
            self._paused.discard(server)
        if self.ready is not None:
            self._supervisor.send(messages.Pause(server, paused))

    async def status(self) -> Status:
        if self.ready is None:
            raise EngineError("The engine is loading its model; try again in a minute.")
        status: Status = await self._ask(messages.StatusRequest)
        return status

    async def check(self, recipe: Recipe, base: JobId | None = None, ceiling: Ceiling = NO_CEILING) -> Plan:
        try:
            await self.wait_ready()
        except OperatorError as error:
            raise EngineError("The engine is not available at the moment.") from error
        plan: Plan = await self._ask(lambda ticket: messages.Check(ticket, recipe, base, ceiling))
        return plan

    async def add(self, job: Job) -> None:
        self._jobs[job.id] = job
        if self.ready is not None:
            self._supervisor.send(messages.Add(job))

    async def cancel(self, job: JobId) -> None:
        if self.ready is not None:
            self._cancelling.add(job)  # should the process die before it reads this, nobody starts the job again
            self._supervisor.send(messages.Cancel(job))
        elif job in self._jobs:
            self._end_cancelled(job)

    async def forget(self, job: JobId) -> None:
        self._unsent_forgets.add(job)
        self._send_unsent()

    async def discard(self, jobs: Iterable[JobId]) -> None:
        self._unsent_discards.update(jobs)
        self._send_unsent()

    def watch(self, job: JobId) -> AsyncIterator[JobEvent]:
        watcher = LatestEvents()
        self._watchers[job].append(watcher)
        return watcher.read()

    # ---- questions ----

    async def _ask(self, question: Callable[[int], messages.Check | messages.StatusRequest]) -> Any:
        """Return the answer to a question; raises what it answers with, or EngineError if the process dies."""
        ticket = next(self._tickets)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._questions[ticket] = answer
        try:
            self._supervisor.send(question(ticket))
            return await answer
        finally:
            self._questions.pop(ticket, None)

    def _answer(self, ticket: int, answer: Plan | Status | MemberError) -> None:
        waiting = self._questions.get(ticket)
        if waiting is None or waiting.done():
            return  # whoever asked has gone
        if isinstance(answer, MemberError):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)

    # ---- what the supervisor reports ----

    def on_event(self, event: messages.Event) -> None:
        match event:
            case Ready():
                self._send_unsent()
                for server in self._paused:
                    self._supervisor.send(messages.Pause(server, paused=True))
                for job in self._jobs.values():
                    self._supervisor.send(messages.Add(job))
            case messages.Checked(ticket, answer) | messages.StatusReply(ticket, answer):
                self._answer(ticket, answer)
            case messages.Refused(ticket, message):
                self._answer(ticket, MemberError(message))
            case messages.Standings(jobs):
                self._standings = {standing.job: standing for standing in jobs}
            case _ if isinstance(event, JobEvent):
                self._dispatch(event)

    def on_exit(self, *, crashed: bool) -> None:
        for answer in self._questions.values():
            if not answer.done():
                answer.set_exception(EngineError("The engine stopped while it looked at this; please try again."))
        for job_id in list(self._jobs):
            if job_id in self._cancelling:
                self._end_cancelled(job_id)
                continue
            standing = self._standings.get(job_id)
            if crashed and standing is not None and standing.position == 0:
                self._deaths[job_id] += 1
            if crashed and self._deaths[job_id] >= MOST_DEATHS:
                given_up = Sentence(
                    "The engine stopped {times} times on this; it was given up.", {"times": MOST_DEATHS}
                )
                self._dispatch(messages.Failed(job_id, given_up))
            else:
                self._dispatch(messages.Lost(job_id))
        self._standings.clear()

    # ---- jobs ----

    def _send_unsent(self) -> None:
        """Send what was not sent about finished jobs, once a process is ready."""
        if self.ready is None:
            return
        for job in self._unsent_forgets:
            self._supervisor.send(messages.Forget(job))
        for job in self._unsent_discards:
            self._supervisor.send(messages.Discard(job))
        self._unsent_forgets.clear()
        self._unsent_discards.clear()

    def _end_cancelled(self, job: JobId) -> None:
        """End a job of a process that is gone; the next process throws its frames away."""
        self._unsent_discards.add(job)
        self._dispatch(messages.Cancelled(job))

    def _dispatch(self, event: JobEvent) -> None:
        """Update what is known of a job, and pass an event on to its watchers."""
        if isinstance(event, messages.Accepted) and (job := self._jobs.get(event.job)):
            # With every setting written down, another configuration's defaults do not change it.
            self._jobs[event.job] = msgspec.structs.replace(job, recipe=event.plan.recipe)
        if isinstance(event, messages.Progress):
            self._deaths.pop(event.job, None)
        if isinstance(event, FINAL):
            self._jobs.pop(event.job, None)
            self._cancelling.discard(event.job)
            self._standings.pop(event.job, None)
            self._deaths.pop(event.job, None)
        for watcher in self._watchers.get(event.job, ()):
            watcher.put(event)
        if isinstance(event, FINAL):
            self._watchers.pop(event.job, None)
