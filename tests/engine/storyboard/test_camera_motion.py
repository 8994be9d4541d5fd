"""The camera's way through an animation: keyframes, the way back, what it looks at, and the noise that it carries."""

from __future__ import annotations

import itertools
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recipe.camera import parse_camera
from engine.recipe.keyframe import spread_times
from engine.recipe.recipe import Focus, Giro, Stage, Zoom
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.camera_motion import FOCUS_FRAMES, MAX_CARRIED_NOISES, CameraMotion
from engine.storyboard.camera_moves import compose_moves, invert_move
from engine.storyboard.camera_track import CameraTrack
from engine.storyboard.loop_closure import LoopClosure
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import HIDDEN, Blend, Camera, FeedbackStart, FocusSource, Shot, frame_seed

FRAMES = 48
RETURN = 12
SETTINGS = Settings(zoom=1.02, noise_warp=0.5)


def travel(camera: str = "forward", *, focus: str | Focus = "auto", frames: int = FRAMES) -> CameraMotion:
    return CameraMotion.from_recipe(
        Zoom(seed=7, prompt="a road", frames=frames, camera=parse_camera(camera), focus=focus),  # type: ignore[arg-type]
        SETTINGS,
    )


def shot(way: CameraMotion, index: int) -> Shot:
    bare = Shot(
        index=index, prompt=PromptMix.of("a road"), start=NoiseStart(), steps=4, strength=0.8, guidance=3, seed=1
    )
    return way.continue_shot(bare, range(index), LoopClosure(way.frames).approach(index))


def feedback(way: CameraMotion, index: int) -> FeedbackStart:
    start = shot(way, index).start
    assert isinstance(start, FeedbackStart)
    return start


def blend(way: CameraMotion, index: int) -> Blend:
    found = feedback(way, index).blend
    assert found is not None
    return found


def track(camera: str, *, loops: bool) -> CameraTrack:
    return CameraTrack(keyframes=parse_camera(camera), loops=loops, forward=1.02)


def moves(camera: Camera) -> tuple[float, float, float, float]:
    return camera.zoom, camera.pan_x, camera.pan_y, camera.degrees


# ---- keyframes ----


def test_without_keyframes_it_goes_forward_at_the_settings_pace() -> None:
    assert {track("forward", loops=loops).move(time / 10) for loops in (True, False) for time in range(11)} == {
        Camera(zoom=1.02)
    }


def test_back_is_the_same_pace_backwards() -> None:
    assert track("back", loops=False).move(0.5).zoom == pytest.approx(1 / 1.02)


def test_one_move_eases_over_into_the_next() -> None:
    way = track("turn 2 > turn -2", loops=False)
    turns = [way.move(time / 20).degrees for time in range(21)]
    assert (turns[0], turns[10], turns[20]) == (2, pytest.approx(0), -2)
    assert turns == sorted(turns, reverse=True)
    assert turns[0] - turns[1] < (turns[9] - turns[10]) / 3


@pytest.mark.parametrize(
    "camera",
    [
        "spiral > back > drift left",
        "turn 3 at 20% > zoom 0.9 at 0.7",
        "rise at 40%",
        "turn 1 at 50% > pan 0.01 0 > turn -4",
        "spiral at 20% > back at 60% > drift left > rise > sink",
        "back at 30% > rise at 100%",
    ],
)
def test_in_a_loop_the_end_moves_as_the_beginning(camera: str) -> None:
    """From one moment to the next, each of zoom, pan and turn changes by a small share of all that it ever does."""
    way = track(camera, loops=True)
    moments = 400
    for component in zip(*(moves(way.move(time / moments)) for time in range(moments + 1)), strict=True):
        change = max(component) - min(component)
        assert all(abs(after - before) <= change / 20 for before, after in itertools.pairwise(component))


def test_moves_that_are_spread_beyond_the_end_of_a_loop_are_at_its_beginning() -> None:
    way = track("turn 1 at 50% > turn 2 > turn -4", loops=True)
    assert [way.move(at).degrees for at in (1 / 2, 5 / 6, 1 / 6)] == [1, 2, -4]
    assert way.move(0).degrees == pytest.approx(-1), "halfway from one to the other"


