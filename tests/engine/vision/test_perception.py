"""The perceptual distance orders what anybody would order, and the figures of an animation follow from its steps."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from engine.vision.perception import (
    describe_picture,
    directness,
    measure_steps,
    perceptual_distance,
    seam,
    to_lab,
    variation,
    worst_jump,
)
from training.drawing.picture import Picture


@pytest.fixture(scope="module")
def road():
    return np.asarray(Picture.draw(0).image)


@pytest.fixture(scope="module")
def other():
    return np.asarray(Picture.draw(2).image)


def between(one, another):
    return perceptual_distance(describe_picture(one), describe_picture(another))


def grainy(picture, levels):
    noise = np.random.default_rng(0).normal(0, levels, picture.shape)
    return np.clip(picture + noise, 0, 255).round().astype(np.uint8)


def grey(level):
    return np.full((64, 64, 3), level, np.uint8)


def test_it_is_a_metric(road, other):
    third = grainy(road, 10)
    assert between(road, road) == 0
    assert between(road, other) == between(other, road)
    assert between(road, other) <= between(road, third) + between(third, other)


def test_grain_is_less_than_a_shift_and_a_shift_less_than_another_picture(road, other):
    grain = between(road, grainy(road, 4))
    small, large = between(road, np.roll(road, 4, axis=1)), between(road, np.roll(road, 16, axis=1))
    assert grain < small < large < between(road, other) / 2


def test_it_grows_with_blur_where_colours_stay(road):
    blurred = [np.asarray(Image.fromarray(road).filter(ImageFilter.GaussianBlur(radius))) for radius in (1, 3, 9)]
    distances = [between(road, picture) for picture in blurred]
    assert distances == sorted(distances)
    assert distances[0] > 0.5


def test_a_pixel_by_pixel_difference_would_order_them_wrongly(road):
    """Grain moves every pixel a little, and nobody sees it from where a shift is plain."""
    grain, shift = grainy(road, 14), np.roll(road, 2, axis=0)
    assert np.abs(road - grain.astype(float)).mean() > np.abs(road - shift.astype(float)).mean()
    assert between(road, grainy(road, 4)) < between(road, shift)


@pytest.mark.parametrize("side", [64, 256, 300])
def test_the_size_of_the_pictures_matters_little(road, other, side):
    def sized(picture):
        return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))

    assert between(sized(road), sized(other)) == pytest.approx(between(road, other), rel=0.25)


def test_lab_knows_white_black_and_the_direction_of_red():
    white, black, red = to_lab(np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], np.uint8))[0]
    assert white == pytest.approx([100, 0, 0], abs=0.02)
    assert black == pytest.approx([0, 0, 0], abs=0.02)
    assert red == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


def test_the_figures_of_even_steps():
    assert worst_jump([2.0, 2.0, 2.0]) == 1
    assert variation([2.0, 2.0, 2.0]) == 0


def test_the_figures_of_a_cut():
    assert worst_jump([1.0, 1.0, 6.0, 1.0]) == 6
    assert variation([1.0, 3.0]) == 0.5


def test_there_and_back_closes_and_one_way_does_not():
    there_and_back = [describe_picture(grey(level)) for level in (100, 110, 120, 130, 120, 110)]
    assert seam(there_and_back) == pytest.approx(1, rel=0.1)
    one_way = [describe_picture(grey(level)) for level in (100, 110, 120, 130, 140)]
    assert seam(one_way) == pytest.approx(4, rel=0.1)
    assert directness(one_way) == pytest.approx(1)
    assert directness(there_and_back) == pytest.approx(0.2, rel=0.1)


def test_pictures_that_never_change_have_finite_figures():
    still = [describe_picture(grey(90))] * 4
    assert measure_steps(still) == [0, 0, 0]
    assert (worst_jump(measure_steps(still)), variation(measure_steps(still)), seam(still), directness(still)) == (
        0,
        0,
        0,
        0,
    )
