"""The engine as the bot sees it: a child process that is started, listened to and, when it dies, started again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.client.event_queue import FINAL, LatestEvents
from engine.config import EngineSetup
from engine.environment import patient_threads
from engine.errors import EngineError, MemberError, OperatorError, TappaError
from engine.protocol import wire
from engine.protocol.messages import (
    Accepted,
    Add,
    Cancel,
    Cancelled,
    Check,
    Checked,
    Discard,
    Done,
    Event,
    Failed,
    Fatal,
    Forget,
    Hello,
    Inspect,
    Inspected,
    Job,
    JobEvent,
    JobId,
    Lost,
    Pause,
    Plan,
    Preview,
    Progress,
    Ready,
    Refused,
    Request,
    Standing,
    Standings,
    Status,
    Stop,
)
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.recipe import Recipe
from engine.sentence import Sentence

log = logging.getLogger(__name__)

RESTART_DELAYS = (0.2, 1.0, 5.0, 15.0, 60.0)
"""Seconds before each restart in a row; a process that got as far as a new frame starts the row again."""
MOST_FALSE_STARTS = 5
"""A process that ends so often before its model was ever loaded will not load it the next time either."""
MOST_DEATHS = 3
"""A job in whose render the process died so often without a new frame is given up: it is what kills it."""
STOP_SECONDS = 10.0


class EngineClient:
    """Runs one engine process and implements `engine.protocol.engine.Engine`.

    Args:
        setup: all the configuration that the engine needs.
        spool: where the engine keeps frames.
    """

    def __init__(self, setup: EngineSetup, spool: Path) -> None:
        self._hello = Hello(setup=setup, spool=str(spool))
        self._spool = spool
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready: Ready | None = None
        self._loaded = asyncio.Event()
        self._fatal: OperatorError | None = None
        self._standings: dict[JobId, Standing] = {}
        self._jobs: dict[JobId, Job] = {}
        self._mailboxes: defaultdict[JobId, list[LatestEvents]] = defaultdict(list)
        self._tickets = itertools.count(1)
        self._questions: dict[int, asyncio.Future[Any]] = {}
        self._paused: set[str | None] = set()
        self._forgotten: set[JobId] = set()
        self._discarded: set[JobId] = set()
        self._trial: asyncio.Future[None] | None = None
        self._changing = asyncio.Lock()
        self._deaths: defaultdict[JobId, int] = defaultdict(int)
        self._cancelling: set[JobId] = set()
        self._restarts = 0
        self._false_starts = 0
        self._halting = False
        self._closing = False

    # ---- what engine.protocol.engine.Engine promises ----

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
        self._end_trial(EngineError("The engine is being stopped."))
        await self._halt()

    async def reconfigure(self, setup: EngineSetup) -> None:
        """Start the process again with another configuration; see `engine.protocol.engine.Engine`."""
        async with self._changing:
            old, new = self._hello, Hello(setup=setup, spool=str(self._spool))
            if new == old:
                return
            try:
                await self._try(new)
            except OperatorError:
                await self._run_instead(old)
                await self.wait_ready()
                raise

    async def pause(self, server: str | None, *, paused: bool) -> None:
        """Hold the waiting jobs of a server, or of all if it is None, or let them go on."""
        if paused:
            self._paused.add(server)
        else:
            self._paused.discard(server)
        if self._ready is not None:
            self._send(Pause(server, paused))

    async def status(self) -> Status:
        """Ask how it is doing; raises EngineError."""
        if self._ready is None:
            raise EngineError("The engine is loading its model; try again in a minute.")
        status: Status = await self._ask(Inspect)
        return status

    async def check(self, recipe: Recipe, base: JobId | None = None, ceiling: Ceiling = NO_CEILING) -> Plan:
        """Plan a recipe without queueing it; raises MemberError or EngineError."""
        try:
            await self.wait_ready()
        except OperatorError as error:
            raise EngineError("The engine is not available at the moment.") from error
        plan: Plan = await self._ask(lambda ticket: Check(ticket, recipe, base, ceiling))
        return plan

    async def add(self, job: Job) -> None:
        """Queue a job; adding it again continues it where its frames end."""
        self._jobs[job.id] = job
        if self._ready is not None:
            self._send(Add(job))

    async def cancel(self, job: JobId) -> None:
        """Stop a job; its watchers receive Cancelled."""
        if self._ready is not None:
            self._cancelling.add(job)  # should the process die before it reads this, nobody starts the job again
            self._send(Cancel(job))
        elif job in self._jobs:
            self._end_cancelled(job)

    async def forget(self, job: JobId) -> None:
        """Say that the result is safe, as soon as there is a process to hear it."""
        self._forgotten.add(job)
        if self._ready is not None:
            self._send_left()

    async def discard(self, jobs: Iterable[JobId]) -> None:
        """Have the frames of finished jobs thrown away, as soon as there is a process to do it."""
        self._discarded.update(jobs)
        if self._ready is not None:
            self._send_left()

    def _send_left(self) -> None:
        """Say what was left to say about finished jobs."""
        for job in self._forgotten:
            self._send(Forget(job))
        for job in self._discarded:
            self._send(Discard(job))
        self._forgotten.clear()
        self._discarded.clear()

    def _end_cancelled(self, job: JobId) -> None:
        """End a job in the place of a process that is gone: its frames go as soon as there is another."""
        self._discarded.add(job)
        self._pass_on(Cancelled(job))

    def watch(self, job: JobId) -> AsyncIterator[JobEvent]:
        """Yield what happens to a job from this call on, up to and including its end."""
        mailbox = LatestEvents()
        self._mailboxes[job].append(mailbox)
        return mailbox.read()

    # ---- questions ----

    async def _ask(self, question: Callable[[int], Check | Inspect]) -> Any:
        """Ask the process something and return its answer; raises what it answers with, or EngineError if it dies."""
        ticket = next(self._tickets)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._questions[ticket] = answer
        try:
            self._send(question(ticket))
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

    def _leave_unanswered(self) -> None:
        for answer in self._questions.values():
            if not answer.done():
                answer.set_exception(EngineError("The engine stopped while it looked at this; please try again."))

    # ---- another configuration ----

    async def _try(self, hello: Hello) -> None:
        """Run a process with `hello` instead of the one that runs, until it is ready or it is known that it never is.

        What becomes of it is told to whoever waits here, and to nobody else: others wait for a process that works.

        Raises:
            OperatorError: it does not get ready that way.
            EngineError: the client was closed meanwhile.
        """
        self._trial = asyncio.get_running_loop().create_future()
        try:
            await self._run_instead(hello)
            await self._trial
        finally:
            self._trial = None

    async def _run_instead(self, hello: Hello) -> None:
        """End the process that runs and begin to start one with `hello`; its jobs go on there."""
        await self._halt()
        if self._closing:
            raise EngineError("The engine is being stopped.")
        self._ready = None
        self._fatal = None
        self._loaded.clear()
        self._leave_unanswered()
        self._standings.clear()
        for job_id in list(self._jobs):
            if job_id in self._cancelling:
                self._end_cancelled(job_id)
            else:
                self._pass_on(Lost(job_id))
        self._hello = hello
        self._restarts = self._false_starts = 0
        await self.start()

    def _end_trial(self, error: TappaError | None) -> bool:
        """Say how a changed configuration does; return whether anybody is waiting to hear it."""
        if self._trial is None or self._trial.done():
            return False
        if error is None:
            self._trial.set_result(None)
        else:
            self._trial.set_exception(error)
        return True

    # ---- the process ----

    async def _keep_running(self) -> None:
        """Run the process, and run it again when it dies."""
        while not self._closing:
            end = await self._run()
            if self._closing or self._halting or self._fatal is not None:
                return
            log.error("the engine process %s; starting it again", end)
            self._false_starts = 0 if self._ready else self._false_starts + 1
            self._ready = None
            self._mourn()
            if self._false_starts >= MOST_FALSE_STARTS:
                self._give_up(
                    Sentence(
                        "The engine ended {times} times before it was ready; its log says why.",
                        {"times": MOST_FALSE_STARTS},
                    )
                )
                return
            self._loaded.clear()
            await asyncio.sleep(RESTART_DELAYS[min(self._restarts, len(RESTART_DELAYS) - 1)])
            self._restarts += 1

    async def _run(self) -> str:
        """Run a process to its end; return what became of it, for the log."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "engine.process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=patient_threads(os.environ),
            )
        except OSError as error:  # such as no memory left for it, or too many processes
            return f"could not be started ({error})"
        self._send(self._hello)
        await self._listen(self._process)
        return f"ended with code {await self._process.wait()}"

    async def _halt(self) -> None:
        """End the process, listening to its last words, and then whatever would start it again."""
        self._halting = True
        try:
            if self._process is not None and self._process.returncode is None:
                await self._stop(self._process)
            if self._keeper is not None:
                self._keeper.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._keeper
        finally:
            self._halting = False

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        """End the process: in order if it listens, by force while it is still loading and has nothing to lose."""
        if self._ready is not None:
            self._send(Stop())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
        if process.returncode is None:
            process.kill()
            await process.wait()

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
        self._leave_unanswered()
        for job_id in list(self._jobs):
            if job_id in self._cancelling:
                self._end_cancelled(job_id)
                continue
            if (standing := self._standings.get(job_id)) is not None and standing.position == 0:
                self._deaths[job_id] += 1
            if self._deaths[job_id] >= MOST_DEATHS:
                self._pass_on(
                    Failed(
                        job_id,
                        Sentence("The engine stopped {times} times on this; it was given up.", {"times": MOST_DEATHS}),
                    )
                )
            else:
                self._pass_on(Lost(job_id))
        self._standings.clear()

    # ---- what it says ----

    def _take(self, event: Event) -> None:
        match event:
            case Ready():
                self._ready = event
                self._loaded.set()
                self._end_trial(None)
                self._send_left()
                for server in self._paused:
                    self._send(Pause(server, paused=True))
                for job in self._jobs.values():
                    self._send(Add(job))
            case Fatal(message):
                self._give_up(message)
            case Checked(ticket, plan):
                self._answer(ticket, plan)
            case Refused(ticket, message):
                self._answer(ticket, MemberError(message))
            case Inspected(ticket, status):
                self._answer(ticket, status)
            case Standings(jobs):
                self._standings = {standing.job: standing for standing in jobs}
            case Accepted() | Progress() | Preview() | Done() | Failed() | Cancelled() | Lost():
                self._pass_on(event)

    def _give_up(self, message: Sentence) -> None:
        """Note that the engine cannot start as things are, for everybody who waits for it."""
        self._ready = None
        self._fatal = OperatorError(message)
        if not self._end_trial(self._fatal):  # or else the configuration before this one is taken up again
            self._loaded.set()

    def _pass_on(self, event: JobEvent) -> None:
        """Give an event to everybody who watches its job."""
        if isinstance(event, Accepted) and (job := self._jobs.get(event.job)):
            # With every setting written down it stays what it is, whatever another configuration's defaults are.
            self._jobs[event.job] = msgspec.structs.replace(job, recipe=event.plan.recipe)
        if isinstance(event, Progress):
            self._restarts = 0
            self._deaths.pop(event.job, None)
        if isinstance(event, FINAL):
            self._jobs.pop(event.job, None)
            self._cancelling.discard(event.job)
            self._standings.pop(event.job, None)
            self._deaths.pop(event.job, None)
        for mailbox in self._mailboxes.get(event.job, ()):
            mailbox.put(event)
        if isinstance(event, FINAL):
            self._mailboxes.pop(event.job, None)