def test_before_its_first_and_after_its_last_keyframe_a_camera_goes_on_as_it_is() -> None:
    way = track("turn 2 at 40% > turn -2 at 60%", loops=False)
    assert [way.move(time).degrees for time in (0.0, 0.39, 0.61, 1.0)] == [2, 2, -2, -2]


@pytest.mark.parametrize(
    ("given_", "loops", "times"),
    [
        ((None,), True, (0,)),
        ((None, None), True, (0, 0.5)),
        ((None, None), False, (0, 1)),
        ((None, None, None, 0.9), True, (0, 0.3, 0.6, 0.9)),
        ((0.2, None, None), True, (0.2, 0.2 + 1 / 3, 0.2 + 2 / 3)),
        ((0.2, None, 0.6, None), False, (0.2, 0.4, 0.6, 1)),
    ],
)
def test_keyframes_without_a_time_are_spread_evenly(given_: tuple, loops: bool, times: tuple) -> None:
    assert spread_times(given_, loops=loops) == pytest.approx(times)


# ---- moves as arithmetic ----

MOVES = st.builds(
    Camera,
    zoom=st.floats(0.8, 1.25),
    pan_x=st.floats(-0.1, 0.1),
    pan_y=st.floats(-0.1, 0.1),
    degrees=st.floats(-10, 10),
)


@given(st.lists(MOVES, max_size=6))
def test_moves_and_what_takes_them_back_are_no_move(several: list[Camera]) -> None:
    there = compose_moves(several, Camera())
    assert moves(compose_moves((there, invert_move(there)), Camera())) == pytest.approx((1, 0, 0, 0), abs=1e-6)


def test_the_same_move_many_times() -> None:
    assert moves(compose_moves([Camera(zoom=1.02, degrees=1)] * 10, Camera())) == pytest.approx((1.02**10, 0, 0, 10))
    assert moves(compose_moves([Camera(pan_x=0.01)] * 7, Camera())) == pytest.approx((1, 0.07, 0, 0))


# ---- the way back ----


@pytest.mark.parametrize("camera", ["forward", "back", "spiral > drift left > back", "rise", "pan 0.02 -0.01, turn 2"])
def test_on_the_way_back_the_first_frame_is_seen_from_where_the_moves_to_come_lead_up_to_it(camera: str) -> None:
    way = travel(camera, focus=Focus(0.4, 0.6))
    for index in range(FRAMES - RETURN, FRAMES):
        ahead = [feedback(way, later).camera for later in range(index + 1, FRAMES)]
        last = msgspec.structs.replace(way.track.move(0.0), focus_x=0.4, focus_y=0.6)
        view = blend(way, index).camera
        assert (view.focus_x, view.focus_y) == (0.4, 0.6)
        assert moves(compose_moves((view, *ahead, last), Camera())) == pytest.approx((1, 0, 0, 0), abs=1e-6)


def test_the_first_frame_comes_nearer_and_its_edge_becomes_narrow() -> None:
    way = travel()
    views = [blend(way, index) for index in range(FRAMES - RETURN, FRAMES)]
    assert [view.camera.zoom for view in views] == pytest.approx([1.02**-left for left in range(len(views), 0, -1)])
    feathers = [view.feather for view in views]
    assert feathers == sorted(feathers, reverse=True) and 0 < feathers[-1] < 0.02


def test_the_nearer_the_end_the_less_is_imagined_anew() -> None:
    strengths = [shot(travel(), index).strength for index in range(1, FRAMES)]
    assert strengths[: FRAMES - RETURN - 1] == [0.8] * (FRAMES - RETURN - 1)
    assert strengths == sorted(strengths, reverse=True)
    assert 0.1 < strengths[-1] < 0.3


def test_a_ride_that_does_not_come_back_mixes_nothing_in() -> None:
    board = build_storyboard(Giro(seed=1, stages=(Stage("a", 30),), loop=False), SETTINGS)
    assert {shot.start.blend for shot in board.shots if isinstance(shot.start, FeedbackStart)} == {None}


