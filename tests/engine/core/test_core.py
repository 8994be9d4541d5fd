"""Core: jobs in, events out. A toy model stands in, so what is tested is the scheduling."""

import threading
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from engine.backend import Lane, ShotRequest
from engine.config import EngineConfig
from engine.core import planned_job, scheduling
from engine.core.core import Core, CoreConfig
from engine.core.render_job import RenderJob
from engine.errors import EngineError, PromptError
from engine.frames.assembler import FinishedFrame
from engine.frames.frame_store import FrameStore
from engine.frames.preview import make_preview
from engine.frames.seam import measure_seam
from engine.protocol.messages import Accepted, Cancelled, Done, Event, Failed, Job, Preview, Progress, Standings
from engine.recipe.ceiling import Ceiling
from engine.recipe.edits import extend_giro, make_variations, pick_variation
from engine.recipe.recipe import Giro, Mode, Morph, Recipe, Stage, Zoom, kind_of
from engine.recipe.settings import Overrides, Settings, SettingsLayer
from engine.storyboard.builder import build_storyboard
from engine.storyboard.camera_motion import FOCUS_FRAMES
from engine.storyboard.shot import HIDDEN
from engine.storyboard.storyboard import Storyboard
from tests.fakes.toy_backend import ToyBackend, ToyLane

GIRO = Giro(seed=1, stages=(Stage("a road", 6), Stage("a mountain", 6)))
CHAIN = Overrides(morphing="feedback")
MORPH = Morph(seed=2, source="skunk", target="puppy", frames=5, loop="none", settings=CHAIN)
ZOOM = Zoom(seed=3, prompt="a street", frames=8)

OneEvent = TypeVar("OneEvent")
MakeCore = Callable[..., tuple[Core, ToyBackend]]


@pytest.fixture
def make_core(tmp_path: Path) -> Iterator[MakeCore]:
    cores: list[Core] = []

    def make(**engine: object) -> tuple[Core, ToyBackend]:
        backend = ToyBackend()
        keep = engine.pop("keep_bytes", 0)
        config = CoreConfig(engine=EngineConfig(gif_side=0, **engine))  # type: ignore[arg-type]
        cores.append(Core(backend, FrameStore(tmp_path / "spool", keep_bytes=keep), config))  # type: ignore[arg-type]
        return cores[-1], backend

    yield make
    for core in cores:
        core.close()


def job(job_id: str, recipe: Recipe, owner: str = "ada", limit_bytes: int = 1_000_000, **more: object) -> Job:
    return Job(id=job_id, recipe=recipe, owner=owner, limit_bytes=limit_bytes, **more)  # type: ignore[arg-type]


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
    assert len(frames_of(done.picture)) == done.report.frames == 12
    assert (done.report.width, done.report.height, done.report.frame_ms) == (64, 64, 80)
    assert done.report.unet_calls == 4 + 8 * 2 + 3 + 4  # those that close the loop take a step less; 4 for a key frame
    assert set(done.report.seconds_by_phase) == {"encode", "denoise", "decode", "gif"}
    assert sum(done.report.seconds_by_phase.values()) > 0
    assert done.report.seam == pytest.approx(
        measure_seam(Image.frombytes("RGB", (64, 64), frame) for frame in frames_of(done.picture)), rel=0.05
    )


@pytest.mark.parametrize("mode", ["chain", "parallel"])
def test_a_giro_with_key_frames_shows_its_stages_alone(make_core: MakeCore, mode: Mode) -> None:
    core, backend = make_core(lanes=4)
    steady = Overrides(colour_anchor=0.5, crossfade=2, steering=0.3)
    core.add(job("one", msgspec.structs.replace(GIRO, mode=mode, settings=steady)))
    (done,) = only(run(core), Done)
    assert len(frames_of(done.picture)) == done.report.frames == 12
    led = {"chain": 3, "parallel": 4}[mode]  # to frame 0, or to the next stage: these take a step less
    assert done.report.unet_calls == 2 * 4 + 11 * 2 - led
    one_after_another = {"chain": 4 + 11 * 2 - 3, "parallel": 4 + 6 * 2 - 3}
    assert len(backend.calls) == one_after_another[mode]


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
    assert len(settings.as_dict()) == len(Overrides.__struct_fields__)
    assert (settings.size, settings.steps) == (64, 4)


