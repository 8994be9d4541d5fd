"""The picture that a feedback frame starts from, and what stays of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from engine.backend import Picture
from engine.diffusion.sampling.colour import match_colours, match_layout
from engine.diffusion.sampling.lane import KeptShare
from engine.diffusion.sampling.pictures import DevicePictures
from engine.diffusion.sampling.warp import mask_presence, warp
from engine.diffusion.speed.transfer import to_device
from engine.storyboard.shot import Blend, FeedbackStart


def compose_starting_image(start: FeedbackStart, sources: Mapping[int, Picture], pictures: DevicePictures) -> Tensor:
    """Move a source frame by the camera, blend another one in and match its colours, without rounding in between.

    Args:
        start: with the focus of its cameras known.

    Returns:
        the picture on the device as a VAE takes it: shape (1, 3, height, width), float32, -1…1.
    """
    image = warp(pictures.load(sources[start.frame]), start.camera)
    if start.blend is not None:
        image = _blend_in(image, start.blend, pictures.load(sources[start.blend.frame]))
    if start.anchors:
        anchors = [(pictures.palette(sources[anchor.frame]), anchor) for anchor in start.anchors]
        if any(anchor.layout for anchor in start.anchors):
            image = match_layout(image, [(palette, anchor.layout) for palette, anchor in anchors])
        grade = None if start.grade is None else (pictures.palette(sources[start.grade.frame]), start.grade.weight)
        image = match_colours(image, [(palette, anchor.weight) for palette, anchor in anchors], grade)
    return image.clamp(0, 1).mul_(2).sub_(1)  # a sharp kernel overshoots a little at hard edges


def _blend_in(image: Tensor, blend: Blend, source: Tensor) -> Tensor:
    """Mix another frame in, inside its borders.

    Near the end of a loop its mirror image is mixed in beyond the borders, too: by then that edge is narrow and little
    is repainted, so a strip of the old scene would remain there.
    """
    other = warp(source, blend.camera)
    if not blend.feather:
        return torch.lerp(image, other, blend.weight)
    height, width = image.shape[-2:]
    mask = to_device(mask_presence(blend.camera, height, width, blend.feather), image.device)
    return torch.lerp(image, other, blend.weight * torch.lerp(mask, torch.ones_like(mask), blend.weight**2))


def finish_pictures(images: Sequence[Tensor], kept_shares: Sequence[KeptShare | None]) -> Tensor:
    """Return decoded pictures of one shape, mixed with the kept shares of their starts and rounded as diffusers does.

    Returns:
        shape (rows, height, width, 3), uint8.
    """
    mixed = [
        image if kept is None else torch.lerp(image.clamp(-1, 1), kept.picture, kept.share)
        for image, kept in zip(images, kept_shares, strict=True)
    ]
    levels = torch.cat(mixed).mul_(0.5).add_(0.5).clamp_(0, 1).mul_(255).round_()
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous()
