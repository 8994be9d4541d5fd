"""Core: jobs in, events out. A toy model stands in, so what is tested is the scheduling."""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from PIL import Image

from engine.backend import Lane
from engine.config import EngineConfig
from engine.core import Core, CoreConfig
from engine.errors import EngineError, PromptError
from engine.messages import Accepted, Cancelled, Done, Event, Failed, Job, Preview, Progress, Standings
from engine.quality import seam
from engine.recipe import Giro, Morph, Recipe, Stage, Zoom
from engine.settings import Overrides, Taste
from engine.spool import Spool
from tests.fakes.toy_backend import ToyBackend

GIRO = Giro(seed=1, stages=(Stage("a road", 6), Stage("a mountain", 6)))
MORPH = Morph(seed=2, source="skunk", target="puppy", frames=5)
ZOOM = Zoom(seed=3, prompt="a street", frames=8)

OneEvent = TypeVar("OneEvent")
MakeCore = Callable[..., tuple[Core, ToyBackend]]


@pytest.fixture
def make_core(tmp_path: Path) -> Iterator[MakeCore]:
    cores: list[Core] = []

    def make(**engine: object) -> tuple[Core, ToyBackend]:
        backend = ToyBackend()
        config = CoreConfig(engine=EngineConfig(gif_side=0, **engine))  # type: ignore[arg-type]
        cores.append(Core(backend, Spool(tmp_path / "spool"), config))
        return cores[-1], backend

    yield make
    for core in cores:
        core.close()


def job(job_id: str, recipe: Recipe, owner: str = "ada", limit_bytes: int = 1_000_000) -> Job:
    return Job(id=job_id, recipe=recipe, owner=owner, limit_bytes=limit_bytes)


def run(core: Core, until: Callable[[list[Event]], bool] = lambda _: False) -> list[Event]:
    """Step until nothing is left to do, or until `until` is satisfied with what has happened."""
    events: list[Event] = []
    while not core.idle and not until(events):
        events += core.step()
    return events


def only(events: list[Event], kind: type[OneEvent], job_id: str | None = None) -> list[OneEvent]:
    return [event for event in events if isinstance(event, kind) and job_id in (None, getattr(event, "job", None))]


def frames_of(gif: bytes) -> list[bytes]:
    with Image.open(BytesIO(gif)) as image:
        frames = []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(image.convert("RGB").tobytes())
    return frames


def test_a_job_becomes_a_gif(make_core: MakeCore) -> None:
    core, _ = make_core()
    core.add(job("one", GIRO))
    events = run(core)
    (done,) = only(events, Done)
    assert len(frames_of(done.gif)) == done.report.frames == 12
    assert (done.report.width, done.report.height, done.report.frame_ms) == (64, 64, 80)
    assert done.report.unet_calls == 4 + 11 * 2
    assert set(done.report.seconds_by_phase) == {"encode", "denoise", "decode", "gif"}
    assert sum(done.report.seconds_by_phase.values()) > 0
    assert done.report.seam == pytest.approx(
        seam(Image.frombytes("RGB", (64, 64), frame) for frame in frames_of(done.gif)), rel=0.05
    )


def test_events_tell_the_story_in_order(make_core: MakeCore) -> None:
    core, _ = make_core(preview_seconds=0.5)
    core.add(job("one", MORPH))
    events = run(core)
    (accepted,) = only(events, Accepted)
    assert (accepted.plan.frames, accepted.plan.model, accepted.frames_done) == (5, "toy", 0)
    progress = only(events, Progress)
    assert [event.frames_done for event in progress] == sorted(event.frames_done for event in progress)
    assert (progress[-1].frames_done, progress[-1].calls_done) == (5, progress[-1].calls)
    assert only(events, Preview)[0].frame == 0
    assert isinstance(events[0], Accepted)
    assert isinstance([event for event in events if not isinstance(event, Standings)][-1], Done)


def test_the_plan_writes_every_setting_down(make_core: MakeCore) -> None:
    core, _ = make_core()
    settings = core.plan(ZOOM).recipe.settings
    assert len(settings.chosen()) == len(Overrides.__struct_fields__)
    assert (settings.size, settings.steps) == (64, 4)


