"""The picture that a feedback frame starts from."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.backend import Picture
from engine.motion.warp import warp
from engine.storyboard import Feedback


def starting_image(start: Feedback, sources: Mapping[int, Picture], device: torch.device) -> Tensor:
    """Move a source frame by the camera and mix the other one in; nothing is rounded on the way.

    Returns:
        the picture as a VAE takes it: shape (1, 3, height, width), float32, -1…1.
    """
    image = warp(_to_tensor(sources[start.frame], device), start.camera)
    if start.blend is not None:
        image = torch.lerp(image, _to_tensor(sources[start.blend.frame], device), start.blend.weight)
    return image.clamp(0, 1) * 2 - 1  # a sharp kernel overshoots a little at hard edges


def _to_tensor(picture: Picture, device: torch.device) -> Tensor:
    # Contiguous, because a VAE's last digits depend on the order of its input in memory.
    pixels = torch.tensor(picture, device=device).permute(2, 0, 1).contiguous()
    return pixels[None].float() / 255
