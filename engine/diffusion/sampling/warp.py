"""The camera's move from one frame to the next: one composed affine warp, sub-pixel exact.

A feedback chain warps its own output hundreds of times, so the kernel decides how sharp the animation stays: Lanczos-3
keeps fine detail where bilinear loses a fifth of it in every frame. Pixels are squares with their centres at halves.
Beyond its borders a picture goes on as its mirror image, which leaves no streaks.
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
        values may leave the range of the input by a few percent.
    """
    if camera.is_still:
        return image
    if camera.degrees == 0:
        return _warp_axes(image, camera)
    return _warp_rotated(image, camera)


def mask_presence(camera: Camera, height: int, width: int, feather: float) -> Tensor:
    """Return how much of what the camera sees lies inside the picture, with a soft edge.

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
    """Warp without rotation: rows and columns are independent, and each is a sum of a few of the source's."""
    height, width = image.shape[-2:]
    x, y = axis_positions(width, height, camera)
    columns, rows = _make_kernel(x, camera.zoom, width), _make_kernel(y, camera.zoom, height)
    return (
        _resample_on_cpu(image, columns, rows) if image.device.type == "cpu" else _resample_on_gpu(image, columns, rows)
    )


def _resample_on_cpu(image: Tensor, columns: _Kernel, rows: _Kernel) -> Tensor:
    """Resample on a CPU: as sums of weighted rows, and again of the columns, for which the picture is laid on its side.

    An embedding bag does just that, and reads nothing but the taps: a third of the time that matrices take.
    """
    channels, height, width = image.shape[1:]
    first_rows = height * torch.arange(channels)[:, None, None]
    moved = F.embedding_bag(
        (first_rows + rows.taps).flatten(0, 1),
        image.reshape(-1, width),
        mode="sum",
        per_sample_weights=rows.weights.repeat(channels, 1).to(image.dtype),
    )
    lying = F.embedding_bag(
        columns.taps, moved.T.contiguous(), mode="sum", per_sample_weights=columns.weights.to(image.dtype)
    )
    return lying.T.contiguous().view_as(image)


def _resample_on_gpu(image: Tensor, columns: _Kernel, rows: _Kernel) -> Tensor:
    """Resample on a graphics card: each axis by one small matrix, which is what a card does best."""
    height, width = image.shape[-2:]
    return _axis_matrix(rows, height, image) @ image @ _axis_matrix(columns, width, image).T


def axis_positions(width: int, height: int, camera: Camera) -> tuple[Tensor, Tensor]:
    """Return the x that each column and the y that each row shows of the source, in pixels, without rotation."""
    return (
        _axis_positions(width, camera.focus_x, camera.pan_x, camera.zoom),
        _axis_positions(height, camera.focus_y, camera.pan_y, camera.zoom),
    )


def _axis_positions(size: int, focus: float, pan: float, zoom: float) -> Tensor:
    """Return, for each pixel along one axis, the place in the source that it shows, in pixels; float64."""
    centres = torch.arange(size, dtype=torch.float64) + 0.5
    return focus * size + (centres - focus * size) / zoom + pan * size


def _axis_matrix(kernel: _Kernel, size: int, like: Tensor) -> Tensor:
    """Return the matrix that resamples one axis: shape (size, size), each row summing to 1.

    Args:
        like: says number format and device.
    """
    matrix = torch.zeros(len(kernel.taps), size, dtype=like.dtype, device=like.device)
    return matrix.scatter_add_(
        1, to_device(kernel.taps, like.device), to_device(kernel.weights.to(like.dtype), like.device)
    )


def _warp_rotated(image: Tensor, camera: Camera) -> Tensor:
    """Warp with rotation: every pixel gathers its own neighbourhood in the source."""
    height, width = image.shape[-2:]
    x, y = source_positions(width, height, camera)
    # One tap of all pixels after another, so each lies in one piece of memory.
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
    """Return, for each pixel in reading order, the x and the y of the place in the source that it shows, in pixels."""
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
    """How a line of pixels, or all pixels, are resampled along one axis.

    Attributes:
        taps: the source pixels around each place, folded back in at the borders; shape (places, taps).
        weights: what each is worth, float32, of the same shape; each row sums to 1.
    """

    taps: Tensor
    weights: Tensor


def _make_kernel(positions: Tensor, zoom: float, size: int) -> _Kernel:
    """Return how to resample an axis of `size` pixels at `positions`.

    Zooming out widens the kernel, so that detail finer than the new pixels is averaged away instead of aliasing.
    """
    stretch = max(1.0, 1 / zoom)
    reach = math.ceil(LOBES * stretch)
    around = torch.arange(1 - reach, 1 + reach)
    nearest = torch.floor(positions - 0.5)
    # How far a place is from its nearest pixel is a small number, exact enough in float32.
    weights = _lanczos(((positions - 0.5 - nearest).float()[:, None] - around) / stretch)
    return _Kernel(_mirror(nearest.long()[:, None] + around, size), weights / weights.sum(1, keepdim=True))


def _lanczos(distance: Tensor) -> Tensor:
    window = torch.sinc(distance / LOBES) * (distance.abs() < LOBES)
    return torch.sinc(distance) * window


def _mirror(index: Tensor, size: int) -> Tensor:
    """Fold indices beyond the borders back in; the border pixel is its own first reflection."""
    folded = index % (2 * size)
    return torch.minimum(folded, 2 * size - 1 - folded)
