"""How the stages of a giro give way to one another."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recipe.edits import extend_giro
from engine.recipe.recipe import Giro, Mode, Stage, Zoom, from_json, to_json
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.loop_closure import LoopClosure
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import HIDDEN, Anchor, FeedbackStart, Goal, Grade, Shot
from engine.storyboard.shot_graph import find_inherited_frames
from engine.storyboard.storyboard import Storyboard

PLAIN = Settings(size=64, steps=4, strength=0.5)
STEADY = msgspec.structs.replace(PLAIN, colour_anchor=0.5, crossfade=4)
GIRO = Giro(seed=1, stages=(Stage("a road", 12), Stage("a mountain", 12), Stage("a town", 12)), loop=False)
PARALLEL = msgspec.structs.replace(GIRO, mode="parallel")

GIROS = st.builds(
    Giro,
    seed=st.integers(0, 9),
    stages=st.lists(st.builds(Stage, st.sampled_from("abc"), st.integers(1, 30)), min_size=1, max_size=5).map(tuple),
    loop=st.booleans(),
    mode=st.sampled_from(["chain", "parallel"]),
)
SETTINGS = st.builds(
    Settings,
    colour_anchor=st.sampled_from([0.0, 0.5, 1.0]),
    layout_anchor=st.sampled_from([0.0, 0.1]),
    grade=st.sampled_from([0.0, 0.5]),
    crossfade=st.integers(0, 50),
    steps=st.just(4),
)


def frames_of(board: Storyboard) -> list[Shot]:
    return [shot for shot in board.shots if shot.index < HIDDEN]


def feedback(shot: Shot) -> FeedbackStart:
    assert isinstance(shot.start, FeedbackStart)
    return shot.start


def critical_path(board: Storyboard) -> int:
    """UNet calls that have to come one after another, however many lanes there are."""
    finished: dict[int, int] = {}
    for shot in board.shots:
        finished[shot.index] = shot.unet_calls + max((finished[source] for source in shot.sources), default=0)
    return max(finished.values())


@given(GIROS, SETTINGS)
def test_every_source_comes_before_its_shot_and_frames_come_in_order(recipe: Giro, settings: Settings) -> None:
    board = build_storyboard(recipe, settings)
    seen: set[int] = set()
    for shot in board.shots:
        assert shot.sources <= seen
        seen.add(shot.index)
    assert [shot.index for shot in frames_of(board)] == list(range(recipe.frames))


@given(GIROS, SETTINGS)
def test_mixes_and_anchors_add_up(recipe: Giro, settings: Settings) -> None:
    for shot in frames_of(build_storyboard(recipe, settings)):
        assert isinstance(shot.prompt, PromptMix)
        assert sum(weight for _, weight in shot.prompt.parts) == pytest.approx(1)
        assert len({prompt for prompt, _ in shot.prompt.parts}) == len(shot.prompt.parts)
        if shot.index:
            anchors = feedback(shot).anchors
            assert sum(anchor.weight for anchor in anchors) == pytest.approx(settings.colour_anchor)
            assert sum(anchor.layout for anchor in anchors) == pytest.approx(settings.layout_anchor)


def test_later_stages_are_graded_to_the_first_picture() -> None:
    graded = msgspec.structs.replace(STEADY, grade=0.5)
    frames = frames_of(build_storyboard(GIRO, graded))
    assert feedback(frames[11]).grade is None, "the first stage is as it is"
    assert {feedback(shot).grade for shot in frames[12:]} == {Grade(0, 0.5)}
    assert not any(feedback(shot).grade for shot in frames_of(build_storyboard(GIRO, STEADY))[1:])


@given(GIROS, st.builds(Stage, st.sampled_from("abcd"), st.integers(1, 30)), SETTINGS)
def test_an_extended_chain_keeps_its_key_frames_and_all_but_the_frames_that_closed_the_loop(
    recipe: Giro, stage: Stage, settings: Settings
) -> None:
    giro = msgspec.structs.replace(recipe, mode="chain")
    before, after = build_storyboard(giro, settings), build_storyboard(extend_giro(giro, stage), settings)
    kept = find_inherited_frames(after, before, [shot.index for shot in before.shots])
    closing = LoopClosure(giro.frames if giro.loop else 0).length
    assert kept == {shot.index for shot in before.shots} - set(range(giro.frames - closing, giro.frames))


def test_without_anchors_a_chain_needs_no_key_frames() -> None:
    assert [shot.index for shot in build_storyboard(GIRO, PLAIN).shots] == list(range(36))


def test_a_stage_is_anchored_to_a_picture_of_its_own_prompt_that_is_not_shown() -> None:
    board = build_storyboard(GIRO, STEADY)
    keys = [shot for shot in board.shots if shot.index >= HIDDEN]
    assert [(shot.index, shot.prompt, shot.start) for shot in keys] == [
        (HIDDEN + 1, PromptMix.of("a mountain"), NoiseStart()),
        (HIDDEN + 2, PromptMix.of("a town"), NoiseStart()),
    ]
    frames = frames_of(board)
    assert feedback(frames[11]).anchors == (Anchor(0, 0.5),)
    assert feedback(frames[23]).anchors == (Anchor(HIDDEN + 1, 0.5),)


def test_prompt_and_anchor_fade_over_in_the_first_frames_of_a_stage() -> None:
    frames = frames_of(build_storyboard(GIRO, STEADY))
    fading = frames[12:16]
    mixes = [dict(shot.prompt.parts) for shot in fading if isinstance(shot.prompt, PromptMix)]
    arrived = [mix["a mountain"] for mix in mixes]
    assert arrived == sorted(arrived) and 0 < arrived[0] < 0.2 and 0.8 < arrived[-1] < 1
    for shot, mix in zip(fading, mixes, strict=True):
        assert feedback(shot).anchors == (
            Anchor(HIDDEN + 1, pytest.approx(mix["a mountain"] / 2)),
            Anchor(0, pytest.approx(mix["a road"] / 2)),
        )
    assert frames[16].prompt == PromptMix.of("a mountain")


def test_a_stage_that_fades_in_is_led_towards_its_key_and_then_goes_its_own_way() -> None:
    steered = msgspec.structs.replace(STEADY, steering=0.4, colour_anchor=0.0)
    frames = frames_of(build_storyboard(GIRO, steered))
    leading = [feedback(shot).blend for shot in frames[12:17]]
    weights = [blend.weight if blend else 0.0 for blend in leading]
    assert {blend.frame for blend in leading if blend} == {HIDDEN + 1}
    assert weights[:4] == sorted(weights[:4]) and 0 < weights[0] < weights[3] < 0.4 and weights[4] == 0
    assert all(feedback(shot).blend is None for shot in frames[1:12])


def test_a_settled_stage_is_held_to_its_key_now_and_then() -> None:
    long = msgspec.structs.replace(GIRO, stages=(Stage("a road", 12), Stage("a mountain", 24)))
    goals = {shot.index: shot.goal for shot in frames_of(build_storyboard(long, STEADY)) if shot.goal}
    assert set(goals) == {20, 25, 30, 35}
    assert set(goals.values()) == {Goal(HIDDEN + 1, rather_than=0)}
    assert not any(shot.goal for shot in build_storyboard(long, PLAIN).shots)


def test_a_short_stage_has_half_of_its_frames_to_itself() -> None:
    short = msgspec.structs.replace(GIRO, stages=(Stage("a road", 12), Stage("a mountain", 4)))
    pure = [shot.prompt == PromptMix.of("a mountain") for shot in frames_of(build_storyboard(short, STEADY))[12:]]
    assert pure == [False, False, True, True]


def test_a_loop_comes_back_to_the_colours_of_its_first_frame() -> None:
    last = frames_of(build_storyboard(msgspec.structs.replace(GIRO, loop=True), STEADY))[-1]
    weights = {anchor.frame: anchor.weight for anchor in feedback(last).anchors}
    assert weights[0] > 0.45 > 0.05 > weights[HIDDEN + 2]


def test_a_parallel_stage_opens_from_its_key_and_the_one_before_is_led_there() -> None:
    frames = frames_of(build_storyboard(PARALLEL, STEADY))
    assert feedback(frames[12]).frame == HIDDEN + 1
    assert feedback(frames[13]).frame == 12
    assert frames[12].prompt == frames[13].prompt == PromptMix.of("a mountain")
    leading = [blend for shot in frames[9:12] if (blend := feedback(shot).blend)]
    assert [blend.frame for blend in leading] == [HIDDEN + 1] * 3
    weights = [blend.weight for blend in leading]
    assert weights == sorted(weights) and weights[-1] > 0.8
    assert feedback(frames[8]).blend is None


@pytest.mark.parametrize("loop", [True, False])
def test_side_by_side_stages_wait_for_key_frames_only(loop: bool) -> None:
    chain, parallel = (
        build_storyboard(msgspec.structs.replace(recipe, loop=loop), STEADY) for recipe in (GIRO, PARALLEL)
    )
    assert parallel.unet_calls <= chain.unet_calls  # frames that are led somewhere take fewer steps
    assert critical_path(parallel) <= 4 + 12 * 2 < critical_path(chain) / 2


@pytest.mark.parametrize("mode", ["chain", "parallel"])
def test_the_mode_is_part_of_the_recipe_and_old_ones_are_chains(mode: Mode) -> None:
    recipe = msgspec.structs.replace(GIRO, mode=mode)
    assert from_json(to_json(recipe)) == recipe
    old = from_json('{"kind":"giro","seed":1,"stages":[{"prompt":"a road","frames":3}]}')
    assert isinstance(old, Giro) and old.mode == "chain"


def test_a_zoom_is_anchored_to_its_first_frame() -> None:
    shots = build_storyboard(Zoom(seed=1, prompt="a road", frames=8), STEADY).shots
    assert all(feedback(shot).anchors == (Anchor(0, 0.5),) for shot in shots[1:])
    held = msgspec.structs.replace(STEADY, colour_anchor=0.0, layout_anchor=0.1)
    shots = build_storyboard(Zoom(seed=1, prompt="a road", frames=8), held).shots
    assert all(feedback(shot).anchors == (Anchor(0, 0.0, layout=0.1),) for shot in shots[1:])
