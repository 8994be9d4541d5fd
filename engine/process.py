"""The engine's process: reads requests, steps the core, sends events; blocks only when idle.

The client starts it as `python -m engine.process` in a fresh interpreter; it speaks `engine.protocol.wire` on standard
input and output, and whatever a library prints goes to standard error. It ends with its input, so that no orphan keeps
a GPU busy. Torch is imported here and nowhere on the bot's side.
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
from engine.environment import shorten_thread_turns
from engine.errors import ConfigError, MemberError, OperatorError, RecipeError, describe
from engine.frames.frame_store import FrameStore
from engine.protocol import messages, wire
from engine.recipe.recipe import Giro, Morph, Recipe, Stage, Zoom

GIB = 1024**3
NICENESS = 5
"""On a busy CPU the bot goes first: Discord wants an answer within three seconds."""


class Inbox:
    """Requests, read on their own thread, so that they wait for one step at most."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._requests: queue.SimpleQueue[messages.Request] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    def take(self, *, block: bool) -> list[messages.Request]:
        """Return what has come in; with `block`, wait until there is something."""
        requests = [self._requests.get()] if block else []
        with contextlib.suppress(queue.Empty):
            while True:
                requests.append(self._requests.get_nowait())
        return requests

    def _read(self) -> None:
        try:
            while True:
                self._requests.put(wire.read(self._pipe, messages.Request))  # type: ignore[arg-type]  # a union of structs
        except EOFError:
            pass  # the ordinary end: the bot closed its side
        finally:
            self._requests.put(messages.Stop())


def send(pipe: BinaryIO, event: messages.Event) -> None:
    """Send one event at once; raises BrokenPipeError if the bot has gone."""
    pipe.write(wire.pack(event))
    pipe.flush()


def serve(core: Core, inbox: Inbox, pipe: BinaryIO) -> None:
    while True:
        for request in inbox.take(block=core.idle):
            if isinstance(request, messages.Stop):
                return
            if (answer := answer_request(core, request)) is not None:
                send(pipe, answer)
        for event in core.step():
            send(pipe, event)


def answer_request(core: Core, request: messages.Request) -> messages.Event | None:
    match request:
        case messages.Check(ticket, recipe, base, ceiling):
            try:
                return messages.Checked(ticket, core.plan(recipe, base, ceiling))
            except MemberError as error:
                return messages.Refused(ticket, describe(error))
        case messages.Add(job):
            core.add(job)
        case messages.Cancel(job_id):
            core.cancel(job_id)
        case messages.Forget(job_id):
            core.forget(job_id)
        case messages.Discard(job_id):
            core.discard(job_id)
        case messages.Pause(server, paused):
            core.pause(server, paused=paused)
        case messages.StatusRequest(ticket):
            return messages.StatusReply(ticket, core.status())
    return None


def build_core(hello: messages.Hello) -> tuple[Core, messages.Ready]:
    """Load the model and open the frame store; raises OperatorError if either cannot be used as configured."""
    from engine.diffusion.loader import load_backend  # torch: only here, and only once the pipes are claimed

    folder, setup, config = Path(hello.spool), hello.setup, hello.setup.engine
    backend = load_backend(
        setup.model,
        threads=config.threads,
        flexible=config.share_cores and not config.fixed_width,
        safety_checker=True,
        calibrations=folder,
        lanes=config.lanes,
    )
    try:
        frame_store = FrameStore(folder, keep_bytes=int(setup.frames_gib * GIB))
        frame_store.prune(setup.keep_days)
        frame_store.make_room()
    except OSError as error:
        raise OperatorError("{spool}: frames cannot be kept there ({error}).", spool=hello.spool, error=error) from None
    core = Core(backend, frame_store, CoreConfig(engine=config, render=setup.render))
    require_defaults(core)
    return core, messages.Ready(backend.name, backend.card, backend.device, backend.dtype, backend.judges)


def require_defaults(core: Core) -> None:
    """Raise ConfigError if recipes without settings of their own cannot be rendered as configured."""
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
            pass  # such as words that a small model does not know


def main() -> int:
    """Run an engine on this process's pipes; return its exit code."""
    pipe_in, pipe_out = _claim_pipes()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="engine: %(levelname)s %(name)s: %(message)s")
    hello = wire.read(pipe_in, messages.Hello)
    shorten_thread_turns()
    with contextlib.suppress(OSError, AttributeError):  # not every platform knows niceness
        os.nice(NICENESS)
    try:
        core, ready = build_core(hello)
    except OperatorError as error:
        send(pipe_out, messages.Fatal(describe(error)))
        return 2
    send(pipe_out, ready)
    with contextlib.closing(core), contextlib.suppress(BrokenPipeError):
        serve(core, Inbox(pipe_in), pipe_out)
    return 0


def _claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for messages; whatever is printed from now on goes to standard error."""
    pipe_in = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    pipe_out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe_in, pipe_out


if __name__ == "__main__":
    sys.exit(main())
