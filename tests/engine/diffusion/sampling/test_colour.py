"""A picture's colours, drawn towards those of others."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion.sampling import colour
from engine.diffusion.sampling.colour import LARGEST_GAIN, LARGEST_GRADE, REGIONS, measure_palette

AXES = torch.tensor([[1, 1, 1], [1, 0, -1], [-1, 2, -1]], dtype=torch.float32)


def picture(seed: int, spread: float = 0.2, mean: float = 0.5) -> Tensor:
    noise = torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(seed))
    tint = torch.linspace(-0.1, 0.1, 3).view(1, 3, 1, 1) * (1 if seed % 2 else -1)
    return noise * spread + mean + tint


def match_colours(image: Tensor, anchors, grade=None) -> Tensor:
    graded = None if grade is None else (measure_palette(grade[0]), grade[1])
    return colour.match_colours(image, [(measure_palette(anchor), weight) for anchor, weight in anchors], graded)


def match_layout(image: Tensor, anchors) -> Tensor:
    return colour.match_layout(image, [(measure_palette(anchor), weight) for anchor, weight in anchors])


def along_axes(image: Tensor) -> Tensor:
    """Brightness, red against blue and green against both of every pixel: shape (3, pixels)."""
    return AXES @ image.flatten(-2)[0]


def test_at_full_weight_a_picture_has_the_anchors_means_and_spreads() -> None:
    image, anchor = picture(1, 0.1, 0.7), picture(2, 0.18, 0.4)
    drawn = along_axes(match_colours(image, [(anchor, 1.0)]))
    assert torch.allclose(drawn.mean(1), along_axes(anchor).mean(1), atol=1e-4)
    assert torch.allclose(drawn.std(1), along_axes(anchor).std(1), rtol=1e-3)


def test_without_weight_nothing_changes() -> None:
    image = picture(1)
    assert torch.allclose(match_colours(image, [(picture(2, 0.3), 0.0)]), image, atol=1e-6)


def test_a_picture_with_the_anchors_colours_stays_as_it_is() -> None:
    image = picture(1)
    assert torch.allclose(match_colours(image, [(image, 0.8)]), image, atol=1e-5)


def test_between_two_anchors_it_is_drawn_to_both() -> None:
    image, one, other = picture(1, mean=0.5), picture(2, mean=0.1), picture(2, mean=0.9)
    drawn = match_colours(image, [(one, 0.25), (other, 0.75)])
    assert float(drawn.mean()) == pytest.approx(float(0.25 * one.mean() + 0.75 * other.mean()), abs=1e-4)


def test_drift_that_is_drawn_back_a_little_each_time_stays_small() -> None:
    """A chain that loses 3 % of its contrast in every frame keeps nine tenths of it."""
    anchor = image = picture(1)
    for _ in range(300):
        image = match_colours((image - 0.5) * 0.97 + 0.5, [(anchor, 0.5)])
    assert image.std() / anchor.std() > 0.9


def test_a_flat_picture_is_not_blown_up_into_noise() -> None:
    flat = picture(1, 0.01)
    drawn = match_colours(flat, [(picture(2, 0.3), 1.0)])
    assert float((drawn - drawn.mean((2, 3), keepdim=True)).std() / flat.std()) < LARGEST_GAIN * 1.5
    assert torch.isfinite(match_colours(torch.full((1, 3, 8, 8), 0.5), [(picture(2), 1.0)])).all()


def colourfulness(image: Tensor) -> float:
    return float(along_axes(image)[1:].square().mean().sqrt())


def test_an_anchor_is_graded_to_another_pictures_colourfulness_and_contrast_and_keeps_its_hue() -> None:
    grey = torch.full((1, 3, 32, 48), 0.4) + 0.3 * (picture(2, 0.1) - 0.5)
    vivid = picture(1, 0.12)
    plain, graded = (match_colours(grey, [(grey, 1.0)], grade) for grade in (None, (vivid, 1.0)))
    assert torch.allclose(plain, grey, atol=1e-5)
    assert colourfulness(graded) == pytest.approx(LARGEST_GRADE * colourfulness(grey), rel=0.01), "and no further"
    before, after = along_axes(grey).mean(1), along_axes(graded).mean(1)
    assert torch.allclose(after[1:] / before[1:], torch.tensor(LARGEST_GRADE), rtol=0.01)
    assert float(after[0]) == pytest.approx(float(before[0]), abs=1e-4), "as bright as it was"


def test_the_grade_is_reached_by_its_share() -> None:
    dull, like = picture(2, 0.1), picture(2, 0.12)
    half = match_colours(dull, [(dull, 1.0)], (like, 0.5))
    expected = (float(along_axes(like)[0].std()) / float(along_axes(dull)[0].std())) ** 0.5
    assert float(along_axes(half)[0].std()) == pytest.approx(float(along_axes(dull)[0].std()) * expected, rel=0.01)


def test_anchors_of_another_size_are_fine() -> None:
    small = picture(3)[..., :16, :16]
    assert match_colours(picture(1), [(small, 0.5)]).shape == (1, 3, 32, 48)


def regions(image: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(image, REGIONS)


def test_regions_are_match_colours_the_anchors_and_what_is_smaller_stays() -> None:
    image, anchor = picture(1), picture(2)
    drawn = match_layout(image, [(anchor, 0.8)])
    assert float((regions(drawn) - regions(anchor)).std() / (regions(image) - regions(anchor)).std()) < 0.6
    fine = [one - F.interpolate(regions(one), one.shape[-2:], mode="bilinear") for one in (image, drawn)]
    assert float((fine[0] - fine[1]).std() / fine[0].std()) < 0.1


def test_a_layout_without_weight_changes_nothing() -> None:
    image = picture(1)
    assert torch.equal(match_layout(image, [(picture(2), 0.0)]), image)


def test_what_creeps_over_the_sky_is_held_back() -> None:
    """A chain that darkens the upper half by 2 % of its brightness in every frame darkens it by a few levels."""
    anchor = image = torch.cat([torch.full((1, 3, 16, 48), 0.9), torch.full((1, 3, 16, 48), 0.4)], dim=2)
    for _ in range(300):
        image = torch.cat([image[:, :, :16] * 0.98, image[:, :, 16:]], dim=2)
        image = match_layout(image, [(anchor, 0.2)])
    assert float(image[0, 0, 0, 0]) > 0.8
