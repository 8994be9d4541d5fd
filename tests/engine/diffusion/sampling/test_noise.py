"""Noise that moves with the camera: still white, still of unit variance, and where the camera has taken it."""

from __future__ import annotations

import msgspec
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion.sampling import noise_warper
from engine.diffusion.sampling.noise import DIVISIONS, move_noise, subdivide_noise
from engine.diffusion.sampling.noise_warper import NoiseWarper
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import Camera, CarriedNoise
from tests.embedded import make_shot

CAMERAS = [
    Camera(zoom=1.02),
    Camera(zoom=1.02**5, focus_x=0.45, focus_y=0.43),
    Camera(zoom=1.3),
    Camera(zoom=0.85),
    Camera(pan_x=0.03, pan_y=-0.01),
    Camera(zoom=1.05, degrees=7),
    Camera(degrees=45),
]


def drawn(seed: int, size: int = 32) -> tuple[Tensor, Tensor, Tensor]:
    """Return noise, the same divided, and divided noise for beyond its borders."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, 4, size, size, generator=generator)
    fine = subdivide_noise(noise, generator)
    return noise, fine, torch.randn(fine.shape, generator=generator)


def many(camera: Camera, draws: int = 60) -> Tensor:
    return torch.cat([move_noise(fine, camera, beyond) for _, fine, beyond in map(drawn, range(draws))])


def correlation(noise: Tensor, other: Tensor) -> float:
    return float((noise * other).mean() / (noise.std() * other.std()))


def test_small_cells_are_white_noise_that_adds_up_to_the_large_ones():
    noise, fine, _ = drawn(3, size=128)

    assert F.avg_pool2d(fine, DIVISIONS) * DIVISIONS == pytest.approx(noise, abs=1e-5)
    assert fine.std() == pytest.approx(1, abs=0.01)
    for shift in ((0, 1), (1, 0), (1, 1)):
        assert correlation(fine, fine.roll(shift, (-2, -1))) == pytest.approx(0, abs=0.01)


def test_a_camera_that_stands_still_leaves_the_noise_as_it_is():
    noise, fine, beyond = drawn(3)

    assert move_noise(fine, Camera(), beyond) == pytest.approx(noise, abs=1e-5)


@pytest.mark.parametrize("camera", CAMERAS)
def test_every_place_keeps_unit_variance(camera):
    noise = many(camera)

    assert noise.std() == pytest.approx(1, abs=0.01)
    for edge in (noise[..., :2, :], noise[..., -2:, :], noise[..., :2], noise[..., -2:]):
        assert edge.std() == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("camera", CAMERAS)
def test_neighbours_hardly_know_of_each_other(camera):
    noise = many(camera)

    for across, down in ((1, 0), (0, 1), (1, 1), (2, 0)):
        assert abs(correlation(noise[..., down:, across:], noise[..., : 32 - down, : 32 - across])) < 0.1


def test_it_goes_where_the_picture_goes():
    noise, fine, beyond = drawn(5)

    there = move_noise(fine, Camera(pan_x=3 / 32, pan_y=-2 / 32), beyond)

    assert there[..., 2:, :-3] == pytest.approx(noise[..., :-2, 3:], abs=1e-5)
    assert abs(correlation(there[..., :2, :], noise[..., :2, :])) < 0.3


@pytest.mark.parametrize("camera", [camera for camera in CAMERAS if camera.degrees == 0])
def test_with_and_without_rotation_it_goes_to_the_same_places(camera):
    _, fine, beyond = drawn(5)

    turned = move_noise(fine, msgspec.structs.replace(camera, degrees=1e-9), beyond)

    assert correlation(turned, move_noise(fine, camera, beyond)) > 0.9  # a few small cells fall on the line between two


@pytest.mark.parametrize(("count", "size", "drawn_seeds"), [(2, 10**6, [1, 2, 3, 2]), (2, 10, [1, 2, 1, 3, 1, 2])])
def test_the_latest_noises_are_kept_and_those_that_are_too_large_are_drawn_again(monkeypatch, count, size, drawn_seeds):
    seeds = []
    monkeypatch.setattr(noise_warper, "KEPT", count)
    monkeypatch.setattr(noise_warper, "KEPT_BYTES", size)

    def subdivide(noise, generator):
        seeds.append(generator.initial_seed())
        return subdivide_noise(noise, generator)

    monkeypatch.setattr(noise_warper, "subdivide_noise", subdivide)
    warper = NoiseWarper(torch.device("cpu"))
    for seed in (1, 2, 1, 3, 1, 2):
        shot = msgspec.structs.replace(make_shot(NoiseStart()), carried_noise=(CarriedNoise(seed, 0.6, Camera()),))
        warper.mix_noise(torch.zeros(1, 4, 8, 8), shot)
    assert seeds == drawn_seeds
