"""A frame that came out degenerate is made again: with another seed, only so often, and the same at each replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.backend import Lane, ShotRequest
from engine.config import EngineConfig
from engine.core.core import Core, CoreConfig
from engine.frames.frame_store import FrameStore, JobFrames
from engine.protocol.messages import Done, Event, Job, Progress
from engine.recipe.recipe import Zoom
from engine.recipe.settings import Overrides
from engine.storyboard.morph_path import PromptMix
from engine.storyboard.shot import FeedbackStart, Shot, retry_shot
from tests.fakes.toy_backend import Developed, ToyBackend, ToyLane

FRAMES = 8
ZOOM = Zoom(seed=3, prompt="a street", frames=FRAMES)
BAD = 3


class Sick(ToyBackend):
    """A model whose pictures of some shots are of one tone.

    It notes for each picture which frame it is and the number of its steps.
    """

    def __init__(self, ails: Callable[[Shot, int], bool]) -> None:
        super().__init__()
        self.ails = ails
        self.made: list[tuple[int, int]] = []

    def decode(self, lanes: Sequence[Lane]) -> list[Developed]:
        developed = super().decode(lanes)
        for place, lane in enumerate(lanes):
            assert isinstance(lane, ToyLane)
            shot = lane.request.shot
            tries = sum(index == shot.index for index, _ in self.made)
            self.made.append((shot.index, shot.unet_calls))
            if self.ails(shot, tries):
                pixels = np.full_like(developed[place].pixels, 10 * tries)
                pixels[::3] += np.uint8(tries)  # a little better each time
                developed[place] = Developed(pixels)
        return developed


def first_try_of_frame_3(shot: Shot, tries: int) -> bool:
    return shot.index == BAD and tries == 0


def always_frame_3(shot: Shot, tries: int) -> bool:
    return shot.index == BAD


@pytest.fixture
def make_core(tmp_path: Path) -> Iterator[Callable[..., Core]]:
    cores: list[Core] = []

    def make(backend: ToyBackend, spool: str = "spool", lanes: int = 1) -> Core:
        config = CoreConfig(engine=EngineConfig(gif_side=0, lanes=lanes))
        cores.append(Core(backend, FrameStore(tmp_path / spool), config))
        return cores[-1]

    yield make
    for core in cores:
        core.close()


def job(**settings: float) -> Job:
    recipe = msgspec.structs.replace(ZOOM, settings=Overrides(**settings))  # type: ignore[arg-type]
    return Job(id="one", recipe=recipe, owner="ada", limit_bytes=1_000_000)


def run(core: Core, until: Callable[[], bool] = lambda: False) -> list[Event]:
    events: list[Event] = []
    while not (core.idle or until()):
        events += core.step()
    return events


def done(events: list[Event]) -> Done:
    (event,) = (event for event in events if isinstance(event, Done))
    return event


def folder(root: Path, spool: str = "spool") -> JobFrames:
    return FrameStore(root / spool).frames_of("one")


def test_a_frame_that_came_out_flat_is_made_again_with_another_seed_and_more_noise(
    make_core: Callable[..., Core], tmp_path: Path
) -> None:
    backend = Sick(first_try_of_frame_3)
    core = make_core(backend)
    core.add(job())
    report = done(run(core)).report
    assert backend.made == [(0, 4), (1, 2), (2, 2), (BAD, 2), (BAD, 2), (4, 2), (5, 2), (6, 1), (7, 1)]
    assert report.retried == 1
    assert report.unet_calls == 4 + 5 * 2 + 2 + 2  # the two that close the loop take a step less
    assert folder(tmp_path).picture(BAD).std() > 10
    assert [folder(tmp_path).attempts(index) for index in range(FRAMES)] == [1, 1, 1, 2, 1, 1, 1, 1]


def test_each_try_is_noisier_and_none_is_like_another() -> None:
    shot = Shot(
        index=3, prompt=PromptMix.of("a"), start=FeedbackStart(2), steps=10, strength=0.4, guidance=3, seed=5, retries=2
    )
    tries = [shot, retry_shot(shot, 1), retry_shot(shot, 2)]
    assert [attempt.strength for attempt in tries] == pytest.approx([0.4, 0.6, 0.8])
    assert len({attempt.seed for attempt in tries}) == 3
    assert retry_shot(shot, 1) == tries[1]


def test_nothing_of_the_start_has_to_stay_in_another_try() -> None:
    start = FeedbackStart(2, persistence=0.5)
    shot = Shot(index=3, prompt=PromptMix.of("a"), start=start, steps=10, strength=0.4, guidance=3, seed=5, retries=2)
    assert retry_shot(shot, 1).start == FeedbackStart(2)


def test_after_so_many_tries_the_best_is_kept(make_core: Callable[..., Core], tmp_path: Path) -> None:
    backend = Sick(always_frame_3)
    core = make_core(backend)
    core.add(job(retries=3))
    report = done(run(core)).report
    assert [index for index, _ in backend.made].count(BAD) == 4
    assert folder(tmp_path).picture(BAD).max() == 33, "the last one was the least flat"
    assert (report.frames, report.retried) == (FRAMES, 1)


def test_retries_can_be_switched_off(make_core: Callable[..., Core]) -> None:
    backend = Sick(always_frame_3)
    core = make_core(backend)
    core.add(job(retries=0))
    assert done(run(core)).report.retried == 0
    assert len(backend.made) == FRAMES


def test_progress_counts_the_tries_and_ends_complete(make_core: Callable[..., Core]) -> None:
    core = make_core(Sick(always_frame_3))
    core.add(job(retries=2))
    progress = [event for event in run(core) if isinstance(event, Progress)]
    assert [event.calls_done for event in progress] == sorted(event.calls_done for event in progress)
    assert progress[-1].calls_done == progress[-1].calls == 4 + 5 * 2 + 2 + 2 + 3
    assert all(event.calls_done <= event.calls for event in progress)


def test_a_recipe_replays_to_the_same_frames_also_after_a_crash_between_two_tries(
    make_core: Callable[..., Core], tmp_path: Path
) -> None:
    whole = make_core(Sick(first_try_of_frame_3), "whole")
    whole.add(job())
    undisturbed = done(run(whole))

    backend = Sick(first_try_of_frame_3)
    broken = make_core(backend)
    broken.add(job())
    run(broken, until=lambda: BAD in backend.developed)
    broken.close()
    assert backend.developed.count(BAD) == 1 and BAD not in folder(tmp_path).indices()
    successor = make_core(Sick(first_try_of_frame_3))
    successor.add(job())
    again = done(run(successor))
    assert again.picture == undisturbed.picture
    assert again.report.retried == undisturbed.report.retried == 1


def test_what_was_retried_is_counted_also_when_it_is_found_on_disk(make_core: Callable[..., Core]) -> None:
    backend = Sick(first_try_of_frame_3)
    first = make_core(backend)
    first.add(job())
    run(first, until=lambda: 5 in backend.developed)
    first.close()
    successor = make_core(Sick(lambda shot, tries: False))
    successor.add(job())
    assert done(run(successor)).report.retried == 1


def test_a_frame_that_failed_keeps_its_sources_at_hand(make_core: Callable[..., Core]) -> None:
    seen: list[tuple[int, frozenset[int]]] = []

    class Watched(Sick):
        def open(self, requests: Sequence[ShotRequest]) -> list[ToyLane]:
            seen.extend((request.shot.index, frozenset(request.sources)) for request in requests)
            return super().open(requests)

    core = make_core(Watched(always_frame_3), lanes=4)
    core.add(job())
    run(core)
    assert [sources for index, sources in seen if index == BAD] == [seen[BAD][1]] * 3


def test_a_neighbour_is_not_disturbed(make_core: Callable[..., Core]) -> None:
    core = make_core(Sick(always_frame_3), lanes=2)
    core.add(job())
    core.add(msgspec.structs.replace(job(), id="two", owner="bob"))
    reports = {event.job: event.report for event in run(core) if isinstance(event, Done)}
    assert set(reports) == {"one", "two"}
