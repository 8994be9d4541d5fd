"""The engine process and its client: a real process, the embedded model, real deaths."""

import asyncio
import errno
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import pytest_asyncio

from engine.client.client import EngineClient
from engine.config import EngineConfig, EngineSetup, ModelConfig, NsfwRule
from engine.diffusion.loading.card_file import read_card
from engine.diffusion.loading.source import EMBEDDED
from engine.errors import EngineError, MemberError, OperatorError
from engine.protocol.messages import Accepted, Cancelled, Done, Failed, Job, JobEvent, Lost, Preview, Progress, Ready
from engine.recipe.recipe import Morph, Recipe, Zoom
from engine.recipe.settings import Overrides, SettingsLayer
from studio.config.config import MIB, Config, DeliveryConfig, StorageConfig
from tests.tiny_model import add_tiny_checker, save_tiny_model

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one engine serves most of the tests

MODEL = read_card(EMBEDDED).name
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
    client = EngineClient(CONFIG.engine_setup, spool)
    (spool / "old").mkdir()
    await client.discard(["old"])
    await client.start()
    await client.wait_ready()
    yield client
    await client.close()


def other_setup(**changes: Any) -> EngineSetup:
    return msgspec.structs.replace(CONFIG, **changes).engine_setup


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


async def gone(folder: Path) -> None:
    """Wait until the engine has thrown a folder away."""
    async with asyncio.timeout(20):
        while await asyncio.to_thread(folder.exists):  # noqa: ASYNC110  # the engine tells nobody when it is done
            await asyncio.sleep(0.01)


def kill(engine: EngineClient) -> None:
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)


async def test_a_job_goes_through_the_process(engine: EngineClient) -> None:
    assert engine.ready is not None and engine.ready.model == MODEL
    events = await follow(engine, job("one", MORPH))
    assert isinstance(events[0], Accepted) and isinstance(events[-1], Done)
    assert any(isinstance(event, Preview) for event in events)
    assert events[-1].picture.startswith(b"GIF89a")
    assert events[-1].report.frames == 4, "three, and the one between the ends once more on the way back"


async def test_what_nobody_is_to_have_any_more_leaves_the_disk(engine: EngineClient, spool: Path) -> None:
    await follow(engine, job("finished", MORPH))
    await engine.forget("finished")
    await engine.status()
    assert list((spool / "finished").glob("*.png"))  # others could continue it
    await engine.discard(["finished", "unknown"])
    await gone(spool / "finished")


async def test_what_is_to_be_thrown_away_while_no_engine_runs_waits_for_one(engine: EngineClient, spool: Path) -> None:
    assert engine.ready is not None
    await gone(spool / "old")


async def test_a_recipe_is_checked_without_being_queued(engine: EngineClient) -> None:
    plan = await engine.check(MORPH)
    assert plan.frames == 3
    assert plan.unet_calls == 9 + 8 + 3, "a step for each frame, surveyed ones included"
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
    assert rest[-1].picture == undisturbed.picture


async def test_a_job_cancelled_while_the_engine_dies_does_not_come_back_and_its_frames_go(
    engine: EngineClient, spool: Path
) -> None:
    events = engine.watch("cancelled")
    await engine.add(job("cancelled", LONG))
    await until(events, Progress)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    await engine.cancel("cancelled")
    kill(engine)
    assert isinstance(await until(events, Cancelled), Cancelled)
    await engine.wait_ready()
    assert "cancelled" not in engine.standings
    await gone(spool / "cancelled")


async def test_after_a_death_one_can_wait_for_the_next_engine(engine: EngineClient) -> None:
    dead = engine.pid
    kill(engine)
    while engine.ready is not None:  # noqa: ASYNC110  # the death shows nowhere else when no job is running
        await asyncio.sleep(0.01)
    assert (await engine.check(MORPH)).frames == 3
    assert engine.pid != dead


