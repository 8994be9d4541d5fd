"""The engine's process: drains the inbox, steps the core, sends events; blocks only when idle; dies loudly.

Started by `engine.client` as `python -m engine.process` in a fresh interpreter, it speaks `engine.wire` on its standard
input and output. Whatever a library prints goes to standard error instead. When the input ends, the bot has gone, and
so does the engine: no orphan keeps a GPU busy. Torch is imported here and nowhere on the bot's side.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from engine import wire
from engine.core import Core, CoreConfig
from engine.errors import MemberError, OperatorError, describe
from engine.messages import Add, Cancel, Check, Checked, Event, Fatal, Forget, Hello, Ready, Refused, Request, Stop
from engine.spool import Spool

NICENESS = 5
"""The engine gives way to the bot on a busy CPU: Discord wants an answer within three seconds."""


class Inbox:
    """Requests, read on a thread of its own so that a long step delays nobody's message for longer than itself."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    def take(self, *, block: bool) -> list[Request]:
        """Return what has come in; with `block`, wait until there is something."""
        requests = [self._requests.get()] if block else []
        with contextlib.suppress(queue.Empty):
            while True:
                requests.append(self._requests.get_nowait())
        return requests

    def _read(self) -> None:
        try:
            while True:
                self._requests.put(wire.read(self._pipe, Request))  # type: ignore[arg-type]  # a union of structs
        except EOFError:
            pass  # the ordinary end: the bot closed its side
        finally:
            self._requests.put(Stop())


class Outbox:
    """Events, written in order and at once."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    def send(self, event: Event) -> None:
        """Send one event.

        Raises:
            BrokenPipeError: the bot has gone.
        """
        self._pipe.write(wire.pack(event))
        self._pipe.flush()


def serve(core: Core, inbox: Inbox, outbox: Outbox) -> None:
    """Work until told to stop."""
    while True:
        for request in inbox.take(block=core.idle):
            if isinstance(request, Stop):
                return
            if (answer := handle(core, request)) is not None:
                outbox.send(answer)
        for event in core.step():
            outbox.send(event)


def handle(core: Core, request: Request) -> Event | None:
    """Pass one request on to the core; return the answer, if it is one that is answered at once."""
    match request:
        case Check(ticket, recipe):
            try:
                return Checked(ticket, core.plan(recipe))
            except MemberError as error:
                return Refused(ticket, describe(error))
        case Add(job):
            core.add(job)
        case Cancel(job_id):
            core.abort(job_id)
        case Forget(job_id):
            core.forget(job_id)
    return None


def build_core(hello: Hello) -> tuple[Core, Ready]:
    """Load the model and everything around it.

    Raises:
        OperatorError: the model or the spool cannot be used as configured.
    """
    from engine.diffusion.loading import load_backend  # torch: only here, and only once the pipes stand

    backend = load_backend(hello.model, threads=hello.engine.threads)
    try:
        spool = Spool(Path(hello.spool))
        spool.prune(hello.keep_days)
    except OSError as error:
        raise OperatorError(f"{hello.spool}: frames cannot be kept there ({error}).") from None
    core = Core(backend, spool, CoreConfig(engine=hello.engine, render=hello.render))
    return core, Ready(backend.name, backend.card, backend.device, backend.dtype)


def main() -> int:
    """Run an engine on this process's pipes; return its exit code."""
    pipe_in, pipe_out = _claim_pipes()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="engine: %(levelname)s %(name)s: %(message)s")
    hello = wire.read(pipe_in, Hello)
    outbox = Outbox(pipe_out)
    with contextlib.suppress(OSError, AttributeError):  # not every platform knows niceness
        os.nice(NICENESS)
    try:
        core, ready = build_core(hello)
    except OperatorError as error:
        outbox.send(Fatal(describe(error)))
        return 2
    outbox.send(ready)
    try:
        serve(core, Inbox(pipe_in), outbox)
    except BrokenPipeError:
        return 0
    finally:
        core.close()
    return 0


def _claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for messages; what anybody prints goes to standard error."""
    pipe_in = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    pipe_out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe_in, pipe_out


if __name__ == "__main__":
    sys.exit(main())
