"""Frames that others start from and that nobody sees: they cost, they are kept, and they are never shown."""

import itertools
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from engine.backend import Picture
from engine.config import EngineConfig
from engine.core import planned_job
from engine.core.core import Core, CoreConfig
from engine.frames.frame_store import FrameStore
from engine.protocol.messages import Accepted, Done, Event, Job, Preview, Progress
from engine.recipe.recipe import Recipe, Zoom
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import HIDDEN, Blend, FeedbackStart, Shot, frame_seed
from engine.storyboard.shot_graph import find_inherited_frames
from engine.storyboard.storyboard import Storyboard
from tests.fakes.toy_backend import ToyBackend

ZOOM = Zoom(seed=3, prompt="a street", frames=8)
KEY = HIDDEN + 1
NEEDED_BY = 4


def with_a_key_frame(recipe: Recipe, settings: Settings) -> Storyboard:
    """Lay a zoom out so that one of its frames is mixed with a key frame, which is no part of the animation."""
    board = build_storyboard(recipe, settings)
    shots = list(board.shots)
    start = shots[NEEDED_BY].start
    assert isinstance(start, FeedbackStart)
    mixed = msgspec.structs.replace(start, blend=Blend(KEY, 0.5))
    shots[NEEDED_BY] = msgspec.structs.replace(shots[NEEDED_BY], start=mixed)
    key = msgspec.structs.replace(shots[0], index=KEY, seed=frame_seed(recipe.seed, KEY), start=NoiseStart())
    return msgspec.structs.replace(board, shots=(key, *shots))


