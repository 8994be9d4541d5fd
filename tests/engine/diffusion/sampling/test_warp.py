"""The camera's move: exact below the pixel, sharp after many moves, without streaks at the borders."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion.sampling import warp as resampling
from engine.diffusion.sampling.warp import mask_presence, warp
from engine.storyboard.shot import Camera

SIZE = 96
INSIDE = slice(16, -16)
"""Away from the borders, where what lies outside the picture plays a part."""


def centres(size: int = SIZE) -> Tensor:
    return torch.arange(size) + 0.5


def waves(period: float, shift_x: float = 0.0, shift_y: float = 0.0) -> Tensor:
    """Return a picture of smooth waves in both directions, moved by so many pixels; values -1…1."""
    x = torch.sin(2 * math.pi * (centres() - shift_x) / period)
    y = torch.cos(2 * math.pi * (centres() - shift_y) / period)
    return ((x[None, :] + y[:, None]) / 2).expand(1, 3, SIZE, SIZE).clone()


def inner(image: Tensor) -> Tensor:
    return image[..., INSIDE, INSIDE]


def blob(x: float, y: float) -> Tensor:
    """Return a soft spot at (x, y), in pixels."""
    return torch.exp(-((centres()[None, :] - x) ** 2 + (centres()[:, None] - y) ** 2) / 18).expand(1, 3, SIZE, SIZE)


def centre_of_mass(image: Tensor) -> tuple[float, float]:
    weight = image[0, 0]
    total = weight.sum()
    return float((weight.sum(0) * centres()).sum() / total), float((weight.sum(1) * centres()).sum() / total)


# ---- where things go ----


def test_a_still_camera_returns_the_very_picture():
    image = torch.rand(1, 3, SIZE, SIZE)

    assert warp(image, Camera(focus_x=0.2)) is image


def test_a_pan_by_whole_pixels_is_a_crop():
    image = torch.rand(1, 3, SIZE, SIZE)

    moved = warp(image, Camera(pan_x=3 / SIZE, pan_y=-2 / SIZE))

    assert moved[..., 2:, :-3] == pytest.approx(image[..., :-2, 3:], abs=1e-5)


@pytest.mark.parametrize("shift", [0.1, 0.25, 0.5, 0.9, 1.37])
def test_a_pan_below_a_pixel_is_exact(shift):
    moved = warp(waves(period=8), Camera(pan_x=shift / SIZE, pan_y=-shift / SIZE))

    assert inner(moved) == pytest.approx(inner(waves(period=8, shift_x=-shift, shift_y=shift)), abs=1e-2)


@pytest.mark.parametrize("camera", [{"zoom": 1.1}, {"zoom": 0.9}, {"degrees": 20}, {"zoom": 1.05, "degrees": -7}])
@pytest.mark.parametrize("focus", [(0.5, 0.5), (0.3, 0.65), (0.51, 0.373)])
def test_what_is_at_the_focus_stays_there(camera, focus):
    x, y = focus[0] * SIZE, focus[1] * SIZE

    moved = warp(blob(x, y), Camera(**camera, focus_x=focus[0], focus_y=focus[1]))

    assert centre_of_mass(moved) == pytest.approx((x, y), abs=0.02)


def test_a_zoom_magnifies_about_the_focus():
    moved = warp(blob(40, 60), Camera(zoom=1.25, focus_x=0.5, focus_y=0.5))

    assert centre_of_mass(moved) == pytest.approx((48 - 8 * 1.25, 48 + 12 * 1.25), abs=0.02)


def test_a_view_that_turns_clockwise_sees_the_picture_turn_the_other_way():
    image = torch.rand(1, 3, SIZE, SIZE)

    assert warp(image, Camera(degrees=90)) == pytest.approx(torch.rot90(image, 1, (-2, -1)), abs=1e-5)


def test_a_view_that_moves_right_and_down_sees_the_picture_move_left_and_up():
    moved = warp(blob(48, 48), Camera(pan_x=0.05, pan_y=0.1))

    assert centre_of_mass(moved) == pytest.approx((48 - 0.05 * SIZE, 48 - 0.1 * SIZE), abs=0.02)


def test_two_small_zooms_are_one_larger():
    image = waves(period=16)
    small = Camera(zoom=1.02, focus_x=0.4, focus_y=0.6)

    twice = warp(warp(image, small), small)
    once = warp(image, Camera(zoom=1.02**2, focus_x=0.4, focus_y=0.6))

    assert inner(twice) == pytest.approx(inner(once), abs=2e-2)


def test_turning_there_and_back_gives_the_picture_again():
    image = waves(period=12)

    back = warp(warp(image, Camera(degrees=15)), Camera(degrees=-15))

    assert inner(back) == pytest.approx(inner(image), abs=1e-2)


def test_with_and_without_rotation_the_arithmetic_is_the_same():
    image = torch.rand(1, 3, SIZE, SIZE)
    camera = {"zoom": 1.03, "pan_x": 0.011, "pan_y": -0.004, "focus_x": 0.3, "focus_y": 0.7}

    turned_by_nothing = warp(image, Camera(**camera, degrees=1e-9))

    assert turned_by_nothing == pytest.approx(warp(image, Camera(**camera)), abs=1e-4)


@pytest.mark.parametrize("camera", [{"zoom": 1.02}, {"zoom": 0.6, "focus_x": 0.1}, {"pan_x": 0.7, "pan_y": -1.3}])
def test_by_matrices_as_on_a_graphics_card_the_arithmetic_is_the_same(camera, monkeypatch):
    image = torch.rand(1, 3, 40, 72)
    added_up = warp(image, Camera(**camera))
    monkeypatch.setattr(resampling, "_resample_on_cpu", resampling._resample_on_gpu)

    assert torch.allclose(warp(image, Camera(**camera)), added_up, atol=1e-6)


def test_a_picture_need_not_be_square():
    image = torch.rand(1, 3, 40, 72)

    for camera in (Camera(zoom=1.1, pan_x=0.1), Camera(zoom=1.1, degrees=5)):
        assert warp(image, camera).shape == image.shape


# ---- how it looks ----


def by_grid_sample(image: Tensor, camera: Camera, mode: str) -> Tensor:
    """Pan by torch's own kernels, to compare with."""
    theta = torch.tensor([[[1.0, 0.0, 2 * camera.pan_x], [0.0, 1.0, 0.0]]])
    grid = F.affine_grid(theta, list(image.shape), align_corners=False)
    return F.grid_sample(image, grid, mode=mode, padding_mode="reflection", align_corners=False)


