"""Noise that moves with the camera, so that texture stays on the road instead of crawling on the glass.

White noise cannot be interpolated: that makes it weaker and blurred, and a model sees both. So each cell is divided
into smaller cells of white noise that add up to it, the small ones are moved whole, and those that fall into one cell
of the new picture are added up and brought back to unit variance. This is the method of "How I Warped Your Noise"
[Chang et al., ICLR 2024], with nearest small cells in the place of their polygons.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.motion.transfer import sent
from engine.motion.warp import axis_positions, source_positions
from engine.storyboard import Camera

DIVISIONS = 4
"""Small cells along one side of a cell: their motion is exact to half of their own size."""


def divided(noise: Tensor, generator: torch.Generator) -> Tensor:
    """Return finer white noise whose cells, added up and divided by DIVISIONS, are `noise`.

    Args:
        noise: shape (1, channels, height, width), of unit variance.

    Returns:
        shape (1, channels, height · DIVISIONS, width · DIVISIONS), of unit variance.
    """
    height, width = noise.shape[-2:]
    fine = torch.randn(1, noise.shape[1], height * DIVISIONS, width * DIVISIONS, generator=generator)
    surplus = noise / DIVISIONS - F.avg_pool2d(fine, DIVISIONS)
    return fine + F.interpolate(surplus, scale_factor=DIVISIONS, mode="nearest")


def moved(fine: Tensor, camera: Camera, beyond: Tensor) -> Tensor:
    """Return divided noise as the camera sees it after its move, in whole cells again.

    Args:
        fine: from `divided`.
        beyond: of the same shape: more of it, for what the move brings in from beyond the borders.

    Returns:
        white noise of unit variance, shape (1, channels, height / DIVISIONS, width / DIVISIONS).
    """
    move = _moved_axes if camera.degrees == 0 else _moved_turned
    cells, deviation = move(fine, camera, beyond)
    return F.avg_pool2d(cells, DIVISIONS) * (DIVISIONS**2 / sent(deviation.to(fine.dtype), fine.device))


def _moved_axes(fine: Tensor, camera: Camera, beyond: Tensor) -> tuple[Tensor, Tensor]:
    """Move without rotation: rows and columns are independent."""
    height, width = fine.shape[-2:]
    column, row = (index.floor().long() for index in axis_positions(width, height, camera))
    if _all_inside(column, width) and _all_inside(row, height):  # as when the camera moves forward
        return _picked(fine, column, row), (_squares(row)[:, None] * _squares(column)[None, :]).sqrt()
    own_column, own_row = torch.arange(width), torch.arange(height)
    outside_x, outside_y = (column < 0) | (column >= width), (row < 0) | (row >= height)
    column, row = torch.where(outside_x, own_column, column), torch.where(outside_y, own_row, row)
    outside = outside_x[None, :] | outside_y[:, None]
    cells = torch.where(sent(outside, fine.device), beyond, _picked(fine, column, row))
    # What lies outside is counted as if it did not repeat, which is so where it is outside on one side only.
    squares_x, squares_y = _squares(column + outside_x * width), _squares(row + outside_y * height)
    return cells, (squares_y[:, None] * squares_x[None, :]).sqrt()


def _all_inside(index: Tensor, size: int) -> bool:
    """Return whether indices that only grow are those of an axis of `size`."""
    return bool(index[0] >= 0) and bool(index[-1] < size)


def _picked(fine: Tensor, column: Tensor, row: Tensor) -> Tensor:
    return fine[:, :, sent(row, fine.device)][..., sent(column, fine.device)]


def _squares(index: Tensor) -> Tensor:
    """Return for each cell along one axis how often its small cells occur, squared and added up."""
    members = index.view(-1, DIVISIONS)
    return (members[:, None] == members[:, :, None]).sum((1, 2)).float()


def _moved_turned(fine: Tensor, camera: Camera, beyond: Tensor) -> tuple[Tensor, Tensor]:
    """Move with rotation: every small cell is looked up on its own."""
    height, width = fine.shape[-2:]
    x, y = source_positions(width, height, camera)
    column, row = x.floor().long(), y.floor().long()
    outside = (column < 0) | (column >= width) | (row < 0) | (row >= height)
    index = torch.where(outside, height * width + torch.arange(height * width), row * width + column)
    cells = torch.cat([fine.flatten(-2), beyond.flatten(-2)], -1)[..., sent(index, fine.device)].view_as(fine)
    members = F.pixel_unshuffle(index.view(1, 1, height, width).double(), DIVISIONS)[0]  # (small cells, height, width)
    return cells, (members[None] == members[:, None]).sum((0, 1)).float().sqrt()