@pytest.fixture(autouse=True)
def _key_frames(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(planned_job, "build_storyboard", with_a_key_frame)
    planned_job.lay_out.cache_clear()
    yield
    planned_job.lay_out.cache_clear()


@pytest.fixture
def backend() -> ToyBackend:
    return ToyBackend()


@pytest.fixture
def core(backend: ToyBackend, tmp_path: Path) -> Iterator[Core]:
    core = new_core(backend, tmp_path)
    yield core
    core.close()


def new_core(backend: ToyBackend, root: Path, lanes: int = 1) -> Core:
    config = CoreConfig(engine=EngineConfig(gif_side=0, preview_seconds=0.5, lanes=lanes))
    return Core(backend, FrameStore(root / "spool", keep_bytes=10_000_000), config)


def job(job_id: str = "one", recipe: Recipe = ZOOM, base: str | None = None) -> Job:
    return Job(id=job_id, recipe=recipe, owner="ada", limit_bytes=1_000_000, base=base)


def run(core: Core) -> list[Event]:
    events: list[Event] = []
    while not core.idle:
        events += core.step()
    return events


def only(events: list[Event], kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def key_of(root: Path, job_id: str = "one") -> Picture:
    return FrameStore(root / "spool").frames_of(job_id).picture(KEY)


def test_a_hidden_frame_costs_and_does_not_count(core: Core) -> None:
    plan = core.plan(ZOOM)
    assert plan.frames == 8
    assert plan.unet_calls == 2 * 4 + 5 * 2 + 2  # the two that close the loop take a step less
    core.add(job())
    events = run(core)
    assert only(events, Accepted)[0].plan.frames == 8
    last = only(events, Progress)[-1]
    assert (last.frames_done, last.frames, last.calls_done, last.calls) == (8, 8, 20, 20)
    (done,) = only(events, Done)
    assert (done.report.frames, done.report.gif_frames, done.report.unet_calls) == (8, 8, 20)


def test_the_file_shows_all_the_others_in_order(core: Core, tmp_path: Path) -> None:
    core.add(job())
    (done,) = only(run(core), Done)
    folder = FrameStore(tmp_path / "spool").frames_of("one")
    assert folder.indices() == {*range(8), KEY}
    with Image.open(BytesIO(done.picture)) as gif:
        assert gif.n_frames == 8
        for index in range(8):
            gif.seek(index)
            shown = np.asarray(gif.convert("RGB"), dtype=int)
            assert np.abs(shown - folder.picture(index)).mean() < 8


def test_it_is_never_a_preview(backend: ToyBackend, tmp_path: Path) -> None:
    core = new_core(backend, tmp_path, lanes=2)
    core.add(job())
    previews = only(run(core), Preview)
    core.close()
    assert sorted({KEY, 0}) == sorted(backend.opened[0]), "they were meant to be finished in the same step"
    assert previews and all(preview.frame < HIDDEN for preview in previews)


def test_progress_is_told_also_when_nothing_to_see_was_made(backend: ToyBackend, tmp_path: Path) -> None:
    core = new_core(backend, tmp_path)
    core.add(job())
    events: list[Event] = []
    while not core.idle:
        events += core.step()
        core._writers.of("one").submit(int).result()  # whatever was finished in this step is on disk before the next
    progress = only(events, Progress)
    core.close()
    assert any(
        after.frames_done == before.frames_done and after.calls_done > before.calls_done
        for before, after in itertools.pairwise(progress)
    )


def test_after_a_crash_it_is_not_made_again(core: Core, backend: ToyBackend, tmp_path: Path) -> None:
    core.add(job("whole"))
    (undisturbed,) = only(run(core), Done)
    backend.developed.clear()
    core.add(job("broken"))
    while NEEDED_BY not in backend.developed:
        core.step()
    core.close()
    backend.developed.clear()
    successor = new_core(backend, tmp_path)
    successor.add(job("broken"))
    events = run(successor)
    successor.close()
    (accepted,) = only(events, Accepted)
    assert accepted.frames_done == NEEDED_BY + 1
    assert backend.developed == list(range(NEEDED_BY + 1, 8))
    (done,) = only(events, Done)
    assert done.picture == undisturbed.picture


def test_it_is_taken_over_and_kept_like_any_frame(core: Core, backend: ToyBackend, tmp_path: Path) -> None:
    core.add(job("before"))
    run(core)
    core.forget("before")
    backend.developed.clear()
    core.add(job("after", base="before"))
    events = run(core)
    (accepted,) = only(events, Accepted)
    assert (accepted.plan.inherited, accepted.frames_done, accepted.plan.unet_calls) == (8, 8, 0)
    assert backend.developed == []
    assert np.array_equal(key_of(tmp_path, "after"), key_of(tmp_path, "before"))


def test_a_job_that_lacks_a_frame_that_is_shown_is_not_complete_whatever_is_hidden(core: Core, tmp_path: Path) -> None:
    core.add(job())
    run(core)
    folder = FrameStore(tmp_path / "spool").frames_of("one")
    (folder.path / "00007.png").unlink()
    core.forget("one")
    core.close()
    assert not folder.path.exists()


def test_nobody_judges_what_nobody_sees(core: Core, backend: ToyBackend, tmp_path: Path) -> None:
    core.add(job("unjudged"))
    run(core)
    backend.judges = True
    backend.objects_to = lambda picture: np.array_equal(picture, key_of(tmp_path, "unjudged"))
    core.add(msgspec.structs.replace(job(), nsfw="refuse"))
    (done,) = only(run(core), Done)
    assert sum(backend.judged) == done.report.frames == 8
    core.add(msgspec.structs.replace(job(), nsfw="refuse", limit_bytes=900_000))  # from disk, where it has no verdict
    assert only(run(core), Done)[0].report.flagged == 0
    assert sum(backend.judged) == 8


def test_a_hidden_frame_that_differs_makes_those_that_start_from_it_others() -> None:
    settings = Settings(size=64, steps=4)
    one = with_a_key_frame(ZOOM, settings)
    key, *shown = one.shots
    other = msgspec.structs.replace(one, shots=(*shown, msgspec.structs.replace(key, seed=5)))
    assert find_inherited_frames(one, one, {*range(8), KEY}) == {*range(8), KEY}
    assert find_inherited_frames(other, one, {*range(8), KEY}) == set(range(NEEDED_BY))


def test_a_hidden_frame_may_come_before_what_needs_it_or_first_of_all() -> None:
    board = with_a_key_frame(ZOOM, Settings(size=64, steps=4))
    assert board.frame_count == 8
    seen: set[int] = set()
    for shot in board.shots:
        assert shot.sources <= seen
        seen.add(shot.index)
    assert isinstance(board.shots[0], Shot) and board.shots[0].index == KEY