def test_the_admins_settings_lie_over_the_cards_and_the_recipes_over_both(tmp_path: Path) -> None:
    admin = Taste(common=Overrides(steps=9, guidance=2.0))
    core = Core(ToyBackend(), Spool(tmp_path), CoreConfig(render=admin))
    settings = core.plan(Zoom(seed=1, prompt="a", settings=Overrides(guidance=5.0))).recipe.settings
    assert (settings.steps, settings.guidance, settings.size) == (9, 5.0, 64)
    core.close()


def test_jobs_of_several_members_share_every_call(make_core: MakeCore) -> None:
    core, backend = make_core(lanes=3, jobs_at_once=3)
    for number, owner in enumerate(("ada", "bob", "cyd")):
        core.add(job(f"job{number}", MORPH, owner))
    run(core)
    assert all(len(call) == 3 for call in backend.calls)
    assert len(backend.calls) == 4 + 4 * 2


def test_lanes_join_and_leave_between_any_two_steps(make_core: MakeCore) -> None:
    core, backend = make_core(lanes=2, jobs_at_once=2)
    core.add(job("first", MORPH, "ada"))
    run(core, until=lambda _: len(backend.calls) == 2)
    core.add(job("second", MORPH, "bob"))
    run(core)
    assert any(len(set(steps_left)) == 2 for steps_left in backend.calls), "no call had lanes at different steps"


def test_frames_of_different_sizes_never_share_a_call(make_core: MakeCore) -> None:
    core, backend = make_core(lanes=2, jobs_at_once=2)
    core.add(job("small", MORPH, "ada"))
    core.add(job("large", Zoom(seed=1, prompt="a", frames=4, settings=Overrides(size=128)), "bob"))
    assert len(only(run(core), Done)) == 2
    assert {len(call) for call in backend.calls} == {1}  # the toy itself refuses a mixed call


def test_a_job_gives_the_same_gif_alone_and_in_company(make_core: MakeCore, tmp_path: Path) -> None:
    core, _ = make_core(lanes=4)
    core.add(job("alone", GIRO))
    (alone,) = only(run(core), Done)
    for number, recipe in enumerate((MORPH, ZOOM, GIRO)):
        core.add(job(f"job{number}", recipe, owner=f"member{number}"))
    (in_company,) = only(run(core), Done, "job2")
    assert in_company.gif == alone.gif


def test_jobs_beyond_the_slots_wait_and_know_their_place(make_core: MakeCore) -> None:
    core, _ = make_core(jobs_at_once=1)
    for number in range(3):
        core.add(job(f"job{number}", MORPH, owner="ada"))
    (standings,) = only(core.step(), Standings)
    assert [(standing.job, standing.position) for standing in standings.jobs] == [("job0", 0), ("job1", 1), ("job2", 2)]
    done = only(run(core), Done)
    assert [event.job for event in done] == ["job0", "job1", "job2"]


def test_a_known_job_is_not_rendered_twice(make_core: MakeCore) -> None:
    core, backend = make_core()
    core.add(job("one", MORPH))
    core.add(job("one", MORPH))
    assert len(only(run(core), Done)) == 1
    assert sorted(backend.developed) == list(range(5))


def test_after_a_crash_only_missing_frames_are_made(make_core: MakeCore) -> None:
    core, _ = make_core()
    core.add(job("whole", GIRO))
    (undisturbed,) = only(run(core), Done)

    core.add(job("broken", GIRO))
    run(core, until=lambda events: any(event.frames_done >= 5 for event in only(events, Progress)))
    successor, backend = make_core()  # the first core is simply not asked any more: a crash
    core.close()
    successor.add(job("broken", GIRO))
    events = run(successor)
    (accepted,) = only(events, Accepted)
    assert accepted.frames_done >= 5
    assert backend.developed == list(range(accepted.frames_done, 12))
    (done,) = only(events, Done)
    assert done.gif == undisturbed.gif
    assert done.report.seam == undisturbed.report.seam


def test_a_torn_frame_is_made_again(make_core: MakeCore, tmp_path: Path) -> None:
    core, _ = make_core()
    core.add(job("one", MORPH))
    run(core)
    torn = tmp_path / "spool" / "one" / "00004.png"
    torn.write_bytes(torn.read_bytes()[:40])
    core.add(job("one", MORPH))
    (accepted,) = only(events := run(core), Accepted)
    assert accepted.frames_done == 4
    assert len(only(events, Done)) == 1


