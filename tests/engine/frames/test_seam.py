"""The seam tells a loop that closes from one that jumps, and is a finite number whatever the frames."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.frames.seam import SeamMeter, measure_seam
from tests.engine.frames.scenes import noise


def grey(level: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def test_it_is_the_last_jump_over_the_median_step():
    steps_of_10_then_back_by_40 = [grey(level) for level in (100, 110, 120, 130, 140)]
    assert measure_seam(steps_of_10_then_back_by_40) == pytest.approx(4)


def test_a_loop_that_closes_as_it_runs_has_a_seam_of_one():
    there_and_back = [grey(level) for level in (100, 110, 120, 130, 120, 110)]
    assert measure_seam(there_and_back) == pytest.approx(1)


def test_the_median_ignores_a_single_cut():
    assert measure_seam([grey(level) for level in (0, 2, 4, 200, 202, 204)]) == pytest.approx(102)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        pytest.param([], 0, id="no frame"),
        pytest.param([9], 0, id="one frame"),
        pytest.param([9, 9], 0, id="two equal frames"),
        pytest.param([9, 30], 1, id="two frames"),
        pytest.param([9, 9, 9, 9], 0, id="nothing moves"),
    ],
)
def test_degenerate_animations(levels, expected):
    assert measure_seam(grey(level) for level in levels) == expected


def test_a_still_that_jumps_at_the_end_has_a_huge_but_finite_seam():
    value = measure_seam([grey(9), grey(9), grey(9), grey(10)])
    assert math.isfinite(value)
    assert value > 1000


@pytest.mark.parametrize("size", [(64, 64), (128, 128), (512, 320)])
def test_size_does_not_matter_to_flat_frames(size):
    assert measure_seam(grey(level, size) for level in (0, 10, 40)) == pytest.approx(40 / 20)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=12))
def test_it_is_the_same_frame_by_frame_and_always_finite(seeds):
    meter = SeamMeter()
    for one in seeds:
        meter.add(noise(one))
    assert meter.seam == measure_seam(noise(one) for one in seeds)
    assert math.isfinite(meter.seam)
    assert meter.seam >= 0
