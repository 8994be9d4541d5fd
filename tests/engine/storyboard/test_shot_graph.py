"""Which shots can start, which frames are still needed, and which are inherited from another animation."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.recipe.camera import describe_camera, parse_camera
from engine.recipe.edits import extend_giro
from engine.recipe.keyframe import MAX_KEYFRAMES, time_keyframes
from engine.recipe.recipe import Giro, Morph, Recipe, Stage, Zoom
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.camera_track import CameraTrack
from engine.storyboard.loop_closure import LoopClosure
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import Blend, FeedbackStart, Shot
from engine.storyboard.shot_graph import ShotGraph, find_inherited_frames
from engine.storyboard.storyboard import Storyboard


def shot(index: int, *sources: int) -> Shot:
    match sources:
        case ():
            start = NoiseStart()
        case (frame,):
            start = FeedbackStart(frame)
        case (frame, other):
            start = FeedbackStart(frame, blend=Blend(other, 0.5))
    return Shot(index=index, prompt=PromptMix.of("a"), start=start, steps=1, strength=1, guidance=1, seed=index)


CHAIN = [shot(0), shot(1, 0), shot(2, 1), shot(3, 2, 0)]
TWO_CHAINS = [shot(0), shot(1, 0), shot(2), shot(3, 2)]


@st.composite
def graphs(draw: st.DrawFn) -> list[Shot]:
    shots = []
    for index in range(draw(st.integers(1, 20))):
        earlier = st.integers(0, index - 1) if index else st.nothing()
        shots.append(shot(index, *draw(st.lists(earlier, max_size=min(index, 2), unique=True))))
    return shots


def test_a_chain_goes_one_by_one() -> None:
    frontier = ShotGraph(CHAIN, done=())
    assert list(frontier.ready) == [0]
    frontier.start(0)
    assert list(frontier.ready) == []
    frontier.finish(0)
    assert list(frontier.ready) == [1]


def test_chains_that_do_not_need_each_other_start_side_by_side() -> None:
    frontier = ShotGraph(TWO_CHAINS, done=())
    assert list(frontier.ready) == [0, 2]


def test_a_frame_is_needed_until_the_last_one_that_starts_from_it_exists() -> None:
    frontier = ShotGraph(CHAIN, done=())
    for index in range(3):
        frontier.start(index)
        frontier.finish(index)
    assert frontier.is_needed(0) and not frontier.is_needed(1)
    frontier.start(3)
    assert frontier.is_needed(0)
    frontier.finish(3)
    assert not frontier.is_needed(0)


def test_a_shot_that_was_started_in_vain_can_be_started_again() -> None:
    frontier = ShotGraph(TWO_CHAINS, done=())
    frontier.start(0)
    frontier.start(2)
    frontier.retry(0)
    assert list(frontier.ready) == [0]
    frontier.start(0)
    frontier.finish(0)
    assert list(frontier.ready) == [1]


def test_frames_that_exist_are_not_made_again() -> None:
    frontier = ShotGraph(CHAIN, done={0, 1})
    assert list(frontier.ready) == [2]
    assert frontier.is_needed(0) and frontier.is_needed(1)


def test_nothing_is_left_when_everything_exists() -> None:
    assert ShotGraph(CHAIN, done={0, 1, 2, 3}).is_complete


@given(graphs(), st.randoms(), st.data())
def test_any_order_of_work_makes_every_frame_once(shots: list[Shot], random: object, data: st.DataObject) -> None:
    done = data.draw(st.sets(st.sampled_from([shot.index for shot in shots])))
    frontier = ShotGraph(shots, done)
    made = set(done)
    while not frontier.is_complete:
        assert frontier.ready, "stuck"
        index = data.draw(st.sampled_from(list(frontier.ready)))
        assert shots[index].sources <= made
        frontier.start(index)
        frontier.finish(index)
        assert index not in made
        made.add(index)
    assert made == {shot.index for shot in shots}
    assert not any(frontier.is_needed(index) for index in made)


# ---- inherited frames ----

SETTINGS = Settings(size=64, steps=4)
GIRO = Giro(seed=1, stages=(Stage("a road", 6), Stage("a mountain", 6)), loop=False)


def board(recipe: Recipe, settings: Settings = SETTINGS) -> Storyboard:
    return build_storyboard(recipe, settings)


@given(
    st.lists(st.builds(Stage, st.sampled_from("abc"), st.integers(1, 60)), min_size=1, max_size=5),
    st.builds(Stage, st.sampled_from("abcd"), st.integers(1, 60)),
    st.booleans(),
)
def test_an_extended_giro_keeps_all_but_the_frames_that_closed_the_loop(
    stages: list[Stage], stage: Stage, loop: bool
) -> None:
    giro = Giro(seed=1, stages=tuple(stages), loop=loop)
    longer = extend_giro(giro, stage)
    kept = find_inherited_frames(board(longer), board(giro), range(giro.frames))
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
        "spiral at 30% > back at 100%",
    ],
)
@settings(max_examples=20)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=4), st.integers(1, 60))
def test_it_does_so_wherever_the_camera_goes(camera: str, loop: bool, frames: list[int], more: int) -> None:
    stages = tuple(Stage("a road", number) for number in frames)
    giro = Giro(seed=1, stages=stages, loop=loop, camera=parse_camera(camera))
    twice = extend_giro(extend_giro(giro, Stage("a town", more)), Stage("a hill", 7))
    for shorter, longer in ((giro, extend_giro(giro, Stage("a town", more))), (giro, twice)):
        kept = find_inherited_frames(board(longer), board(shorter), range(giro.frames))
        closing = LoopClosure(giro.frames).length if loop else 0
        assert kept == frozenset(range(giro.frames - closing))


def test_what_goes_on_moves_as_at_the_end_or_where_it_loops_as_in_the_beginning() -> None:
    for loop, move in ((False, "back"), (True, "spiral")):
        giro = msgspec.structs.replace(GIRO, loop=loop, camera=parse_camera("spiral > drift left > back"))
        *_, last = extend_giro(giro, Stage("a town", 12)).camera
        assert (describe_camera((last,)), last.at) == (f"{move} at 50%", 0.5)


CAMERAS = st.lists(
    st.tuples(st.sampled_from(["spiral", "back", "drift left", "sink", "still"]), st.none() | st.integers(0, 100)),
    min_size=1,
    max_size=MAX_KEYFRAMES,
)


@given(CAMERAS, st.booleans(), st.integers(2, 60), st.integers(1, 60))
def test_any_giro_can_be_extended_and_moves_as_it_did_at_least_up_to_its_last_keyframe(
    moves: list[tuple[str, int | None]], loop: bool, frames: int, more: int
) -> None:
    times = iter(sorted({at for _, at in moves if at is not None}))
    placed = [(move, next(times, None) if at is not None else None) for move, at in moves]
    text = " > ".join(move if at is None else f"{move} at {at}%" for move, at in placed)
    giro = Giro(seed=1, stages=(Stage("a road", frames),), loop=loop, camera=parse_camera(text))
    longer = extend_giro(giro, Stage("a town", more))
    before, after = (CameraTrack(keyframes=one.camera, loops=loop, forward=1.02) for one in (giro, longer))
    last = time_keyframes(giro.camera, loops=loop)[0][-1] if giro.camera else 1.0
    if len(giro.camera) < MAX_KEYFRAMES:  # or else there is no room for what leads over the seam
        for index in range(int(last * frames)):
            assert after.move(index / longer.frames) == before.move(index / frames)


def seam_giro(camera: str, frames: int = 40) -> Giro:
    return Giro(seed=1, stages=(Stage("a road", frames),), loop=True, camera=parse_camera(camera))


def test_moves_that_share_a_moment_are_no_hindrance() -> None:
    for camera in ("spiral > back at 0%", "spiral at 100% > back"):
        giro = msgspec.structs.replace(GIRO, camera=parse_camera(camera))
        assert len(extend_giro(giro, Stage("a town", 12)).camera) == 2


@pytest.mark.parametrize("more", [60, 100])
@pytest.mark.parametrize("camera", ["turn 1 at 50% > pan 0.01 0 > turn -4", "turn 3 at 20% > back at 70%"])
def test_a_move_that_goes_on_across_the_seam_does_so_in_an_extended_giro(camera: str, more: int) -> None:
    giro = seam_giro(camera)
    longer = extend_giro(giro, Stage("a town", more))
    kept = find_inherited_frames(board(longer), board(giro), range(40))
    assert kept == frozenset(range(40 - LoopClosure(40).length))


def test_where_a_short_stage_leaves_no_time_for_it_the_last_move_is_kept_up_until_the_new_end() -> None:
    giro = seam_giro("turn 3 at 30% > back at 50%")
    longer = extend_giro(giro, Stage("a town", 10))
    assert describe_camera(longer.camera) == "turn 3 at 24% > back at 40% > back at 60%"
    assert find_inherited_frames(board(longer), board(giro), range(40)) == frozenset(range(21))


@given(st.sets(st.integers(0, 11)))
def test_only_frames_that_still_exist_are_taken_over(kept: set[int]) -> None:
    assert find_inherited_frames(board(GIRO), board(GIRO), kept) == kept


def test_a_frame_behind_one_that_differs_is_another_even_when_its_shot_is_the_same() -> None:
    changed = msgspec.structs.replace(GIRO, stages=(Stage("a road", 5), Stage("a town", 1), Stage("a mountain", 6)))
    assert board(changed).shots[6:] == board(GIRO).shots[6:]
    assert find_inherited_frames(board(changed), board(GIRO), range(12)) == frozenset(range(5))


@pytest.mark.parametrize(
    "settings",
    [Settings(size=128, steps=4), Settings(size=64, steps=4, scheduler="euler"), Settings(size=64, steps=5)],
    ids=["size", "scheduler", "steps"],
)
def test_other_settings_share_nothing(settings: Settings) -> None:
    assert find_inherited_frames(board(GIRO, settings), board(GIRO), range(12)) == frozenset()


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
    assert find_inherited_frames(board(other), board(GIRO), range(12)) == frozenset()
