"""Noise that moves with the camera, so that texture stays on the road instead of crawling on the glass.

White noise cannot be interpolated: that makes it weaker and blurred. So each cell is divided into small cells of white
noise that sum to it, the small ones are moved whole, and those that land in one cell of the new picture are summed and
scaled back to unit variance. This is the method of "How I Warped Your Noise" [Chang et al., ICLR 2024], with nearest
small cells instead of their polygons.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion.sampling.warp import axis_positions, source_positions
from engine.diffusion.speed.transfer import to_device
from engine.storyboard.shot import Camera

DIVISIONS = 4
"""Small cells along one side of a cell, which move exactly to half their own size."""


def subdivide_noise(noise: Tensor, generator: torch.Generator) -> Tensor:
    """Return finer white noise whose cells, summed and divided by DIVISIONS, are `noise`.

    Args:
        noise: shape (1, channels, height, width), of unit variance.

    Returns:
        shape (1, channels, height · DIVISIONS, width · DIVISIONS), of unit variance.
    """
    height, width = noise.shape[-2:]
    fine = torch.randn(1, noise.shape[1], height * DIVISIONS, width * DIVISIONS, generator=generator)
    surplus = noise / DIVISIONS - F.avg_pool2d(fine, DIVISIONS)
    return fine + F.interpolate(surplus, scale_factor=DIVISIONS, mode="nearest")


def move_noise(fine: Tensor, camera: Camera, beyond: Tensor) -> Tensor:
    """Return fine noise as the camera sees it after its move, in whole cells again.

    Args:
        fine: from `subdivide_noise`.
        beyond: more noise of the same shape, for what the move brings in from beyond the borders.

    Returns:
        white noise of unit variance, shape (1, channels, height / DIVISIONS, width / DIVISIONS).
    """
    total, variance = (_move_axes if camera.degrees == 0 else _move_rotated)(fine, camera, beyond)
    return total * to_device(variance.to(fine.dtype).rsqrt(), fine.device)


def _move_axes(fine: Tensor, camera: Camera, beyond: Tensor) -> tuple[Tensor, Tensor]:
    """Move and sum without rotation: rows and columns are independent, each by one small matrix of counts."""
    height, width = fine.shape[-2:]
    x, y = (positions.floor().long() for positions in axis_positions(width, height, camera))
    rows, columns = _count_matrix(y), _count_matrix(x)
    total = _sum_cells(rows, columns, fine)
    variance = rows.square().sum(1)[:, None] * columns.square().sum(1)
    if _crosses_border(x) or _crosses_border(y):  # each cell in its own place, so that none repeats
        there_y, there_x = (
            _count_matrix(torch.where(_is_inside(index), torch.arange(len(index)), -1)) for index in (y, x)
        )
        total += DIVISIONS**2 * F.avg_pool2d(beyond, DIVISIONS) - _sum_cells(there_y, there_x, beyond)
        variance += DIVISIONS**2 - there_y.sum(1)[:, None] * there_x.sum(1)
    return total, variance


def _count_matrix(index: Tensor) -> Tensor:
    """Return how often each small cell of an axis is seen in each cell: shape (cells, small cells), float32.

    Args:
        index: the small cell that each one shows; those beyond the borders count nowhere.
    """
    return (index.view(-1, DIVISIONS, 1) == torch.arange(len(index))).sum(1).float()


def _sum_cells(rows: Tensor, columns: Tensor, fine: Tensor) -> Tensor:
    return to_device(rows, fine.device) @ fine @ to_device(columns, fine.device).T


def _is_inside(index: Tensor) -> Tensor:
    return (index >= 0) & (index < len(index))


def _crosses_border(index: Tensor) -> bool:
    """Return whether an axis shows anything beyond its borders; indices are in ascending order."""
    return bool(index[0] < 0) or bool(index[-1] >= len(index))


def _move_rotated(fine: Tensor, camera: Camera, beyond: Tensor) -> tuple[Tensor, Tensor]:
    """Move and sum with rotation: every small cell is looked up on its own."""
    height, width = fine.shape[-2:]
    x, y = source_positions(width, height, camera)
    column, row = x.floor().long(), y.floor().long()
    outside = (column < 0) | (column >= width) | (row < 0) | (row >= height)
    index = torch.where(outside, height * width + torch.arange(height * width), row * width + column)
    cells = torch.cat([fine.flatten(-2), beyond.flatten(-2)], -1)[..., to_device(index, fine.device)].view_as(fine)
    members = F.pixel_unshuffle(index.view(1, 1, height, width).double(), DIVISIONS)[0]  # (small cells, height, width)
    repeats = (members[None] == members[:, None]).sum((0, 1))
    return DIVISIONS**2 * F.avg_pool2d(cells, DIVISIONS), repeats.float()
