"""Colour matching of pictures: as a whole, and region by region.

Reinhard et al. 2001, "Color Transfer between Images": match mean and spread of each channel, in a colour space whose
channels are nearly independent in natural pictures. Ours is Ohta's (Ohta, Kanade and Sakai 1980), which is linear in
RGB, so that the whole change is one affine map of each pixel's colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion.speed.transfer import to_device

LARGEST_GAIN = 2.0
"""A spread changes by at most this factor at a time: a flat picture has none to enlarge."""
LARGEST_GRADE = 1.25
"""Colourfulness and contrast of an anchor change by at most this factor: night stays night."""
LEAST_SPREAD = 1e-3
REGIONS = 8
"""Regions along each side of a picture."""
_AXES = (
    (1 / math.sqrt(3), 1 / math.sqrt(3), 1 / math.sqrt(3)),
    (1 / math.sqrt(2), 0.0, -1 / math.sqrt(2)),
    (-1 / math.sqrt(6), 2 / math.sqrt(6), -1 / math.sqrt(6)),
)
"""Brightness, red against blue, green against both: orthonormal, so that the inverse is the transpose."""


class Palette(NamedTuple):
    """A picture's colour statistics.

    Attributes:
        mean: colour of the picture, shape (3, 1) in RGB.
        spread: standard deviation along each axis, shape (3, 1).
        regions: mean colours, shape (1, 3, REGIONS, REGIONS).
    """

    mean: Tensor
    spread: Tensor
    regions: Tensor


def measure_palette(image: Tensor) -> Palette:
    """Measure a picture: shape (1, 3, height, width), RGB of any range."""
    return Palette(*_mean_and_spread(image), F.adaptive_avg_pool2d(image, REGIONS))


def match_colours(
    image: Tensor, anchors: Sequence[tuple[Palette, float]], grade: tuple[Palette, float] | None = None
) -> Tensor:
    """Return `image` with its colours drawn towards those of other pictures, by their weights.

    Means are mixed arithmetically, spreads geometrically. A weight of 1 gives the image that anchor's mean and spread.

    Args:
        image: shape (1, 3, height, width), RGB of any range.
        anchors: of pictures of the same range and any size, with weights that sum to 1 at most.
        grade: a picture, and how far the anchors first take on its colourfulness and contrast, 0…1.
    """
    axes = to_device(torch.tensor(_AXES), image.device)
    own_mean, own_spread = _mean_and_spread(image)
    mean, log_gain = own_mean, torch.zeros_like(own_spread)
    for anchor, weight in anchors:
        theirs = anchor if grade is None else _grade_palette(anchor, *grade, axes)
        mean = mean + weight * (theirs.mean - own_mean)
        log_gain = log_gain + weight * torch.log(theirs.spread / own_spread)
    most = math.log(LARGEST_GAIN)
    change = axes.T @ (torch.exp(log_gain.clamp(-most, most)) * axes)
    return torch.addmm(mean - change @ own_mean, change, image.flatten(-2)[0]).view_as(image)


def match_layout(image: Tensor, anchors: Sequence[tuple[Palette, float]]) -> Tensor:
    """Return `image` with the mean colours of its regions drawn towards those of other pictures, by their weights.

    Regions are the cells of a coarse grid, and the change is interpolated between their centres, so that smaller things
    are untouched. It is a feedback loop's restoring force: what moves through the picture passes, what gathers in one
    place fades.

    Args:
        image: shape (1, 3, height, width), RGB of any range.
        anchors: of pictures of the same range and shape, with weights that sum to 1 at most.
    """
    own = F.adaptive_avg_pool2d(image, REGIONS)
    change = torch.zeros_like(own)
    for anchor, weight in anchors:
        change += weight * (anchor.regions - own)
    rows, columns = (_region_interpolation(size, image.device) for size in image.shape[-2:])
    return rows @ change @ columns.T + image


def _region_interpolation(size: int, device: torch.device) -> Tensor:
    """Return the matrix (size, REGIONS) that interpolates linearly between the centres of regions along one axis.

    Two such matrices take an eighth of the work of interpolating all pixels.
    """
    return F.interpolate(torch.eye(REGIONS, device=device)[None, None], (size, REGIONS), mode="bilinear")[0, 0]


def _mean_and_spread(image: Tensor) -> tuple[Tensor, Tensor]:
    axes = to_device(torch.tensor(_AXES), image.device)
    pixels = image.flatten(-2)[0]
    mean = pixels.mean(1, keepdim=True)
    centred = pixels - mean
    covariance = centred @ centred.T / pixels.shape[1]
    variance = ((axes @ covariance) * axes).sum(1, keepdim=True)
    return mean, variance.clamp_min(LEAST_SPREAD**2).sqrt()


def _grade_palette(colours: Palette, like: Palette, share: float, axes: Tensor) -> Palette:
    """Return colours with their contrast and colourfulness, not their hue or brightness, drawn towards another's."""
    contrast = _limit_gain(like.spread[0], colours.spread[0], share)
    chroma = _limit_gain(_colourfulness(like, axes), _colourfulness(colours, axes), share)
    around_grey = axes @ colours.mean
    mean = axes.T @ torch.cat([around_grey[:1], around_grey[1:] * chroma])
    spread = torch.cat([colours.spread[:1] * contrast, colours.spread[1:] * chroma])
    return colours._replace(mean=mean, spread=spread)


def _limit_gain(wanted: Tensor, own: Tensor, share: float) -> Tensor:
    return (wanted / own).pow(share).clamp(1 / LARGEST_GRADE, LARGEST_GRADE)


def _colourfulness(colours: Palette, axes: Tensor) -> Tensor:
    """Return the root of the mean squared distance from grey, a scalar."""
    return torch.cat([(axes @ colours.mean)[1:], colours.spread[1:]]).square().sum().sqrt()
