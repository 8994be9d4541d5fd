"""Messages on a pipe, between two sides that read differently."""

import asyncio
import io

import msgspec
import pytest

from engine.protocol import wire
from engine.protocol.messages import Accepted, Add, Done, Event, Job, Plan, Progress, Report, Request
from engine.recipe.recipe import Giro, Stage

RECIPE = Giro(seed=1, stages=(Stage("a “road”, ünïted", 5),))
REQUEST = Add(Job(id="one", recipe=RECIPE, owner="ada", limit_bytes=10))
PLAN = Plan(recipe=RECIPE, model="toy", frames=5, unet_calls=50)
REPORT = Report(
    frames=5,
    gif_frames=5,
    seconds=1,
    seconds_by_phase={"gif": 1.0},
    unet_calls=50,
    width=64,
    height=64,
    frame_ms=80,
    seam=0.5,
)
EVENTS = (
    Accepted("one", PLAN, 0),
    Progress(job="one", frames_done=1, frames=5, calls_done=10, calls=50),
    Done("one", bytes(range(256)) * 1000, ".gif", REPORT),
)


def test_requests_reach_the_engine() -> None:
    pipe = io.BytesIO(wire.pack(REQUEST) * 2)
    assert [wire.read(pipe, Request) for _ in range(2)] == [REQUEST, REQUEST]
    with pytest.raises(EOFError):
        wire.read(pipe, Request)


async def test_events_reach_the_bot() -> None:
    pipe = asyncio.StreamReader()
    pipe.feed_data(b"".join(map(wire.pack, EVENTS)))
    pipe.feed_eof()
    assert tuple([await wire.receive(pipe, Event) for _ in EVENTS]) == EVENTS
    with pytest.raises(EOFError):
        await wire.receive(pipe, Event)


def test_a_message_cut_short_is_an_end() -> None:
    with pytest.raises(EOFError):
        wire.read(io.BytesIO(wire.pack(REQUEST)[:-1]), Request)


def test_a_foreign_message_is_no_request() -> None:
    with pytest.raises(msgspec.DecodeError):
        wire.read(io.BytesIO(wire.pack({"type": "Remove", "path": "/"})), Request)


def test_a_job_id_is_safe_as_a_file_name() -> None:
    hostile = msgspec.structs.replace(REQUEST.job, id="../../etc")
    with pytest.raises(msgspec.ValidationError):
        wire.read(io.BytesIO(wire.pack(Add(hostile))), Request)