def test_the_admins_settings_lie_over_the_cards_and_the_recipes_over_both(tmp_path: Path) -> None:
    admin = SettingsLayer(common=Overrides(steps=9, guidance=2.0))
    core = Core(ToyBackend(), FrameStore(tmp_path), CoreConfig(render=admin))
    settings = core.plan(Zoom(seed=1, prompt="a", settings=Overrides(guidance=5.0))).recipe.settings
    assert (settings.steps, settings.guidance, settings.size) == (9, 5.0, 64)
    core.close()


@pytest.mark.parametrize(
    "recipe", [ZOOM, MORPH, make_variations(ZOOM, (1, 2, 3, 4))], ids=lambda recipe: kind_of(recipe)
)
def test_nothing_is_rendered_above_a_jobs_ceiling_whoever_chose_the_settings(
    make_core: MakeCore, monkeypatch: pytest.MonkeyPatch, recipe: Recipe
) -> None:
    core, backend = make_core()
    requests: list[ShotRequest] = []
    real = backend.open
    monkeypatch.setattr(backend, "open", lambda asked: requests.extend(asked) or real(asked))
    low = Ceiling(size=32, steps=2)
    core.add(job("low", recipe, ceiling=low))
    events = run(core)
    assert {(request.width, request.height) for request in requests} == {(32, 32)}
    assert {request.shot.steps for request in requests} == {2}
    (accepted,) = only(events, Accepted)
    assert [note.values for note in accepted.plan.notes] == [{"size": 64, "limit": 32}, {"steps": 4, "limit": 2}]
    assert core.plan(recipe, ceiling=low) == accepted.plan
    assert core.plan(accepted.plan.recipe, ceiling=low).notes == (), "one that is added again is told nothing twice"


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
    assert in_company.picture == alone.picture


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
    assert done.picture == undisturbed.picture
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


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("index", [0, 5, 11])
def test_a_frame_that_was_damaged_in_the_middle_is_made_again(make_core: MakeCore, tmp_path: Path, index: int) -> None:
    core, backend = make_core()
    core.add(job("one", GIRO))
    (undisturbed,) = only(run(core), Done)
    backend.developed.clear()
    damage(tmp_path / "spool" / "one" / f"{index:05d}.png")
    core.add(job("one", GIRO))
    (accepted,) = only(events := run(core), Accepted)
    assert accepted.frames_done == 11
    assert backend.developed == [index]
    assert only(events, Done)[0].picture == undisturbed.picture


