"""The engine as the bot sees it: a child process that is started, listened to and, when it dies, started again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import msgspec

from engine import wire
from engine.config import Config
from engine.environment import patient_threads
from engine.errors import EngineError, MemberError, OperatorError
from engine.messages import (
    Accepted,
    Add,
    Cancel,
    Cancelled,
    Check,
    Checked,
    Done,
    Event,
    Failed,
    Fatal,
    Forget,
    Hello,
    Job,
    JobEvent,
    JobId,
    Lost,
    Plan,
    Preview,
    Progress,
    Ready,
    Refused,
    Request,
    Standing,
    Standings,
    Stop,
)
from engine.recipe import Recipe
from engine.watch import FINAL, Mailbox

log = logging.getLogger(__name__)

RESTART_DELAYS = (0.2, 1.0, 5.0, 15.0, 60.0)
"""Seconds before each restart in a row; a process that got as far as a new frame starts the row again."""
MOST_FALSE_STARTS = 5
"""A process that ends so often before its model was ever loaded will not load it the next time either."""
MOST_DEATHS = 3
"""A job in whose render the process died so often without a new frame is given up: it is what kills it."""
STOP_SECONDS = 10.0


class EngineClient:
    """Runs one engine process and implements `engine.service.Engine`.

    Args:
        config: the whole configuration; the engine is given its part.
        spool: where the engine keeps frames.
    """

    def __init__(self, config: Config, spool: Path) -> None:
        self._hello = Hello(
            model=config.model,
            engine=config.engine,
            render=config.render,
            spool=str(spool),
            keep_days=config.storage.keep_days,
        )
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready: Ready | None = None
        self._loaded = asyncio.Event()
        self._fatal: OperatorError | None = None
        self._standings: dict[JobId, Standing] = {}
        self._jobs: dict[JobId, Job] = {}
        self._mailboxes: defaultdict[JobId, list[Mailbox]] = defaultdict(list)
        self._tickets = itertools.count(1)
        self._checks: dict[int, asyncio.Future[Plan]] = {}
        self._deaths: defaultdict[JobId, int] = defaultdict(int)
        self._restarts = 0
        self._closing = False

    # ---- what engine.service.Engine promises ----

    @property
    def ready(self) -> Ready | None:
        """What is loaded, or None while it is starting."""
        return self._ready

    @property
    def standings(self) -> Mapping[JobId, Standing]:
        """Where each job stands, as last reported."""
        return self._standings

    @property
    def pid(self) -> int | None:
        """The process's id while one runs."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Begin starting up, and return at once."""
        self._keeper = asyncio.create_task(self._keep_running(), name="engine keeper")

    async def wait_ready(self) -> Ready:
        """Wait until the model is loaded; raises OperatorError if it cannot be."""
        await self._loaded.wait()
        if self._fatal is not None:
            raise self._fatal
        assert self._ready is not None  # loaded is set together with one or the other
        return self._ready

    async def close(self) -> None:
        """Stop the process; unfinished jobs keep their frames."""
        self._closing = True
        if self._process is not None and self._process.returncode is None:
            self._send(Stop())
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    async def check(self, recipe: Recipe) -> Plan:
        """Plan a recipe without queueing it; raises MemberError or EngineError."""
        try:
            await self.wait_ready()
        except OperatorError as error:
            raise EngineError("The engine is not available at the moment.") from error
        ticket = next(self._tickets)
        answer: asyncio.Future[Plan] = asyncio.get_running_loop().create_future()
        self._checks[ticket] = answer
        try:
            self._send(Check(ticket, recipe))
            return await answer
        finally:
            self._checks.pop(ticket, None)

    async def add(self, job: Job) -> None:
        """Queue a job; adding it again continues it where its frames end."""
        self._jobs[job.id] = job
        if self._ready is not None:
            self._send(Add(job))

    async def cancel(self, job: JobId) -> None:
        """Stop a job; its watchers receive Cancelled."""
        if self._ready is not None:
            self._send(Cancel(job))
        elif self._jobs.pop(job, None) is not None:  # it was never told of the job
            self._pass_on(Cancelled(job))

    async def forget(self, job: JobId) -> None:
        """Say that the result is safe."""
        if self._ready is not None:
            self._send(Forget(job))

    def watch(self, job: JobId) -> AsyncIterator[JobEvent]:
        """Yield what happens to a job from this call on, up to and including its end."""
        mailbox = Mailbox()
        self._mailboxes[job].append(mailbox)
        return mailbox.read()

    # ---- the process ----

    async def _keep_running(self) -> None:
        """Run the process, and run it again when it dies."""
        while not self._closing:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "engine.process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=patient_threads(os.environ),
            )
            self._send(self._hello)
            await self._listen(self._process)
            code = await self._process.wait()
            self._ready = None
            if self._closing or self._fatal is not None:
                return
            log.error("the engine process ended with code %s; starting it again", code)
            self._mourn()
            if not self._loaded.is_set() and self._restarts + 1 >= MOST_FALSE_STARTS:
                self._give_up(f"The engine ended {MOST_FALSE_STARTS} times before it was ready; its log says why.")
                return
            await asyncio.sleep(RESTART_DELAYS[min(self._restarts, len(RESTART_DELAYS) - 1)])
            self._restarts += 1

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Hand out what the process says until it stops talking."""
        assert process.stdout is not None  # it was started with a pipe
        while True:
            try:
                event: Event = await wire.receive(process.stdout, Event)  # type: ignore[arg-type]  # a union
            except EOFError:
                return
            except msgspec.DecodeError:
                log.exception("the engine said something that cannot be read")
                process.kill()
                return
            self._take(event)

    def _send(self, message: Request | Hello) -> None:
        """Write to the process; if it is dying, the keeper will notice and say everything again."""
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(wire.pack(message))

    def _mourn(self) -> None:
        """Tell everybody about the death, and give up on jobs that keep causing it."""
        for answer in self._checks.values():
            if not answer.done():
                answer.set_exception(EngineError("The engine stopped while it looked at this; please try again."))
        for job_id in list(self._jobs):
            if (standing := self._standings.get(job_id)) is not None and standing.position == 0:
                self._deaths[job_id] += 1
            if self._deaths[job_id] >= MOST_DEATHS:
                self._pass_on(Failed(job_id, f"The engine stopped {MOST_DEATHS} times on this; it was given up."))
            else:
                self._pass_on(Lost(job_id))
        self._standings.clear()

    # ---- what it says ----

    def _take(self, event: Event) -> None:
        match event:
            case Ready():
                self._ready = event
                self._loaded.set()
                for job in self._jobs.values():
                    self._send(Add(job))
            case Fatal(message):
                self._give_up(message)
            case Checked(ticket, plan):
                self._answer(ticket, plan)
            case Refused(ticket, message):
                self._answer(ticket, MemberError(message))
            case Standings(jobs):
                self._standings = {standing.job: standing for standing in jobs}
            case Accepted() | Progress() | Preview() | Done() | Failed() | Cancelled() | Lost():
                self._pass_on(event)

    def _give_up(self, message: str) -> None:
        """Note that the engine cannot start as things are, for everybody who waits for it."""
        self._fatal = OperatorError(message)
        self._loaded.set()

    def _answer(self, ticket: int, answer: Plan | MemberError) -> None:
        waiting = self._checks.get(ticket)
        if waiting is None or waiting.done():
            return  # whoever asked has gone
        if isinstance(answer, MemberError):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)

    def _pass_on(self, event: JobEvent) -> None:
        """Give an event to everybody who watches its job."""
        if isinstance(event, Progress):
            self._restarts = 0
            self._deaths.pop(event.job, None)
        if isinstance(event, FINAL):
            self._jobs.pop(event.job, None)
            self._standings.pop(event.job, None)
            self._deaths.pop(event.job, None)
        for mailbox in self._mailboxes.get(event.job, ()):
            mailbox.put(event)
        if isinstance(event, FINAL):
            self._mailboxes.pop(event.job, None)
