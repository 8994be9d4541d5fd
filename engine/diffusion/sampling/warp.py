"""The camera's move from one frame to the next: one composed affine warp, sub-pixel exact.

A feedback chain warps its own output hundreds of times, so that the kernel decides how sharp the animation stays:
Lanczos-3 keeps fine detail of which bilinear loses a fifth in every frame. Pixel centres are at halves. Beyond its
borders a picture continues as its mirror image, which leaves no streaks.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion.speed.transfer import to_device
from engine.storyboard.shot import Camera

LOBES = 3


def warp(image: Tensor, camera: Camera) -> Tensor:
    """Return what the camera sees after its move.

    Args:
        image: shape (1, channels, height, width), float32, of any range.

    Returns:
        a tensor of the same shape on the same device; `image` itself if the camera stands still. Near hard edges
        values may overshoot the input's range by a few percent.
    """
    if camera.is_still:
        return image
    return _warp_axes(image, camera) if camera.degrees == 0 else _warp_rotated(image, camera)


def mask_presence(camera: Camera, height: int, width: int, feather: float) -> Tensor:
    """Return the mask, with a soft edge, of what the camera sees inside the picture.

    Args:
        feather: width of the edge inside the picture's borders, as a share of its longer side, above 0.

    Returns:
        shape (height, width), float32 on the CPU: 0 beyond the borders, 1 from a feather's width inside them.
    """
    x, y = source_positions(width, height, camera)
    inside = torch.minimum(torch.minimum(x, width - x), torch.minimum(y, height - y))
    ramp = (inside / (feather * max(height, width))).clamp(0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).view(height, width).float()


def _warp_axes(image: Tensor, camera: Camera) -> Tensor:
    height, width = image.shape[-2:]
    x, y = axis_positions(width, height, camera)
    columns, rows = _make_kernel(x, camera.zoom, width), _make_kernel(y, camera.zoom, height)
    resample = _resample_on_cpu if image.device.type == "cpu" else _resample_on_gpu
    return resample(image, columns, rows)


def _resample_on_cpu(image: Tensor, columns: _Kernel, rows: _Kernel) -> Tensor:
    """Sum weighted rows and then, transposed, columns: an embedding bag takes a third of the time of matrices."""
    channels, height, width = image.shape[1:]
    first_rows = height * torch.arange(channels)[:, None, None]
    moved = F.embedding_bag(
        (first_rows + rows.taps).flatten(0, 1),
        image.reshape(-1, width),
        mode="sum",
        per_sample_weights=rows.weights.repeat(channels, 1).to(image.dtype),
    )
    transposed = F.embedding_bag(
        columns.taps, moved.T.contiguous(), mode="sum", per_sample_weights=columns.weights.to(image.dtype)
    )
    return transposed.T.contiguous().view_as(image)


def _resample_on_gpu(image: Tensor, columns: _Kernel, rows: _Kernel) -> Tensor:
    """Multiply each axis by one small matrix, which is what a graphics card does best."""
    height, width = image.shape[-2:]
    return _axis_matrix(rows, height, image) @ image @ _axis_matrix(columns, width, image).T


def axis_positions(width: int, height: int, camera: Camera) -> tuple[Tensor, Tensor]:
    """Return the source x of each column and y of each row, in pixels, without rotation; float64."""
    return (
        _axis_positions(width, camera.focus_x, camera.pan_x, camera.zoom),
        _axis_positions(height, camera.focus_y, camera.pan_y, camera.zoom),
    )


def _axis_positions(size: int, focus: float, pan: float, zoom: float) -> Tensor:
    centres = torch.arange(size, dtype=torch.float64) + 0.5
    return focus * size + (centres - focus * size) / zoom + pan * size


def _axis_matrix(kernel: _Kernel, size: int, like: Tensor) -> Tensor:
    """Return the matrix (size, size) that resamples one axis, with `like`'s dtype and device; rows sum to 1."""
    matrix = torch.zeros(len(kernel.taps), size, dtype=like.dtype, device=like.device)
    weights = to_device(kernel.weights.to(like.dtype), like.device)
    return matrix.scatter_add_(1, to_device(kernel.taps, like.device), weights)


def _warp_rotated(image: Tensor, camera: Camera) -> Tensor:
    height, width = image.shape[-2:]
    x, y = source_positions(width, height, camera)
    # Taps first, so that each one's pixels are contiguous in memory.
    columns, rows = (
        _Kernel(*(to_device(part.T.contiguous(), image.device) for part in _make_kernel(places, camera.zoom, size)))
        for places, size in ((x, width), (y, height))
    )
    pixels = image.flatten(-2)[0]
    turned = torch.zeros_like(pixels)
    for row, row_weight in zip(rows.taps * width, rows.weights.to(image.dtype), strict=True):
        line = torch.zeros_like(pixels)
        for column, column_weight in zip(columns.taps, columns.weights.to(image.dtype), strict=True):
            line.addcmul_(pixels.index_select(1, row + column), column_weight)
        turned.addcmul_(line, row_weight)
    return turned.view_as(image)


def source_positions(width: int, height: int, camera: Camera) -> tuple[Tensor, Tensor]:
    """Return the source x and y of each pixel, in pixels, in reading order; float64."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) + 0.5, torch.arange(width, dtype=torch.float64) + 0.5, indexing="ij"
    )
    focus_x, focus_y = camera.focus_x * width, camera.focus_y * height
    from_focus_x, from_focus_y = (x.flatten() - focus_x) / camera.zoom, (y.flatten() - focus_y) / camera.zoom
    angle = math.radians(camera.degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return (
        focus_x + cos * from_focus_x - sin * from_focus_y + camera.pan_x * width,
        focus_y + sin * from_focus_x + cos * from_focus_y + camera.pan_y * height,
    )


class _Kernel(NamedTuple):
    """Resampling along one axis.

    Attributes:
        taps: indices of source pixels around each position, mirrored at the borders; shape (positions, taps).
        weights: of the same shape, float32; each row sums to 1.
    """

    taps: Tensor
    weights: Tensor


def _make_kernel(positions: Tensor, zoom: float, size: int) -> _Kernel:
    stretch = max(1.0, 1 / zoom)  # zooming out widens the kernel against aliasing
    reach = math.ceil(LOBES * stretch)
    around = torch.arange(1 - reach, 1 + reach)
    nearest = torch.floor(positions - 0.5)
    # The distance to the nearest pixel is small, so float32 is exact enough.
    weights = _lanczos(((positions - 0.5 - nearest).float()[:, None] - around) / stretch)
    return _Kernel(_mirror(nearest.long()[:, None] + around, size), weights / weights.sum(1, keepdim=True))


def _lanczos(distance: Tensor) -> Tensor:
    return torch.sinc(distance) * (torch.sinc(distance / LOBES) * (distance.abs() < LOBES))


def _mirror(index: Tensor, size: int) -> Tensor:
    """Mirror indices at the borders; the border pixel is its own first reflection."""
    folded = index % (2 * size)
    return torch.minimum(folded, 2 * size - 1 - folded)
