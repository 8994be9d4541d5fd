"""One engine process kept running: started, listened to, restarted when it dies, tried with another configuration."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import Protocol

import msgspec

from engine.config import EngineSetup
from engine.environment import limit_thread_spinning
from engine.errors import EngineError, OperatorError, TappaError
from engine.protocol import wire
from engine.protocol.messages import Event, Fatal, Hello, Progress, Ready, Request, Stop
from engine.sentence import Sentence

log = logging.getLogger(__name__)

RESTART_DELAYS = (0.2, 1.0, 5.0, 15.0, 60.0)
"""Seconds before each restart in a row; the first new frame starts the row again."""
MOST_FALSE_STARTS = 5
"""A process that ends this often before its model was loaded will not load it the next time either."""
STOP_SECONDS = 10.0


class ProcessListener(Protocol):
    def on_event(self, event: Event) -> None: ...

    def on_exit(self, *, crashed: bool) -> None:
        """Handle the end of a process that another one follows; `crashed` unless it was stopped to be replaced."""


class EngineSupervisor:
    """Knows the process, its pipes and its configuration, and nothing of jobs; frames are kept in `frame_store`."""

    def __init__(self, setup: EngineSetup, frame_store: Path, listener: ProcessListener) -> None:
        self._hello = Hello(setup=setup, spool=str(frame_store))
        self._listener = listener
        self._process: asyncio.subprocess.Process | None = None
        self._running: asyncio.Task[None] | None = None
        self.ready: Ready | None = None
        self._loaded = asyncio.Event()
        self._fatal: OperatorError | None = None
        self._reconfiguring: asyncio.Future[None] | None = None
        self._reconfigure_lock = asyncio.Lock()
        self._restarts = 0
        self._false_starts = 0
        self._halting = False
        self._closing = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        self._running = asyncio.create_task(self._keep_running(), name="engine supervisor")

    async def wait_ready(self) -> Ready:
        """Wait until the model is loaded; raises OperatorError if it cannot be."""
        await self._loaded.wait()
        if self._fatal is not None:
            raise self._fatal
        assert self.ready is not None  # loaded is set together with one or the other
        return self.ready

    def send(self, message: Request | Hello) -> None:
        """Write to the process; what a dying one misses is sent again after its exit."""
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(wire.pack(message))

    async def close(self) -> None:
        self._closing = True
        self._end_reconfiguring(EngineError("The engine is being stopped."))
        await self._halt()

    # ---- another configuration ----

    async def reconfigure(self, setup: EngineSetup) -> None:
        async with self._reconfigure_lock:
            old, new = self._hello, msgspec.structs.replace(self._hello, setup=setup)
            if new == old:
                return
            try:
                await self._try(new)
            except OperatorError:
                await self._replace_process(old)
                await self.wait_ready()
                raise

    async def _try(self, hello: Hello) -> None:
        """Run a process with `hello` until it is ready; raises OperatorError if it never is, EngineError once closed.

        Only the caller hears of a failure: everybody else waits for a process that works.
        """
        self._reconfiguring = asyncio.get_running_loop().create_future()
        try:
            await self._replace_process(hello)
            await self._reconfiguring
        finally:
            self._reconfiguring = None

    async def _replace_process(self, hello: Hello) -> None:
        await self._halt()
        if self._closing:
            raise EngineError("The engine is being stopped.")
        self.ready = self._fatal = None
        self._loaded.clear()
        self._listener.on_exit(crashed=False)
        self._hello = hello
        self._restarts = self._false_starts = 0
        self.start()

    def _end_reconfiguring(self, error: TappaError | None) -> bool:
        """Report the end of `_try`; return whether anybody waits for it."""
        if self._reconfiguring is None or self._reconfiguring.done():
            return False
        if error is None:
            self._reconfiguring.set_result(None)
        else:
            self._reconfiguring.set_exception(error)
        return True

    # ---- the process ----

    async def _keep_running(self) -> None:
        while not self._closing:
            end = await self._run()
            if self._closing or self._halting or self._fatal is not None:
                return
            log.error("the engine process %s; starting it again", end)
            self._false_starts = 0 if self.ready else self._false_starts + 1
            self.ready = None
            self._listener.on_exit(crashed=True)
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
                env=limit_thread_spinning(os.environ),
            )
        except OSError as error:  # such as no memory left for it, or too many processes
            return f"could not be started ({error})"
        self.send(self._hello)
        await self._listen(self._process)
        return f"ended with code {await self._process.wait()}"

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
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
            self._handle(event)

    def _handle(self, event: Event) -> None:
        match event:
            case Ready():
                self.ready = event
                self._loaded.set()
                self._end_reconfiguring(None)
            case Fatal(message):
                self._give_up(message)
            case Progress():
                self._restarts = 0
        self._listener.on_event(event)

    def _give_up(self, message: Sentence) -> None:
        """Tell whoever waits that the engine cannot start."""
        self.ready = None
        self._fatal = OperatorError(message)
        if not self._end_reconfiguring(self._fatal):  # else the configuration before this one is taken up again
            self._loaded.set()

    async def _halt(self) -> None:
        """End the process, handling its last messages, and the task that would restart it."""
        self._halting = True
        try:
            if self._process is not None and self._process.returncode is None:
                await self._stop(self._process)
            if self._running is not None:
                self._running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._running
        finally:
            self._halting = False

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        """End the process: in order if it listens, by force while it is still loading."""
        if self.ready is not None:
            self.send(Stop())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
        if process.returncode is None:
            process.kill()
            await process.wait()