def contrast_after_sixteen_moves(move, period: float) -> float:
    """Return what is left of waves after 16 pans by fractions of a pixel; 1 is all of it."""
    image = moved = waves(period)
    for number in range(16):
        moved = move(moved, Camera(pan_x=(number * 0.618 % 1 - 0.5) / SIZE))
    return float((inner(moved).std(-1) / inner(image).std(-1)).mean())


def test_fine_detail_survives_many_moves_better_than_with_torchs_kernels():
    ours = contrast_after_sixteen_moves(warp, period=4)
    bicubic = contrast_after_sixteen_moves(lambda image, camera: by_grid_sample(image, camera, "bicubic"), period=4)
    bilinear = contrast_after_sixteen_moves(lambda image, camera: by_grid_sample(image, camera, "bilinear"), period=4)

    assert 0.9 < ours < 1.3
    assert bicubic < 0.85
    assert bilinear < 0.1


def test_coarser_detail_rings_less_than_with_torchs_bicubic():
    ours = contrast_after_sixteen_moves(warp, period=8)
    bicubic = contrast_after_sixteen_moves(lambda image, camera: by_grid_sample(image, camera, "bicubic"), period=8)

    assert ours < 1.1 < bicubic


@pytest.mark.parametrize(
    "camera", [Camera(zoom=1.3), Camera(zoom=0.7, pan_x=0.2), Camera(degrees=30), Camera(zoom=0.8, degrees=10)]
)
def test_a_flat_picture_stays_flat_up_to_its_borders(camera):
    image = torch.full((1, 3, SIZE, SIZE), 0.3)

    assert warp(image, camera) == pytest.approx(image, abs=1e-5)


@pytest.mark.parametrize("degrees", [0.0, 1e-9], ids=["axes", "turned"])
def test_detail_too_fine_for_a_zoom_out_is_averaged_away(degrees):
    stripes = (torch.arange(SIZE) % 2).float().expand(1, 3, SIZE, SIZE)

    shrunk = warp(stripes, Camera(zoom=0.6, degrees=degrees))[..., 28:-28, 28:-28]

    assert shrunk == pytest.approx(torch.full_like(shrunk, 0.5), abs=0.03)


def test_beyond_the_border_a_picture_goes_on_as_its_mirror_image():
    image = torch.rand(1, 3, SIZE, SIZE)

    moved = warp(image, Camera(pan_x=-4 / SIZE))

    assert moved[..., :4] == pytest.approx(image[..., :4].flip(-1), abs=1e-5)


def test_a_picture_may_be_left_far_behind():
    image = torch.rand(1, 3, SIZE, SIZE)

    for camera in (Camera(pan_x=7.3, zoom=0.1), Camera(pan_y=-5.2, degrees=33, zoom=0.8)):
        moved = warp(image, camera)
        assert moved.isfinite().all()
        assert (moved - 0.5).abs().max() < 0.8


# ---- slow moves ----


def test_a_very_slow_pan_moves_the_same_way_in_every_frame():
    image = blob(48, 48)
    places = []
    for _ in range(24):
        image = warp(image, Camera(pan_x=0.1 / SIZE))
        places.append(centre_of_mass(image)[0])

    steps = [before - after for before, after in itertools.pairwise(places)]
    assert steps == pytest.approx([0.1] * len(steps), abs=0.02)


def test_a_very_slow_zoom_moves_the_same_way_in_every_frame():
    image, zoom = blob(48 + 24, 48), 1.0005
    places = []
    for _ in range(24):
        image = warp(image, Camera(zoom=zoom))
        places.append(centre_of_mass(image)[0])

    steps = [after - before for before, after in itertools.pairwise(places)]
    assert steps == pytest.approx([24 * (zoom - 1)] * len(steps), abs=0.02)
    assert places[-1] - 48 == pytest.approx(24 * zoom**24, abs=0.06)


# ---- where the picture is ----


def test_a_picture_that_fills_the_view_is_there_everywhere_but_for_its_soft_edge():
    there = mask_presence(Camera(), SIZE, SIZE, feather=0.1)

    assert there[12:-12, 12:-12].min() == 1
    assert there[0].max() < 0.01
    assert (there[:10, 48].diff() > 0).all()


def test_beyond_a_pictures_borders_there_is_nothing_of_it():
    there = mask_presence(Camera(zoom=0.5), SIZE, SIZE, feather=0.02)

    assert there[SIZE // 4 + 1 : -SIZE // 4 - 1, 48].min() > 0
    assert there[: SIZE // 4].max() == there[:, -SIZE // 4 :].max() == 0


def test_from_close_by_a_picture_is_there_up_to_the_corners():
    assert mask_presence(Camera(zoom=1.3), SIZE, SIZE, feather=0.05).min() == 1
