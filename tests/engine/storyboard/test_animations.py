"""Storyboards: every shot of the three animations, as plain data."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recipe.recipe import Focus, Giro, Morph, Recipe, Stage, Zoom
from engine.recipe.settings import Settings
from engine.recipe.stages import SEED_STAGES
from engine.storyboard.builder import build_storyboard
from engine.storyboard.loop_closure import LoopClosure
from engine.storyboard.morph_path import NoiseStart, PromptMix, TokenMix
from engine.storyboard.shot import Blend, Camera, FeedbackStart, Shot, frame_seed, is_hidden
from engine.storyboard.storyboard import Storyboard

SETTINGS = Settings(size=128, steps=20, strength=0.4, zoom=1.02)
CHAIN = msgspec.structs.replace(SETTINGS, morphing="feedback")

RECIPES = st.one_of(
    st.builds(
        Giro,
        seed=st.integers(0, 9),
        stages=st.lists(st.builds(Stage, st.sampled_from("abc"), st.integers(1, 30)), min_size=1, max_size=6).map(
            tuple
        ),
        loop=st.booleans(),
    ),
    st.builds(Morph, seed=st.integers(0, 9), source=st.just("a"), target=st.just("b"), frames=st.integers(2, 60)),
    st.builds(Zoom, seed=st.integers(0, 9), prompt=st.just("a"), frames=st.integers(2, 120)),
)


@given(RECIPES)
def test_one_shot_a_frame_and_every_source_before_its_shot(recipe: Recipe) -> None:
    shots = build_storyboard(recipe, SETTINGS).shots
    assert [shot.index for shot in shots if not is_hidden(shot.index)] == list(range(recipe.frames))
    made: set[int] = set()
    for shot in shots:
        assert shot.sources <= made
        made.add(shot.index)
    assert isinstance(shots[0].start, NoiseStart)


@given(RECIPES)
def test_a_storyboard_is_plain_data_and_always_the_same(recipe: Recipe) -> None:
    board = build_storyboard(recipe, SETTINGS)
    assert build_storyboard(recipe, SETTINGS) == board
    assert msgspec.json.decode(msgspec.json.encode(board), type=Storyboard) == board


@given(RECIPES)
def test_weights_of_a_mix_add_up(recipe: Recipe) -> None:
    for shot in build_storyboard(recipe, SETTINGS).shots:
        if isinstance(shot.prompt, PromptMix):
            assert sum(weight for _, weight in shot.prompt.parts) == pytest.approx(1)
            assert all(weight > 0 for _, weight in shot.prompt.parts)


def test_a_giro_rides_through_its_stages_a_little_closer_each_frame() -> None:
    board = build_storyboard(Giro(seed=7, stages=SEED_STAGES, loop=False), SETTINGS)
    assert len(board.shots) == 275
    assert [shot.prompt for shot in board.shots[24:26]] == [PromptMix.of(stage.prompt) for stage in SEED_STAGES[:2]]
    assert camera_of(board.shots[100]).zoom == 1.02
    assert board.shots[100].sources == set(range(94, 100))
    assert all(shot.prompt == PromptMix.of(SEED_STAGES[-1].prompt) for shot in board.shots[225:])


def test_a_giro_loops_by_mixing_its_first_frame_in_with_a_growing_weight() -> None:
    board = build_storyboard(Giro(seed=7, stages=SEED_STAGES), SETTINGS)
    weights = [blend.weight for shot in board.shots if (blend := blend_of(shot))]
    assert weights == sorted(weights)
    assert 0 < weights[0] < 0.05 and 0.95 < weights[-1] < 1
    assert [shot.index for shot in board.shots if blend_of(shot)] == list(range(275 - 24, 275))
    last = board.shots[-1].prompt
    assert isinstance(last, PromptMix)
    assert last.parts[-1] == (SEED_STAGES[0].prompt, weights[-1])


@given(st.integers(1, 1000))
def test_a_loop_closes_within_a_quarter_of_the_animation(frames: int) -> None:
    closure = LoopClosure(frames)
    weights = [closure.weight(index) for index in range(frames)]
    assert weights[0] == 0
    assert sum(weight > 0 for weight in weights) == closure.length <= frames / 4
    assert weights == sorted(weights)


def test_a_zoom_moves_towards_its_focus_in_fractions_of_a_pixel() -> None:
    board = build_storyboard(Zoom(seed=1, prompt="a road", frames=40, focus=Focus(0.3, 0.61)), SETTINGS)
    assert board.shots[5].start == FeedbackStart(4, Camera(zoom=1.02, focus_x=0.3, focus_y=0.61))
    assert isinstance(blend_of(board.shots[-1]), Blend)


def test_the_notebooks_morph_goes_from_all_source_to_all_target() -> None:
    board = build_storyboard(Morph(seed=1, source="skunk", target="puppy", frames=5), CHAIN)
    assert [shot.prompt for shot in board.shots] == [
        TokenMix("a picture of a {}", "skunk", "puppy", weight) for weight in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert [shot.start for shot in board.shots] == [NoiseStart(), *(FeedbackStart(index) for index in range(4))]
    assert board.shots[1].sources == {0}


def test_the_seeds_own_numbers_of_steps() -> None:
    """30 steps, and every later frame starts at step 10 of them: 20 calls."""
    board = build_storyboard(
        Morph(seed=4, source="skunk", target="puppy"), Settings(steps=30, strength=2 / 3, morphing="feedback")
    )
    assert [shot.unet_calls for shot in board.shots[:2]] == [30, 20]
    assert board.unet_calls == 30 + 20 * 20


def test_even_the_least_strength_takes_one_step() -> None:
    board = build_storyboard(Morph(seed=4, source="a", target="b"), Settings(steps=5, strength=0.1))
    assert board.shots[1].unet_calls == 1


def test_frames_have_seeds_of_their_own_and_the_first_keeps_the_recipes() -> None:
    seeds = [frame_seed(77, index) for index in range(1000)]
    assert seeds[0] == 77
    assert len(set(seeds)) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert frame_seed(77, 5) != frame_seed(78, 5)


def camera_of(shot: Shot) -> Camera:
    assert isinstance(shot.start, FeedbackStart)
    return shot.start.camera


def blend_of(shot: Shot) -> Blend | None:
    return shot.start.blend if isinstance(shot.start, FeedbackStart) else None
