"""The camera's move from one frame to the next: one composed affine warp, sub-pixel exact.

A feedback chain warps its own output hundreds of times, so the kernel decides how sharp the animation stays: Lanczos-3
keeps fine detail where bilinear loses a fifth of it in every frame. Pixels are squares with their centres at halves.
Beyond its borders a picture goes on as its mirror image, which leaves no streaks.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.motion.transfer import sent
from engine.storyboard import Camera

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
    return _warp_turned(image, camera)


def presence(camera: Camera, height: int, width: int, feather: float) -> Tensor:
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
    """Warp without rotation: rows and columns are independent, and each axis is one small matrix."""
    height, width = image.shape[-2:]
    x, y = axis_positions(width, height, camera)
    rows = _axis_matrix(y, height, camera.zoom, image)
    columns = _axis_matrix(x, width, camera.zoom, image)
    return rows @ image @ columns.T


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


def _axis_matrix(positions: Tensor, size: int, zoom: float, like: Tensor) -> Tensor:
    """Return the matrix that resamples one axis: shape (len(positions), size), each row summing to 1.

    Args:
        like: says number format and device.
    """
    taps, weights = _kernel(positions, zoom)
    matrix = torch.zeros(len(positions), size, dtype=positions.dtype, device=like.device)
    return matrix.scatter_add_(1, sent(_mirror(taps, size), like.device), sent(weights, like.device)).to(like.dtype)


def _warp_turned(image: Tensor, camera: Camera) -> Tensor:
    """Warp with rotation: every pixel gathers its own neighbourhood in the source."""
    height, width = image.shape[-2:]
    x, y = source_positions(width, height, camera)
    x_taps, x_weights = _kernel(x, camera.zoom)
    y_taps, y_weights = _kernel(y, camera.zoom)
    columns, rows = (sent(_mirror(taps, size), image.device) for taps, size in ((x_taps, width), (y_taps, height)))
    x_weights, y_weights = (sent(weights.to(image.dtype), image.device) for weights in (x_weights, y_weights))

    pixels = image.flatten(-2)
    turned = torch.zeros_like(pixels)
    for row in range(rows.shape[-1]):
        line = torch.zeros_like(pixels)
        for column in range(columns.shape[-1]):
            line += pixels[..., rows[:, row] * width + columns[:, column]] * x_weights[:, column]
        turned += line * y_weights[:, row]
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


def _kernel(positions: Tensor, zoom: float) -> tuple[Tensor, Tensor]:
    """Return the source pixels around each position and their weights, both of shape (len(positions), taps).

    Zooming out widens the kernel, so that detail finer than the new pixels is averaged away instead of aliasing.
    """
    stretch = max(1.0, 1 / zoom)
    reach = math.ceil(LOBES * stretch)
    nearest = torch.floor(positions - 0.5).long()
    taps = nearest[:, None] + torch.arange(1 - reach, 1 + reach)
    weights = _lanczos((positions[:, None] - (taps + 0.5)) / stretch)
    return taps, weights / weights.sum(1, keepdim=True)


def _lanczos(distance: Tensor) -> Tensor:
    window = torch.sinc(distance / LOBES) * (distance.abs() < LOBES)
    return torch.sinc(distance) * window


def _mirror(index: Tensor, size: int) -> Tensor:
    """Fold indices beyond the borders back in; the border pixel is its own first reflection."""
    folded = index % (2 * size)
    return torch.minimum(folded, 2 * size - 1 - folded)
