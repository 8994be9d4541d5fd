"""Measures of single frames and of motion tell apart what an eye tells apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageFilter

from benchmarks.quality.measures import colour_drift, degenerate, in_view, kept, look, magnification, warp_error
from engine.diffusion.sampling.warp import warp
from engine.storyboard.shot import Camera
from training.drawing.picture import Picture


@pytest.fixture(scope="module")
def road():
    return np.asarray(Picture.draw(4).image)


def moved(picture, camera):
    image = torch.tensor(picture).permute(2, 0, 1)[None].float()
    return warp(image, camera)[0].permute(1, 2, 0).clamp(0, 255).round().byte().numpy()


def enhanced(picture, kind, factor):
    return np.asarray(kind(Image.fromarray(picture)).enhance(factor))


def test_blur_lowers_sharpness_and_leaves_colour_alone(road):
    blurred = look(np.asarray(Image.fromarray(road).filter(ImageFilter.GaussianBlur(2))))
    assert blurred.sharpness < 0.8 * look(road).sharpness
    assert blurred.saturation == pytest.approx(look(road).saturation, rel=0.05)


def test_saturation_and_contrast_follow_the_picture(road):
    assert look(enhanced(road, ImageEnhance.Color, 0.5)).saturation < 0.7 * look(road).saturation
    assert look(enhanced(road, ImageEnhance.Contrast, 0.5)).contrast < 0.7 * look(road).contrast


def test_summer_that_turns_to_autumn_is_a_drift_of_colour(road):
    autumn = look(road[..., [1, 0, 2]])
    assert colour_drift([look(road)] * 4) == 0
    assert colour_drift([look(road), autumn, autumn]) > 20


def test_frames_that_nobody_would_post_are_counted(road):
    flat = np.full_like(road, 128)
    assert degenerate([road, np.roll(road, 1, axis=1)]) == 0
    assert degenerate([road, flat, road, road]) == 0.5


def test_what_is_kept_compares_the_quarters():
    assert kept([4, 4, 9, 9, 9, 9, 2, 2]) == 0.5
    with pytest.raises(ValueError, match="four"):
        kept([1, 2, 3])


@pytest.mark.parametrize("zoom", [0.9, 0.98, 1.0, 1.02, 1.15])
@pytest.mark.parametrize("focus", [(0.5, 0.5), (0.4, 0.65)])
def test_a_magnification_is_found_again(road, zoom, focus):
    closer = moved(road, Camera(zoom=zoom, focus_x=focus[0], focus_y=focus[1]))
    assert math.log(magnification(road, closer, focus)) == pytest.approx(math.log(zoom), abs=0.003)


def test_frames_that_follow_the_camera_have_little_warp_error(road):
    camera = Camera(zoom=1.03, focus_y=0.6, pan_x=0.01, degrees=1.0)
    follows = moved(road, camera)
    assert warp_error(road, follows, camera) < 0.3
    assert warp_error(road, road, camera) > 2


def test_only_what_stays_in_view_counts_for_the_warp_error(road):
    camera = Camera(pan_x=0.25)
    after = moved(road, camera)
    after[:, 200:] = 255
    assert warp_error(road, after, camera) < 0.3


def test_what_stays_in_view():
    assert in_view(Camera(zoom=1.1, focus_x=0.2), 8, 8).all()
    right = in_view(Camera(pan_x=0.25), 8, 8)
    assert right[:, :6].all()
    assert not right[:, 6:].any()
    assert 0 < in_view(Camera(degrees=45), 16, 16).mean() < 0.9
