"""Which frames of one animation are those of another."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.animations import storyboard
from engine.animations.loop import LoopClosure
from engine.camera import parse_camera, shown_camera
from engine.inheritance import inherited
from engine.recipe import Giro, Morph, Recipe, Stage, Zoom
from engine.remix import extended
from engine.settings import Settings
from engine.storyboard import Storyboard

SETTINGS = Settings(size=64, steps=4)
GIRO = Giro(seed=1, stages=(Stage("a road", 6), Stage("a mountain", 6)), loop=False)


def board(recipe: Recipe, settings: Settings = SETTINGS) -> Storyboard:
    return storyboard(recipe, settings)


@given(
    st.lists(st.builds(Stage, st.sampled_from("abc"), st.integers(1, 60)), min_size=1, max_size=5),
    st.builds(Stage, st.sampled_from("abcd"), st.integers(1, 60)),
    st.booleans(),
)
def test_an_extended_giro_keeps_all_but_the_frames_that_closed_the_loop(
    stages: list[Stage], stage: Stage, loop: bool
) -> None:
    giro = Giro(seed=1, stages=tuple(stages), loop=loop)
    longer = extended(giro, stage)
    kept = inherited(board(longer), board(giro), range(giro.frames))
    closing = LoopClosure(giro.frames).length if loop else 0
    assert kept == frozenset(range(giro.frames - closing))
    assert longer.loop == loop


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize(
    "camera",
    [
        "spiral",
        "spiral > drift left > back",
        "forward > turn 2 at 80%",
        "still at 0% > sink at 33% > spiral > back",
        "spiral > back at 100%",
    ],
)
@settings(max_examples=20)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=4), st.integers(1, 60))
def test_it_does_so_wherever_the_camera_goes(camera: str, loop: bool, frames: list[int], more: int) -> None:
    stages = tuple(Stage("a road", number) for number in frames)
    giro = Giro(seed=1, stages=stages, loop=loop, camera=parse_camera(camera))
    twice = extended(extended(giro, Stage("a town", more)), Stage("a hill", 7))
    for shorter, longer in ((giro, extended(giro, Stage("a town", more))), (giro, twice)):
        kept = inherited(board(longer), board(shorter), range(giro.frames))
        closing = LoopClosure(giro.frames).length if loop else 0
        assert kept == frozenset(range(giro.frames - closing))


def test_what_goes_on_moves_as_at_the_end_or_where_it_loops_as_in_the_beginning() -> None:
    for loop, move in ((False, "back"), (True, "spiral")):
        giro = msgspec.structs.replace(GIRO, loop=loop, camera=parse_camera("spiral > drift left > back"))
        *_, last = extended(giro, Stage("a town", 12)).camera
        assert (shown_camera((last,)), last.at) == (f"{move} at 50%", 0.5)


@given(st.sets(st.integers(0, 11)))
def test_only_frames_that_still_exist_are_taken_over(kept: set[int]) -> None:
    assert inherited(board(GIRO), board(GIRO), kept) == kept


def test_a_frame_behind_one_that_differs_is_another_even_when_its_shot_is_the_same() -> None:
    changed = msgspec.structs.replace(GIRO, stages=(Stage("a road", 5), Stage("a town", 1), Stage("a mountain", 6)))
    assert board(changed).shots[6:] == board(GIRO).shots[6:]
    assert inherited(board(changed), board(GIRO), range(12)) == frozenset(range(5))


@pytest.mark.parametrize(
    "settings",
    [Settings(size=128, steps=4), Settings(size=64, steps=4, scheduler="euler"), Settings(size=64, steps=5)],
    ids=["size", "scheduler", "steps"],
)
def test_other_settings_share_nothing(settings: Settings) -> None:
    assert inherited(board(GIRO, settings), board(GIRO), range(12)) == frozenset()


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(GIRO, seed=2),
        msgspec.structs.replace(GIRO, negative="people"),
        Morph(seed=1, source="a", target="b"),
        Zoom(seed=1, prompt="a street"),
    ],
)
def test_other_recipes_share_nothing(other: Recipe) -> None:
    assert inherited(board(other), board(GIRO), range(12)) == frozenset()
