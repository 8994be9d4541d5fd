"""The engine's process: drains the inbox, steps the core, sends events; blocks only when idle; dies loudly.

The client starts it as `python -m engine.process` in a fresh interpreter; it speaks `engine.protocol.wire` on standard
input and output, and whatever a library prints goes to standard error. When its input ends the bot is gone, and it ends
too: no orphan keeps a GPU busy. Torch is imported here and nowhere on the bot's side.
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

from engine.core.core import Core, CoreConfig
from engine.environment import take_short_turns
from engine.errors import ConfigError, MemberError, OperatorError, RecipeError, describe
from engine.frames.frame_store import FrameStore
from engine.protocol import wire
from engine.protocol.messages import (
    Add,
    Cancel,
    Check,
    Checked,
    Discard,
    Event,
    Fatal,
    Forget,
    Hello,
    Inspect,
    Inspected,
    Pause,
    Ready,
    Refused,
    Request,
    Stop,
)
from engine.recipe.recipe import Giro, Morph, Recipe, Stage, Zoom

GIB = 1024**3
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
        case Check(ticket, recipe, base, ceiling):
            try:
                return Checked(ticket, core.plan(recipe, base, ceiling))
            except MemberError as error:
                return Refused(ticket, describe(error))
        case Add(job):
            core.add(job)
        case Cancel(job_id):
            core.abort(job_id)
        case Forget(job_id):
            core.forget(job_id)
        case Discard(job_id):
            core.discard(job_id)
        case Pause(server, paused):
            core.pause(server, paused=paused)
        case Inspect(ticket):
            return Inspected(ticket, core.status())
    return None


def build_core(hello: Hello) -> tuple[Core, Ready]:
    """Load the model and everything around it.

    Raises:
        OperatorError: the model or the spool cannot be used as configured.
    """
    from engine.diffusion.loader import load_backend  # torch: only here, and only once the pipes stand

    folder = Path(hello.spool)
    backend = load_backend(
        hello.setup.model,
        threads=hello.setup.engine.threads,
        flexible=hello.setup.engine.share_cores and not hello.setup.engine.fixed_width,
        guard=True,
        calibrations=folder,
        lanes=hello.setup.engine.lanes,
    )
    try:
        spool = FrameStore(folder, keep_bytes=int(hello.setup.frames_gib * GIB))
        spool.prune(hello.setup.keep_days)
        spool.make_room()
    except OSError as error:
        raise OperatorError("{spool}: frames cannot be kept there ({error}).", spool=hello.spool, error=error) from None
    core = Core(backend, spool, CoreConfig(engine=hello.setup.engine, render=hello.setup.render))
    require_defaults(core)
    return core, Ready(backend.name, backend.card, backend.device, backend.dtype, backend.judges)


def require_defaults(core: Core) -> None:
    """See that what an admin has configured can be rendered where a member leaves it at that.

    Raises:
        ConfigError: [render] and the model do not go together.
    """
    recipes: dict[str, Recipe] = {
        "giro": Giro(seed=0, stages=(Stage("a road", 2),)),
        "morph": Morph(seed=0, source="road", target="sea", frames=2),
        "zoom": Zoom(seed=0, prompt="a road", frames=2),
    }
    for kind, recipe in recipes.items():
        try:
            core.plan(recipe)
        except RecipeError as error:
            raise ConfigError(
                "[render] and this model do not go together, as a {kind} shows: {fault}", kind=kind, fault=error
            ) from None
        except MemberError:
            pass  # a model of a small world knows other words


def main() -> int:
    """Run an engine on this process's pipes; return its exit code."""
    pipe_in, pipe_out = _claim_pipes()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="engine: %(levelname)s %(name)s: %(message)s")
    hello = wire.read(pipe_in, Hello)
    take_short_turns()
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