async def test_a_process_that_never_gets_ready_is_given_up(
    spool: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("engine.client.supervisor.RESTART_DELAYS", (0.0,))
    monkeypatch.setattr("sys.executable", "/bin/false")
    client = EngineClient(CONFIG.engine_setup, spool)
    await client.start()
    with pytest.raises(OperatorError, match="5 times before it was ready"):
        await client.wait_ready()
    await client.close()


def refuse_to_start(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have the machine start no process so many times, and after that as ever."""
    start, refusals = asyncio.create_subprocess_exec, iter(range(times))

    async def refuse(*command: str, **options: Any) -> asyncio.subprocess.Process:
        if next(refusals, None) is None:
            return await start(*command, **options)
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("engine.client.supervisor.RESTART_DELAYS", (0.0,))
    monkeypatch.setattr("asyncio.create_subprocess_exec", refuse)


async def test_a_machine_that_starts_no_process_at_the_moment_is_asked_again(
    spool: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refuse_to_start(monkeypatch, times=3)
    client = EngineClient(CONFIG.engine_setup, spool)
    events = client.watch("patience")
    await client.add(job("patience", MORPH))
    await client.start()
    assert isinstance(await until(events, Done), Done)
    assert caplog.text.count("could not be started") == 3
    await client.close()


async def test_a_machine_that_starts_no_process_at_all_is_given_up(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_start(monkeypatch, times=5)
    client = EngineClient(CONFIG.engine_setup, spool)
    await client.start()
    with pytest.raises(OperatorError, match="5 times before it was ready"):
        await asyncio.wait_for(client.wait_ready(), 10)
    await client.close()


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
    monkeypatch.setattr("engine.client.supervisor.RESTART_DELAYS", (0.0,))
    # Large frames: no frame can be finished between the moment it is known to run and its death.
    deadly = Zoom(seed=1, prompt="a road", frames=2, settings=Overrides(size=512, steps=200))
    events = engine.watch("deadly")
    await engine.add(job("deadly", deadly))
    deaths = 0
    async for event in events:
        if isinstance(event, Accepted):
            while "deadly" not in engine.standings or engine.standings["deadly"].position > 0:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # standings are polled by design
            kill(engine)
            deaths += 1
    assert deaths == 3
    assert isinstance(event, Failed) and "3 times" in str(event.message)


async def test_the_frames_of_a_job_cancelled_while_no_engine_runs_go_as_soon_as_one_does(spool: Path) -> None:
    client = EngineClient(CONFIG.engine_setup, spool)
    (spool / "no-more").mkdir()  # from before a restart of the bot
    events = client.watch("no-more")
    await client.add(job("no-more", MORPH))
    await client.cancel("no-more")
    assert isinstance(await until(events, Cancelled), Cancelled)
    await client.start()
    await client.wait_ready()
    await gone(spool / "no-more")
    await client.close()


async def test_that_a_result_is_safe_is_heard_by_an_engine_that_starts_later(spool: Path) -> None:
    first = EngineClient(CONFIG.engine_setup, spool)
    events = first.watch("done")
    await first.start()
    await first.add(job("done", MORPH))
    await until(events, Done)
    await first.close()  # before the result was delivered
    second = EngineClient(CONFIG.engine_setup, spool)
    await second.forget("done")
    await second.start()
    while not (spool / "done" / "shelved").exists():  # noqa: ASYNC110  # another process writes it
        await asyncio.sleep(0.01)
    await second.close()


async def test_jobs_wait_for_an_engine_that_is_still_starting(spool: Path) -> None:
    client = EngineClient(CONFIG.engine_setup, spool)
    events = client.watch("early")
    await client.add(job("early", MORPH))
    await client.start()
    assert isinstance(await until(events, Done), Done)
    await client.close()


async def test_unfinished_jobs_go_on_in_the_next_engine(spool: Path) -> None:
    recipe = msgspec.structs.replace(LONG, frames=60)
    first = EngineClient(CONFIG.engine_setup, spool)
    events = first.watch("kept")
    await first.start()
    await first.add(job("kept", recipe))
    await until(events, Progress)
    await first.close()
    second = EngineClient(CONFIG.engine_setup, spool)
    events = second.watch("kept")
    await second.start()
    await second.add(job("kept", recipe))
    accepted = await until(events, Accepted)
    assert isinstance(accepted, Accepted) and accepted.frames_done > 0
    assert isinstance(await until(events, Done), Done)
    await second.close()


async def test_a_model_that_cannot_be_loaded_is_one_sentence_for_the_operator(tmp_path: Path) -> None:
    client = EngineClient(other_setup(model=ModelConfig(source=str(tmp_path))), tmp_path / "spool")
    await client.start()
    with pytest.raises(OperatorError, match=r"model_index\.json"):
        await client.wait_ready()
    with pytest.raises(EngineError):
        await client.check(MORPH)
    await client.close()


async def test_the_status_tells_how_it_is_doing(engine: EngineClient) -> None:
    await follow(engine, job("measured", MORPH))
    status = await engine.status()
    assert (status.model, status.device, status.dtype) == (MODEL, "cpu", "float32")
    assert 50 * MIB < status.memory_used < status.memory_total
    assert status.steps_per_second is not None and status.steps_per_second > 0
    assert (status.running, status.waiting, status.held) == (0, 0, 0)


async def test_paused_jobs_wait_even_where_the_engine_dies_meanwhile(engine: EngineClient) -> None:
    await engine.pause("1", paused=True)
    events = engine.watch("paused")
    await engine.add(msgspec.structs.replace(job("paused", MORPH), server="1"))
    await until(events, Accepted)
    kill(engine)
    await until(events, Accepted)
    (*_, other) = await follow(engine, job("beside", MORPH))
    assert isinstance(other, Done)
    assert (await engine.status()).held == 1
    await engine.pause("1", paused=False)
    assert isinstance(await until(events, Done), Done)


async def test_another_configuration_takes_hold_and_unfinished_jobs_go_on_as_they_were_accepted(spool: Path) -> None:
    client = EngineClient(CONFIG.engine_setup, spool)
    await client.start()
    recipe = msgspec.structs.replace(LONG, frames=40)
    (*_, undisturbed) = await follow(client, job("before", recipe))
    events = client.watch("across")
    await client.add(job("across", recipe))
    await until(events, Progress)
    pid = client.pid
    other = other_setup(render=SettingsLayer(common=Overrides(guidance=9.0, frame_ms=500)))
    await client.reconfigure(other)
    assert client.pid != pid and client.ready is not None
    rest = [event async for event in events]
    assert Lost in map(type, rest)
    (accepted,) = [event for event in rest if isinstance(event, Accepted)]
    assert accepted.frames_done >= 1, "finished frames survive"
    assert isinstance(rest[-1], Done) and isinstance(undisturbed, Done)
    assert rest[-1].picture == undisturbed.picture
    assert (await client.check(MORPH)).recipe.settings.frame_ms == 500
    await client.close()


async def test_the_same_configuration_disturbs_nobody(engine: EngineClient) -> None:
    pid = engine.pid
    await engine.reconfigure(other_setup(delivery=DeliveryConfig(edit_seconds=10)))
    assert engine.pid == pid and engine.ready is not None


async def test_a_configuration_that_the_engine_refuses_goes_back_to_the_one_before(
    engine: EngineClient, tmp_path: Path
) -> None:
    events = engine.watch("patient")
    await engine.add(job("patient", msgspec.structs.replace(LONG, frames=40)))
    await until(events, Progress)
    outsider = asyncio.create_task(wait_for_next(engine))
    with pytest.raises(OperatorError, match=r"model_index\.json"):
        await engine.reconfigure(other_setup(model=ModelConfig(source=str(tmp_path))))
    assert engine.ready is not None and engine.ready.model == MODEL
    assert (await outsider).model == MODEL, "who merely waits never hears of the attempt"
    assert isinstance(await until(events, Done), Done)


async def wait_for_next(engine: EngineClient) -> Ready:
    """Wait as the bot does: until the engine that runs now is gone and another is there."""
    while engine.ready is not None:  # noqa: ASYNC110  # nothing else tells that it has gone
        await asyncio.sleep(0.01)
    return await engine.wait_ready()


async def test_a_job_cancelled_while_the_configuration_changes_does_not_come_back_and_its_frames_go(
    engine: EngineClient, spool: Path
) -> None:
    events = engine.watch("dropped")
    await engine.add(job("dropped", LONG))
    await until(events, Progress)
    change = asyncio.create_task(
        engine.reconfigure(other_setup(engine=msgspec.structs.replace(CONFIG.engine, lanes=1)))
    )
    while engine.ready is not None:  # noqa: ASYNC110  # nothing else tells that it has gone
        await asyncio.sleep(0.01)
    await engine.cancel("dropped")
    assert isinstance(await until(events, Cancelled), Cancelled)
    await change
    assert "dropped" not in engine.standings
    await gone(spool / "dropped")
    await engine.reconfigure(CONFIG.engine_setup)


async def test_the_frames_of_a_job_whose_process_is_ended_before_it_hears_of_the_cancelling_go(
    engine: EngineClient, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.client.supervisor.STOP_SECONDS", 0.1)
    events = engine.watch("unheard")
    await engine.add(job("unheard", LONG))
    await until(events, Progress)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    await engine.cancel("unheard")
    await engine.reconfigure(other_setup(engine=msgspec.structs.replace(CONFIG.engine, lanes=1)))
    assert isinstance(await until(events, Cancelled), Cancelled)
    await gone(spool / "unheard")
    monkeypatch.undo()
    await engine.reconfigure(CONFIG.engine_setup)


async def test_a_client_that_is_closed_leaves_no_process_behind_in_the_middle_of_a_change(spool: Path) -> None:
    client = EngineClient(CONFIG.engine_setup, spool)
    await client.start()
    await client.wait_ready()
    other = other_setup(engine=msgspec.structs.replace(CONFIG.engine, lanes=1))
    change = asyncio.create_task(client.reconfigure(other))
    while client.ready is not None:  # noqa: ASYNC110  # nothing else tells that it has gone
        await asyncio.sleep(0.01)
    await client.close()
    with pytest.raises(EngineError, match="stopped"):
        await change
    assert client._supervisor._process is not None and client._supervisor._process.returncode is not None


async def test_a_model_with_a_safety_checker_is_judged_by_it(spool: Path, tmp_path: Path) -> None:
    model = add_tiny_checker(save_tiny_model(tmp_path / "guarded"), threshold=-2)  # it objects to everything
    config = msgspec.structs.replace(CONFIG, model=ModelConfig(source=str(model), device="cpu"))
    client = EngineClient(config.engine_setup, spool)
    await client.start()
    assert (await client.wait_ready()).judges
    morph = msgspec.structs.replace(MORPH, settings=Overrides(size=64, steps=3))  # this one has no schedule of one step
    results = {}
    for rule in get_args(NsfwRule):
        *_, results[rule] = await follow(client, msgspec.structs.replace(job(rule, morph), nsfw=rule))
    await client.close()
    blurred, refused, allowed = (results[rule] for rule in ("blur", "refuse", "allow"))
    assert isinstance(blurred, Done) and blurred.report.flagged == 3
    assert isinstance(refused, Failed) and "safety checker" in str(refused.message)
    assert isinstance(allowed, Done) and allowed.report.flagged == 0
    assert allowed.picture != blurred.picture


async def test_the_engine_ends_when_the_bot_is_gone(engine: EngineClient) -> None:
    process = engine._supervisor._process
    assert process is not None and process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 30) == 0
