"""Numbers on their way from the host to a graphics card, without anybody waiting for them."""

from __future__ import annotations

import torch
from torch import Tensor


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a host tensor on `device`.

    An ordinary copy to a graphics card waits until all work that was begun there is done. From pinned memory it takes
    its place in the card's queue instead.
    """
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