@pytest.mark.parametrize("loop", [True, False])
def test_stages_side_by_side_look_at_no_frame_of_another(loop: bool) -> None:
    giro = Giro(seed=1, stages=(Stage("a", 20), Stage("b", 24), Stage("c", 16)), mode="parallel", loop=loop)
    shots = {shot.index: shot for shot in build_storyboard(giro, SETTINGS).shots}
    for index in range(21, 44):
        assert shots[index].sources <= {HIDDEN + 1, HIDDEN + 2, *range(20, index)}


def test_a_stage_leads_up_to_the_key_that_the_next_one_opens_from() -> None:
    giro = Giro(seed=1, stages=(Stage("a", 20), Stage("b", 20)), mode="parallel", focus=Focus(0.5, 0.4))
    shots = {shot.index: shot for shot in build_storyboard(giro, SETTINGS).shots}
    views = [shots[index].start.blend.camera.zoom for index in range(15, 20)]  # type: ignore[union-attr]
    assert views == pytest.approx([1.02**-left for left in (4, 3, 2, 1, 0)])
    assert shots[20].start == FeedbackStart(HIDDEN + 1, Camera(zoom=1.02, focus_x=0.5, focus_y=0.4))


# ---- what it looks at ----


def test_it_looks_at_the_frames_before_for_where_the_road_leads() -> None:
    way = travel()
    assert [glance.frame for glance in feedback(way, 20).camera.focus_sources] == list(range(20 - FOCUS_FRAMES, 20))
    assert [glance.frame for glance in feedback(way, 2).camera.focus_sources] == [0, 1]


def test_on_the_way_back_it_looks_more_and_more_at_the_first_frame() -> None:
    way = travel()
    shares = [feedback(way, index).camera.focus_sources[0].weight for index in range(FRAMES - RETURN, FRAMES)]
    assert shares == sorted(shares) and shares[-1] > 0.95
    for index in range(1, FRAMES):
        assert sum(glance.weight for glance in feedback(way, index).camera.focus_sources) == pytest.approx(1)
    assert blend(way, FRAMES - 1).camera.focus_sources == (FocusSource(0),)


def test_a_point_that_is_given_is_not_looked_for() -> None:
    way = travel(focus=Focus(0.3, 0.61))
    assert feedback(way, 5) == FeedbackStart(4, Camera(zoom=1.02, focus_x=0.3, focus_y=0.61))
    assert all(not past.camera.focus_sources for past in shot(way, 20).carried_noise)


# ---- noise ----


def test_noise_of_frames_before_is_carried_along_the_older_the_less() -> None:
    past = shot(travel(), 20).carried_noise
    assert [carried.seed for carried in past] == [
        frame_seed(7, index) for index in range(19, 19 - MAX_CARRIED_NOISES, -1)
    ]
    assert [carried.camera.zoom for carried in past] == pytest.approx(
        [1.02**age for age in range(1, MAX_CARRIED_NOISES + 1)]
    )
    fresh = math.sqrt(1 - sum(carried.weight**2 for carried in past))
    weights = [fresh, *(carried.weight for carried in past)]
    assert weights[1:] == pytest.approx([weight / 2 for weight in weights[:-1]])


def test_the_first_frames_noise_is_not_carried() -> None:
    assert shot(travel(), 1).carried_noise == ()
    assert [carried.seed for carried in shot(travel(), 2).carried_noise] == [frame_seed(7, 1)]


def test_noise_that_does_not_move_is_left_as_it_is() -> None:
    still = CameraMotion.from_recipe(Zoom(seed=7, prompt="a road"), Settings(noise_warp=0.0))
    assert all(shot(still, index).carried_noise == () for index in range(1, 60))


def test_every_frame_but_the_first_keeps_its_share_of_where_it_starts() -> None:
    recipe = Giro(seed=7, stages=(Stage("a road", 6), Stage("a street", 6)))
    shots = build_storyboard(recipe, Settings(persistence=0.4)).shots
    assert {shot.start.persistence for shot in shots if isinstance(shot.start, FeedbackStart)} == {0.4}