class Gate:
    """A disk on which frames are verified only as soon as it is opened, at the latest after a minute."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = threading.Event()
        self.asked = threading.Event()
        self.verified = 0
        verify = PngImageFile.verify

        def slow(image: PngImageFile) -> None:
            self.asked.set()
            self.opened.wait(60)
            self.opened.set()
            self.verified += 1
            verify(image)

        monkeypatch.setattr(PngImageFile, "verify", slow)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    yield gate
    gate.opened.set()


def test_no_step_and_no_question_waits_for_frames_to_be_verified(make_core: MakeCore, gate: Gate) -> None:
    core, _ = make_core()
    core.add(job("before", GIRO))
    (undisturbed,) = only(run(core), Done)
    core.close()
    successor, backend = make_core(jobs_at_once=4)
    successor.add(job("before", GIRO))
    successor.add(job("longer", extend_giro(GIRO, Stage("a town", 5)), base="before"))
    successor.step()
    assert gate.asked.wait(60)
    for _ in range(3):
        successor.step()
        successor.plan(ZOOM)
    assert gate.verified == 0, "nobody has waited for the disk"
    assert backend.developed == [], "nothing is rendered on top of what was not verified"
    assert not successor.idle
    gate.opened.set()
    dones = only(run(successor), Done)
    assert [done.picture for done in dones if done.job == "before"] == [undisturbed.picture]
    assert len(dones) == 2


def test_jobs_are_let_in_in_their_order_however_long_they_are_verified(make_core: MakeCore, gate: Gate) -> None:
    core, _ = make_core()
    core.add(job("first", GIRO))
    run(core, until=lambda events: any(event.frames_done >= 5 for event in only(events, Progress)))
    core.close()
    successor, backend = make_core(jobs_at_once=1)
    successor.add(job("first", GIRO))
    successor.add(job("second", ZOOM))
    for _ in range(5):
        events = successor.step()
    assert backend.developed == []
    gate.opened.set()
    assert [done.job for done in only([*events, *run(successor)], Done)] == ["first", "second"]


def test_a_job_is_told_where_it_stands_while_its_frames_are_verified(make_core: MakeCore, gate: Gate) -> None:
    core, _ = make_core()
    core.add(job("one", GIRO))
    run(core)
    core.add(job("one", GIRO))
    (standings,) = only(core.step(), Standings)
    assert [standing.job for standing in standings.jobs] == ["one"]
    gate.opened.set()


def test_what_is_cancelled_while_it_is_verified_leaves_nothing(make_core: MakeCore, gate: Gate, tmp_path: Path) -> None:
    core, backend = make_core()
    core.add(job("one", GIRO))
    run(core)
    core.add(job("one", GIRO))
    core.step()
    assert gate.asked.wait(60)
    core.cancel("one")
    backend.developed.clear()
    gate.opened.set()
    events = run(core)
    assert len(only(events, Cancelled, "one")) == 1
    assert only(events, Accepted) == [] and backend.developed == []
    core.close()
    assert list((tmp_path / "spool").iterdir()) == []


def test_held_jobs_are_verified_too_and_nothing_begins(make_core: MakeCore) -> None:
    core, backend = make_core()
    core.add(job("one", GIRO))
    run(core, until=lambda events: any(event.frames_done >= 5 for event in only(events, Progress)))
    core.close()
    successor, backend = make_core()
    successor.pause(None, paused=True)
    successor.add(job("one", GIRO))
    (accepted,) = only(run(successor), Accepted)
    assert accepted.frames_done >= 5
    assert backend.developed == []


def test_an_extension_makes_a_damaged_frame_of_its_base_again(make_core: MakeCore, tmp_path: Path) -> None:
    core, backend = make_core(keep_bytes=10_000_000)
    before = msgspec.structs.replace(GIRO, loop=False)
    after = extend_giro(before, Stage("a town", 5))
    undamaged = finished(core, job("from-nothing", after))
    finished(core, job("before", before))
    core.close()
    damage(tmp_path / "spool" / "before" / "00003.png")
    successor, backend = make_core(keep_bytes=10_000_000)
    successor.add(job("after", after, base="before"))
    (done,) = only(events := run(successor), Done)
    assert (only(events, Accepted)[0].plan.inherited, done.picture) == (11, undamaged.picture)
    assert sorted(backend.developed) == [3, *range(12, 17), HIDDEN + 2]


def test_a_frame_that_cannot_be_read_any_more_fails_its_job_and_no_other(
    make_core: MakeCore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    core, _ = make_core()
    core.add(job("broken", ZOOM))
    run(core, until=lambda events: any(event.frames_done >= 3 for event in only(events, Progress)))
    core.close()
    successor, _ = make_core(lanes=2)
    successor.pause(None, paused=True)
    successor.add(job("broken", ZOOM))
    successor.add(job("other", MORPH, "bob"))
    events = run(successor)
    assert len(only(events, Accepted)) == 2
    for path in (tmp_path / "spool" / "broken").glob("*.png"):
        damage(path)  # since it was accepted
    successor.pause(None, paused=False)
    events = run(successor)
    assert [event.job for event in only(events, Failed)] == ["broken"]
    assert [event.job for event in only(events, Done)] == ["other"]
    assert "job broken failed" in caplog.text, "the sentence says that the log tells more"


@pytest.mark.parametrize("work", ["start_shot", "accept_picture"])
def test_what_a_job_cannot_read_while_it_renders_fails_it_alone(
    make_core: MakeCore, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    core, _ = make_core(lanes=4)
    plain = getattr(RenderJob, work)

    def unreadable(render_job: RenderJob, *arguments: object) -> object:
        if render_job.job.id == "broken":
            raise OSError("the disk has gone")
        return plain(render_job, *arguments)

    monkeypatch.setattr(RenderJob, work, unreadable)
    core.add(job("broken", Morph(seed=2, source="skunk", target="puppy", frames=9)))  # several shots at a time
    core.add(job("other", MORPH, "bob"))
    events = run(core)
    assert [event.job for event in only(events, Failed)] == ["broken"]
    assert [event.job for event in only(events, Done)] == ["other"]


def test_words_that_turn_out_to_be_unreadable_when_a_shot_starts_fail_their_job_alone(
    make_core: MakeCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, backend = make_core(lanes=4)
    core.add(job("unreadable", Zoom(seed=1, prompt="a surprise", frames=4)))
    core.add(job("other", MORPH, "bob"))
    work = backend.open

    def start(requests: Sequence[ShotRequest]) -> list[ToyLane]:
        if any("surprise" in str(request.shot.prompt) for request in requests):
            raise PromptError("The model cannot read “surprise”.")
        return work(requests)

    monkeypatch.setattr(backend, "open", start)
    events = run(core)
    assert [(event.job, str(event.message)) for event in only(events, Failed)] == [
        ("unreadable", "The model cannot read “surprise”.")
    ]
    assert [event.job for event in only(events, Done)] == ["other"]


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
    limit = len(first.picture) // 2
    core.add(job("one", large, limit_bytes=limit))
    (second,) = only(run(core), Done)
    assert len(second.picture) <= limit
    assert backend.developed == []


def test_an_aborted_job_leaves_at_once_and_takes_its_frames_along(make_core: MakeCore, tmp_path: Path) -> None:
    core, _ = make_core()
    core.add(job("one", GIRO))
    core.add(job("other", MORPH, "bob"))
    run(core, until=lambda events: bool(only(events, Progress, "one")))
    core.cancel("one")
    events = run(core)
    assert len(only(events, Cancelled, "one")) == 1
    assert not only(events, Done, "one") and len(only(events, Done, "other")) == 1
    core.close()
    assert not (tmp_path / "spool" / "one").exists()


def test_a_waiting_job_can_be_aborted(make_core: MakeCore) -> None:
    core, _ = make_core(jobs_at_once=1)
    core.add(job("one", MORPH))
    core.add(job("two", MORPH))
    core.cancel("two")
    events = run(core)
    assert [event.job for event in only(events, Done)] == ["one"]


def test_a_forgotten_job_leaves_no_frames(make_core: MakeCore, tmp_path: Path) -> None:
    core, _ = make_core()
    core.add(job("one", MORPH))
    run(core)
    core.forget("one")
    core.close()
    assert not (tmp_path / "spool" / "one").exists()


def test_a_discarded_job_leaves_no_frames_unless_it_is_in_work(make_core: MakeCore, tmp_path: Path) -> None:
    core, _ = make_core(keep_bytes=10_000_000)
    finished(core, job("over", MORPH))
    core.add(job("waiting", MORPH))
    core.discard("over")
    core.discard("waiting")
    core.discard("unknown")
    (done,) = only(run(core), Done)
    core.close()
    assert done.job == "waiting"
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["waiting"]


def test_what_the_model_cannot_take_is_refused_before_it_is_queued(make_core: MakeCore) -> None:
    core, _ = make_core()
    unspeakable = Zoom(seed=1, prompt="something unspeakable", frames=4)
    with pytest.raises(PromptError):
        core.plan(unspeakable)
    core.add(job("one", unspeakable))
    (failed,) = only(run(core), Failed)
    assert str(failed.message) == "The model cannot read “unspeakable”."


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
    assert [str(event.message) for event in only(events, Failed, "heavy")] == [
        "The graphics card has no memory left for this."
    ]
    assert len(only(events, Done, "light")) == 1


def test_pictures_are_held_only_while_a_shot_still_needs_them(make_core: MakeCore) -> None:
    core, _ = make_core()
    core.add(job("long", Zoom(seed=1, prompt="a", frames=120)))
    held = 0
    while not core.idle:
        core.step()
        held = max([held, *(len(render_job._pictures) for render_job in core._running.values())])
    assert held <= FOCUS_FRAMES + 1  # the frames that show where the road leads, and the first one for the loop


# ---- continuing another job ----


def finished(core: Core, one: Job) -> Done:
    """Render a job to its end and let the engine forget it."""
    core.add(one)
    (done,) = only(run(core), Done, one.id)
    core.forget(one.id)
    return done


@pytest.mark.parametrize(("loop", "closing", "calls"), [(False, 0, 10 + 4), (True, 3, 16 - 4 + 4)])
def test_extending_a_giro_renders_the_new_frames_and_where_it_loops_those_that_closed_it(
    make_core: MakeCore, loop: bool, closing: int, calls: int
) -> None:
    core, backend = make_core(keep_bytes=10_000_000)
    before = msgspec.structs.replace(GIRO, loop=loop)
    after = extend_giro(before, Stage("a town", 5))
    finished(core, job("before", before))
    backend.developed.clear()
    core.add(job("after", after, base="before"))
    events = run(core)
    assert sorted(backend.developed) == [*range(12 - closing, 17), HIDDEN + 2], "and the new stage's key frame"
    (accepted,) = only(events, Accepted)
    assert (accepted.plan.frames, accepted.plan.inherited, accepted.frames_done) == (17, 12 - closing, 12 - closing)
    assert accepted.plan.unet_calls == calls
    (done,) = only(events, Done)
    assert (done.report.frames, done.report.unet_calls) == (17, calls)
    assert [event.calls for event in only(events, Progress)][-1] == calls
    assert finished(core, job("from-nothing", after)).picture == done.picture


def test_what_an_extension_would_cost_is_known_before(make_core: MakeCore) -> None:
    core, _ = make_core(keep_bytes=10_000_000)
    finished(core, job("before", GIRO))
    longer = extend_giro(GIRO, Stage("a town", 5))
    run(core)
    assert core.plan(longer).unet_calls == 4 + 16 * 2 - 4 + 2 * 4  # of which 8 for key frames
    plan = core.plan(longer, base="before")
    assert (plan.unet_calls, plan.inherited) == (12 + 4, 9)
    assert core.plan(longer, base="never was").unet_calls == 4 + 16 * 2 - 4 + 2 * 4  # of which 8 for key frames


def test_a_storyboard_is_laid_out_once_from_the_check_to_the_resumed_job(
    make_core: MakeCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out: list[Recipe] = []

    def count(recipe: Recipe, settings: Settings) -> Storyboard:
        laid_out.append(recipe)
        return build_storyboard(recipe, settings)

    monkeypatch.setattr(planned_job, "build_storyboard", count)
    planned_job.lay_out.cache_clear()
    core, backend = make_core(keep_bytes=10_000_000)
    finished(core, job("before", GIRO))
    longer = extend_giro(GIRO, Stage("a town", 5))
    core.plan(longer, base="before")
    core.add(job("after", longer, base="before"))
    run(core, until=lambda _: 14 in backend.developed)
    core.close()
    successor, _ = make_core()
    successor.add(job("after", longer, base="before"))
    assert only(run(successor), Done)
    assert [len(recipe.stages) for recipe in laid_out if isinstance(recipe, Giro)] == [2, 3]


def test_an_extension_survives_a_crash_and_the_removal_of_its_base(make_core: MakeCore) -> None:
    core, first = make_core(keep_bytes=10_000_000)
    longer = extend_giro(GIRO, Stage("a town", 5))
    finished(core, job("before", GIRO))
    first.developed.clear()
    core.add(job("after", longer, base="before"))
    run(core, until=lambda _: len(first.developed) == 4)
    core.cancel("before")
    core.close()
    successor, backend = make_core()
    successor.add(job("after", longer, base="before"))
    (accepted,) = only(events := run(successor), Accepted)
    assert (accepted.frames_done, accepted.plan.inherited) == (12, 9)
    assert sorted(backend.developed) == list(range(12, 17))
    last = only(events, Progress)[-1]
    assert last.calls_done == last.calls == 12 + 4


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(GIRO, seed=2),
        msgspec.structs.replace(GIRO, negative="people"),
        msgspec.structs.replace(GIRO, settings=Overrides(size=128)),
        msgspec.structs.replace(GIRO, settings=Overrides(scheduler="euler")),
        MORPH,
    ],
    ids=["seed", "negative", "size", "scheduler", "kind"],
)
def test_nothing_is_taken_over_where_the_frames_would_be_others(make_core: MakeCore, other: Recipe) -> None:
    core, _ = make_core(keep_bytes=10_000_000)
    finished(core, job("before", GIRO))
    core.add(job("after", other, base="before"))
    (accepted,) = only(run(core), Accepted)
    assert (accepted.frames_done, accepted.plan.inherited) == (0, 0)


def test_frames_of_another_model_are_not_taken_over(make_core: MakeCore) -> None:
    core, _ = make_core(keep_bytes=10_000_000)
    finished(core, job("before", GIRO))
    core.close()
    successor, backend = make_core(keep_bytes=10_000_000)
    backend.name = "another"
    successor.add(job("after", GIRO, base="before"))
    assert only(run(successor), Accepted)[0].frames_done == 0


# ---- contact sheets and negative prompts ----


def test_variations_are_stills_that_share_their_calls_and_become_one_picture(make_core: MakeCore) -> None:
    core, backend = make_core(lanes=12)
    core.add(job("sheet", make_variations(GIRO, (5, 6, 7, 8))))
    (done,) = only(run(core), Done)
    assert done.suffix == ".png"
    assert (done.report.frames, done.report.gif_frames, done.report.seam) == (8, 8, 0)
    assert {len(call) for call in backend.calls} == {8}
    with Image.open(BytesIO(done.picture)) as image:
        assert image.format == "PNG" and image.size == (done.report.width, done.report.height)


def test_the_first_still_of_a_seed_is_the_picture_that_its_animation_opens_with(
    make_core: MakeCore, tmp_path: Path
) -> None:
    core, _ = make_core(keep_bytes=10_000_000)
    sheet = make_variations(GIRO, (5, 6, 7, 8))
    finished(core, job("sheet", sheet))
    finished(core, job("full", pick_variation(sheet, 3)))
    core.close()
    folders = FrameStore(tmp_path / "spool")
    assert np.array_equal(folders.frames_of("sheet").picture(4), folders.frames_of("full").picture(0))


def test_a_negative_prompt_reaches_every_shot_and_is_checked_like_any_other(make_core: MakeCore) -> None:
    core, _ = make_core()
    plain, led_away = (
        finished(core, job(name, msgspec.structs.replace(MORPH, negative=negative)))
        for name, negative in (("plain", ""), ("led-away", "people"))
    )
    assert plain.picture != led_away.picture
    with pytest.raises(PromptError):
        core.plan(msgspec.structs.replace(MORPH, negative="unspeakable"))


# ---- priority, pauses, status ----


def test_a_job_of_higher_priority_is_let_in_first(make_core: MakeCore) -> None:
    core, _ = make_core(jobs_at_once=1)
    core.add(job("running", MORPH))
    core.step()
    core.add(job("plain", MORPH, "bob"))
    core.add(job("urgent", MORPH, "cyd", priority=1))
    assert [event.job for event in only(run(core), Done)] == ["running", "urgent", "plain"]


def long_giro(seed: int, mode: Mode) -> Giro:
    return Giro(seed=seed, stages=tuple(Stage(f"a road {number}", 30) for number in range(5)), mode=mode)


def rows_until_done(core: Core, backend: ToyBackend, recipe: Recipe) -> int:
    """Return how many lanes took part in calls, whoever's they were, from a job's order to its delivery."""
    before = sum(map(len, backend.calls))
    core.add(job("short", recipe, "somebody else"))
    run(core, until=lambda events: bool(only(events, Done, "short")))
    return sum(map(len, backend.calls)) - before


@pytest.mark.parametrize("mode", ["chain", "parallel"])
@pytest.mark.parametrize("long_jobs", [1, 4])
def test_a_short_job_is_not_stuck_behind_long_ones(make_core: MakeCore, mode: Mode, long_jobs: int) -> None:
    """Beside one long job, however wide, it takes twice the work of itself alone, and the frames begun before it."""
    alone = rows_until_done(*make_core(), ZOOM)
    core, backend = make_core()
    for seed in range(long_jobs):
        core.add(job(f"long{seed}", long_giro(seed, mode), f"member{seed}"))
    for _ in range(20):
        core.step()
    begun = 4 * 4  # lanes, and their steps
    assert rows_until_done(core, backend, ZOOM) <= (long_jobs + 1) * alone + begun
    assert only(run(core), Done)  # and they go on


def test_long_jobs_get_their_slots_however_many_short_ones_keep_coming(make_core: MakeCore) -> None:
    core, _ = make_core(jobs_at_once=1)
    core.add(job("running", long_giro(1, "chain")))
    core.step()
    core.add(job("waiting", long_giro(2, "chain"), "bob"))
    order: list[str] = []
    for number in range(200):
        core.add(job(f"short{number}", Zoom(seed=number, prompt="a street", frames=3), "cyd"))
        order += [event.job for event in only(run(core, until=lambda events: bool(only(events, Done))), Done)]
        if "waiting" in order:
            break
    assert order.index("running") < order.index("waiting") < len(order) < 200


def test_a_job_that_was_overtaken_often_enough_has_its_turn(make_core: MakeCore) -> None:
    core, _ = make_core(jobs_at_once=1)
    core.add(job("plain", MORPH))
    for number in range(12):
        core.add(job(f"urgent{number}", MORPH, f"member{number}", priority=1))
    order = [event.job for event in only(run(core), Done)]
    assert order.index("plain") == scheduling.PATIENCE


def test_a_paused_servers_jobs_wait_while_others_and_what_runs_go_on(make_core: MakeCore) -> None:
    core, _ = make_core(jobs_at_once=1)
    core.add(job("running", MORPH, server="1"))
    core.step()
    core.add(job("held", MORPH, "bob", server="1"))
    core.add(job("elsewhere", MORPH, "cyd", server="2"))
    core.add(job("direct", MORPH, "dan"))
    core.pause("1", paused=True)
    events = run(core)
    assert [event.job for event in only(events, Done)] == ["running", "elsewhere", "direct"]
    assert core.idle, "an engine with nothing but held jobs would spin"
    assert (core.status().waiting, core.status().held) == (1, 1)
    core.pause("1", paused=False)
    assert [event.job for event in only(run(core), Done)] == ["held"]


def test_everything_can_be_paused(make_core: MakeCore) -> None:
    core, _ = make_core()
    core.pause(None, paused=True)
    core.add(job("here", MORPH, server="1"))
    core.add(job("direct", MORPH))
    (standings,) = only(core.step(), Standings)
    assert [standing.held for standing in standings.jobs] == [True, True]
    assert core.idle
    core.pause(None, paused=False)
    assert len(only(run(core), Done)) == 2


def test_a_held_job_can_be_cancelled(make_core: MakeCore) -> None:
    core, _ = make_core()
    core.pause(None, paused=True)
    core.add(job("one", MORPH))
    core.step()
    core.cancel("one")
    assert len(only(core.step(), Cancelled, "one")) == 1


def test_the_status_is_what_was_measured(make_core: MakeCore) -> None:
    core, _ = make_core(jobs_at_once=1)
    before = core.status()
    assert (before.steps_per_second, before.frames_per_second, before.running) == (None, None, 0)
    core.add(job("one", MORPH))
    core.add(job("two", MORPH))
    run(core, until=lambda events: bool(only(events, Progress)))
    during = core.status()
    assert (during.model, during.device, during.running, during.waiting) == ("toy", "cpu", 1, 1)
    assert (during.memory_used, during.memory_total) == (1, 2)
    assert during.steps_per_second is not None and during.frames_per_second is not None
    assert during.steps_per_second > during.frames_per_second > 0


# ---- the safety checker ----


@pytest.fixture
def make_judge(make_core: MakeCore, tmp_path: Path) -> MakeCore:
    """Make cores whose checker objects to exactly one frame of MORPH, number 1."""
    core, _ = make_core()
    core.add(job("reference", MORPH))
    run(core)
    shameful = FrameStore(tmp_path / "spool").frames_of("reference").picture(1)

    def make(**engine: object) -> tuple[Core, ToyBackend]:
        core, backend = make_core(**engine)
        backend.judges = True
        backend.objects_to = lambda picture: np.array_equal(picture, shameful)
        return core, backend

    return make


def test_a_frame_that_is_objected_to_is_shown_veiled_and_kept_as_it_is(
    make_judge: MakeCore, make_core: MakeCore, tmp_path: Path
) -> None:
    plain, _ = make_core()
    plain.add(job("plain", MORPH))
    (unjudged,) = only(run(plain), Done)
    core, _ = make_judge()
    core.add(job("one", MORPH))
    (done,) = only(run(core), Done)
    assert (done.report.flagged, unjudged.report.flagged) == (1, 0)
    assert "judge" in done.report.seconds_by_phase
    pairs = list(zip(frames_of(done.picture), frames_of(unjudged.picture), strict=True))
    assert [shown != raw for shown, raw in pairs] == [False, True, False, False, False]
    raw = [(tmp_path / "spool" / name / "00001.png") for name in ("plain", "one")]
    assert np.array_equal(*(np.asarray(Image.open(path)) for path in raw)), "later frames start from the raw one"


def test_frames_that_are_finished_together_are_judged_together(make_judge: MakeCore) -> None:
    core, backend = make_judge(lanes=4)
    for number in range(3):
        core.add(job(f"job{number}", MORPH, f"member{number}"))
    run(core)
    assert backend.judged == [3] * 5


def test_a_veiled_frame_is_veiled_in_its_preview_too() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    contrast = {}
    for flagged in (True, False, None):
        with Image.open(BytesIO(make_preview("one", FinishedFrame(1, picture, flagged), 256).image)) as image:
            contrast[flagged] = np.asarray(image, dtype=float).std()
    assert contrast[True] < contrast[False] / 3 and contrast[False] == contrast[None]


def test_where_none_is_allowed_the_job_fails_with_a_sentence(make_judge: MakeCore) -> None:
    core, _ = make_judge()
    core.add(job("one", MORPH, nsfw="refuse"))
    core.add(job("other", ZOOM, "bob", nsfw="refuse"))
    events = run(core)
    (failed,) = only(events, Failed)
    assert failed.job == "one" and "change the prompt or the seed" in str(failed.message)
    assert failed.costs
    assert [event.job for event in only(events, Done)] == ["other"]


def test_where_everything_is_allowed_nobody_is_asked(make_judge: MakeCore) -> None:
    core, backend = make_judge()
    core.add(job("one", MORPH, nsfw="allow"))
    (done,) = only(run(core), Done)
    assert (done.report.flagged, backend.judged) == (0, [])


def test_a_job_that_goes_on_after_a_crash_needs_no_second_judgement(make_judge: MakeCore) -> None:
    core, _ = make_judge()
    core.add(job("whole", MORPH))
    (undisturbed,) = only(run(core), Done)
    core.add(job("broken", MORPH))
    run(core, until=lambda events: any(event.frames_done >= 3 for event in only(events, Progress)))
    successor, backend = make_judge()
    core.close()
    successor.add(job("broken", MORPH))
    (accepted, *_), (done,) = (only(events := run(successor), Accepted), only(events, Done))
    assert sum(backend.judged) == 5 - accepted.frames_done
    assert (done.picture, done.report.flagged) == (undisturbed.picture, 1)


def test_frames_from_where_everything_was_allowed_are_judged_before_they_are_shown(make_judge: MakeCore) -> None:
    core, backend = make_judge(lanes=2)
    core.add(job("one", MORPH))
    (veiled,) = only(run(core), Done)
    core.add(job("two", MORPH, nsfw="allow"))
    run(core)
    backend.judged.clear()
    core.add(job("two", MORPH))
    (done,) = only(run(core), Done)
    assert (done.picture, done.report.flagged) == (veiled.picture, 1)
    assert backend.judged == [2, 2, 1] and len(backend.developed) == 10
    core.add(job("two", MORPH, nsfw="refuse"))
    assert len(only(run(core), Failed, "two")) == 1


def test_a_veiled_frame_stays_veiled_when_the_gif_is_made_smaller(make_judge: MakeCore) -> None:
    core, _ = make_judge()
    large = msgspec.structs.replace(MORPH, settings=Overrides(size=192, morphing="feedback"))
    core.add(job("one", large, nsfw="allow"))
    (clear,) = only(run(core), Done)
    core, backend = make_judge()
    backend.objects_to = lambda _: True
    core.add(job("one", large, limit_bytes=len(clear.picture) // 3))
    (done,) = only(run(core), Done)
    assert done.report.flagged == 5
    for frame in frames_of(done.picture):
        pixels = np.frombuffer(frame, np.uint8).reshape(done.report.height, done.report.width, 3).astype(float)
        assert np.abs(np.diff(pixels, axis=0)).mean() < 10
