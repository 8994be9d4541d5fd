"""Clamping: within the limits where that is possible, and every change is noted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LimitError
from engine.recipe.recipe import Giro, Morph, Stage, Zoom
from engine.recipe.settings import Overrides
from studio.config.config import LimitsConfig
from studio.rules.clamp import clamp_recipe

MORPH = Morph(source="skunk", target="puppy", frames=21, seed=1)


def notes(clamped):
    return [str(note) for note in clamped.notes]


def test_what_is_within_the_limits_stays_as_it_is():
    assert clamp_recipe(MORPH, LimitsConfig()).recipe == MORPH
    assert clamp_recipe(MORPH, LimitsConfig()).notes == ()


def test_frames_are_cut_and_the_member_is_told_the_limit():
    clamped = clamp_recipe(MORPH, LimitsConfig(frames=9))
    assert clamped.recipe == Morph(source="skunk", target="puppy", frames=9, seed=1)
    assert notes(clamped) == ["21 frames were asked for; at most 9 are allowed here."]


def test_a_giro_shrinks_in_step_over_its_stages():
    giro = Giro(stages=(Stage("a", 30), Stage("b", 60), Stage("c", 10)), seed=1)
    assert clamp_recipe(giro, LimitsConfig(frames=50)).recipe.stages == (Stage("a", 15), Stage("b", 30), Stage("c", 5))


def test_too_many_stages_are_refused():
    with pytest.raises(LimitError, match="There are 3 stages; at most 2 are allowed here"):
        clamp_recipe(Giro(stages=(Stage("a", 5),) * 3, seed=1), LimitsConfig(stages=2))


def test_what_cannot_be_that_short_is_refused():
    with pytest.raises(LimitError, match="Only giros"):
        clamp_recipe(MORPH, LimitsConfig(frames=1))


def test_ones_own_size_and_steps_are_cut():
    zoom = Zoom(prompt="a road", seed=1, settings=Overrides(size=1024, steps=80))
    clamped = clamp_recipe(zoom, LimitsConfig(size=500, steps=20))
    assert clamped.recipe.settings == Overrides(size=496, steps=20)
    assert notes(clamped) == [
        "Frames of 1024 pixels were asked for; at most 496 are allowed here.",
        "80 denoising steps a frame were asked for; at most 20 are allowed here.",
    ]


def test_what_is_left_open_stays_open():
    assert clamp_recipe(MORPH, LimitsConfig(size=256, steps=20)).recipe.settings == Overrides()


@given(st.lists(st.integers(1, 20), min_size=1, max_size=20), st.integers(1, 200), st.integers(64, 600))
def test_whatever_comes_out_is_within_the_limits_and_clamping_it_again_changes_nothing(lengths, frames, size):
    limits = LimitsConfig(frames=frames, size=size)
    giro = Giro(stages=tuple(Stage("a", n) for n in lengths), seed=1, settings=Overrides(size=512))
    clamped = clamp_recipe(giro, limits)
    assert clamped.recipe.frames <= frames
    assert clamped.recipe.settings.size <= size
    assert clamp_recipe(clamped.recipe, limits).notes == ()