def test_frames_of_another_recipe_are_not_taken_for_ones_own(make_core: MakeCore) -> None:
    core, _ = make_core()
    core.add(job("one", MORPH))
    run(core)
    core.add(job("one", ZOOM))
    (accepted,) = only(run(core), Accepted)
    assert accepted.frames_done == 0


def test_a_finished_job_can_be_had_smaller_without_rendering(make_core: MakeCore) -> None:
    core, backend = make_core()
    large = msgspec.structs.replace(GIRO, settings=Overrides(size=192))
    core.add(job("one", large))
    (first,) = only(run(core), Done)
    backend.developed.clear()
    limit = len(first.gif) // 2
    core.add(job("one", large, limit_bytes=limit))
    (second,) = only(run(core), Done)
    assert len(second.gif) <= limit
    assert backend.developed == []


def test_an_aborted_job_leaves_at_once_and_takes_its_frames_along(make_core: MakeCore, tmp_path: Path) -> None:
    core, _ = make_core()
    core.add(job("one", GIRO))
    core.add(job("other", MORPH, "bob"))
    run(core, until=lambda events: bool(only(events, Progress, "one")))
    core.abort("one")
    events = run(core)
    assert len(only(events, Cancelled, "one")) == 1
    assert not only(events, Done, "one") and len(only(events, Done, "other")) == 1
    core.close()
    assert not (tmp_path / "spool" / "one").exists()


def test_a_waiting_job_can_be_aborted(make_core: MakeCore) -> None:
    core, _ = make_core(jobs_at_once=1)
    core.add(job("one", MORPH))
    core.add(job("two", MORPH))
    core.abort("two")
    events = run(core)
    assert [event.job for event in only(events, Done)] == ["one"]


def test_a_forgotten_job_leaves_no_frames(make_core: MakeCore, tmp_path: Path) -> None:
    core, _ = make_core()
    core.add(job("one", MORPH))
    run(core)
    core.forget("one")
    core.close()
    assert not (tmp_path / "spool" / "one").exists()


def test_what_the_model_cannot_take_is_refused_before_it_is_queued(make_core: MakeCore) -> None:
    core, _ = make_core()
    unspeakable = Zoom(seed=1, prompt="something unspeakable", frames=4)
    with pytest.raises(PromptError):
        core.plan(unspeakable)
    core.add(job("one", unspeakable))
    (failed,) = only(run(core), Failed)
    assert failed.message == "The model cannot read “unspeakable”."


def test_a_limit_that_nothing_fits_fails_that_job_only(make_core: MakeCore) -> None:
    core, _ = make_core()
    core.add(job("tiny", GIRO, limit_bytes=100))
    core.add(job("other", MORPH, "bob"))
    events = run(core)
    assert [event.job for event in only(events, Failed)] == ["tiny"]
    assert [event.job for event in only(events, Done)] == ["other"]


def test_a_device_that_gives_up_fails_the_jobs_it_worked_on_and_no_others(
    make_core: MakeCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, backend = make_core(lanes=1)
    core.add(job("heavy", Zoom(seed=1, prompt="a", frames=2, settings=Overrides(size=1024))))
    core.add(job("light", MORPH, "bob"))
    work = backend.denoise

    def denoise(lanes: Sequence[Lane], width: int) -> None:
        if lanes[0].shape_key == (1024, 1024):
            raise EngineError("The graphics card has no memory left for this.")
        work(lanes, width)

    monkeypatch.setattr(backend, "denoise", denoise)
    events = run(core)
    assert [event.message for event in only(events, Failed, "heavy")] == [
        "The graphics card has no memory left for this."
    ]
    assert len(only(events, Done, "light")) == 1


def test_pictures_are_held_only_while_a_shot_still_needs_them(make_core: MakeCore) -> None:
    core, _ = make_core()
    core.add(job("long", Zoom(seed=1, prompt="a", frames=120)))
    held = 0
    while not core.idle:
        core.step()
        held = max([held, *(len(production._pictures) for production in core._running.values())])
    assert held <= 2  # the frame before, and the first one for the loop
