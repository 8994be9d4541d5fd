"""The engine process and its client: a real process, the embedded model, real deaths."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from engine.client import EngineClient
from engine.config import Config, EngineConfig, ModelConfig, StorageConfig
from engine.errors import EngineError, MemberError, OperatorError
from engine.messages import Accepted, Cancelled, Done, Failed, Job, JobEvent, Lost, Preview, Progress
from engine.recipe import Morph, Recipe, Zoom
from engine.settings import Overrides

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one engine serves most of the tests

QUICK = Overrides(size=64, steps=2)
MORPH = Morph(seed=4, source="skunk", target="puppy", frames=3, settings=QUICK)
LONG = Zoom(seed=4, prompt="a road by the sea", frames=400, settings=Overrides(size=64, steps=1))

CONFIG = Config(
    model=ModelConfig(device="cpu"),
    engine=EngineConfig(threads=1, lanes=2, fixed_width=False, preview_seconds=0.5),
    storage=StorageConfig(keep_days=1),
)


@pytest.fixture(scope="module")
def spool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(spool: Path) -> AsyncIterator[EngineClient]:
    client = EngineClient(CONFIG, spool)
    await client.start()
    await client.wait_ready()
    yield client
    await client.close()


def job(job_id: str, recipe: Recipe) -> Job:
    return Job(id=job_id, recipe=recipe, owner="ada", limit_bytes=1_000_000)


async def follow(engine: EngineClient, a_job: Job) -> list[JobEvent]:
    events = engine.watch(a_job.id)
    await engine.add(a_job)
    return [event async for event in events]


async def until(events: AsyncIterator[JobEvent], kind: type[JobEvent]) -> JobEvent:
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"the job ended without {kind.__name__}")


def kill(engine: EngineClient) -> None:
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)


async def test_a_job_goes_through_the_process(engine: EngineClient) -> None:
    assert engine.ready is not None and engine.ready.model == "tappa-embedded-1"
    events = await follow(engine, job("one", MORPH))
    assert isinstance(events[0], Accepted) and isinstance(events[-1], Done)
    assert any(isinstance(event, Preview) for event in events)
    assert events[-1].gif.startswith(b"GIF89a")
    assert events[-1].report.frames == 3


async def test_a_recipe_is_checked_without_being_queued(engine: EngineClient) -> None:
    plan = await engine.check(MORPH)
    assert (plan.frames, plan.unet_calls) == (3, 2 + 1 + 1)
    with pytest.raises(MemberError, match="tokens"):
        await engine.check(msgspec.structs.replace(MORPH, source="龙" * 60))
    assert not engine.standings


async def test_a_job_can_be_cancelled(engine: EngineClient, spool: Path) -> None:
    events = engine.watch("long")
    await engine.add(job("long", LONG))
    await until(events, Progress)
    await engine.cancel("long")
    assert isinstance(await until(events, Cancelled), Cancelled)


async def test_leaving_a_watch_does_not_cancel_the_job(engine: EngineClient) -> None:
    events = engine.watch("left")
    await engine.add(job("left", msgspec.structs.replace(MORPH, frames=6)))
    await until(events, Accepted)
    await events.aclose()  # type: ignore[attr-defined]
    again = engine.watch("left")
    assert isinstance(await until(again, Done), Done)


async def test_a_killed_engine_is_started_again_and_the_job_completes(engine: EngineClient) -> None:
    recipe = msgspec.structs.replace(LONG, frames=40)
    (*_, undisturbed) = await follow(engine, job("whole", recipe))
    events = engine.watch("broken")
    await engine.add(job("broken", recipe))
    await until(events, Progress)
    first_pid = engine.pid
    kill(engine)
    rest = [event async for event in events]
    kinds = [type(event) for event in rest]
    assert Lost in kinds and engine.pid != first_pid
    (accepted,) = [event for event in rest if isinstance(event, Accepted)]
    assert accepted.frames_done >= 1, "finished frames survive"
    assert isinstance(rest[-1], Done) and isinstance(undisturbed, Done)
    assert rest[-1].gif == undisturbed.gif


async def test_a_check_that_the_engine_dies_under_is_answered(engine: EngineClient) -> None:
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    question = asyncio.create_task(engine.check(MORPH))
    await asyncio.sleep(0)
    kill(engine)
    with pytest.raises(EngineError, match="try again"):
        await question


async def test_a_job_that_keeps_killing_the_engine_is_given_up(
    engine: EngineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.client.RESTART_DELAYS", (0.0,))
    # Large frames: no frame can be finished between the moment it is known to run and its death.
    deadly = Zoom(seed=1, prompt="a road", frames=2, settings=Overrides(size=512, steps=200))
    events = engine.watch("deadly")
    await engine.add(job("deadly", deadly))
    deaths = 0
    async for event in events:
        if isinstance(event, Accepted):
            while "deadly" not in engine.standings:  # noqa: ASYNC110  # standings are polled by design
                await asyncio.sleep(0.01)
            kill(engine)
            deaths += 1
    assert deaths == 3
    assert isinstance(event, Failed) and "3 times" in event.message


async def test_jobs_wait_for_an_engine_that_is_still_starting(spool: Path) -> None:
    client = EngineClient(CONFIG, spool)
    events = client.watch("early")
    await client.add(job("early", MORPH))
    await client.start()
    assert isinstance(await until(events, Done), Done)
    await client.close()


async def test_unfinished_jobs_go_on_in_the_next_engine(spool: Path) -> None:
    recipe = msgspec.structs.replace(LONG, frames=60)
    first = EngineClient(CONFIG, spool)
    events = first.watch("kept")
    await first.start()
    await first.add(job("kept", recipe))
    await until(events, Progress)
    await first.close()
    second = EngineClient(CONFIG, spool)
    events = second.watch("kept")
    await second.start()
    await second.add(job("kept", recipe))
    accepted = await until(events, Accepted)
    assert isinstance(accepted, Accepted) and accepted.frames_done > 0
    assert isinstance(await until(events, Done), Done)
    await second.close()


async def test_a_model_that_cannot_be_loaded_is_one_sentence_for_the_operator(tmp_path: Path) -> None:
    client = EngineClient(msgspec.structs.replace(CONFIG, model=ModelConfig(source=str(tmp_path))), tmp_path / "spool")
    await client.start()
    with pytest.raises(OperatorError, match=r"model_index\.json"):
        await client.wait_ready()
    with pytest.raises(EngineError):
        await client.check(MORPH)
    await client.close()


async def test_the_engine_ends_when_the_bot_is_gone(engine: EngineClient) -> None:
    process = engine._process
    assert process is not None and process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 30) == 0
