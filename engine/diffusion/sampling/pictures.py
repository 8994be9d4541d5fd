"""Finished pictures between a device and the host: nobody waits for their arrival, and none is sent back needlessly."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine.backend import Picture
from engine.diffusion.sampling.colour import Palette, measure_palette
from engine.diffusion.speed.shelf import MIB, Shelf
from engine.diffusion.speed.transfer import to_device

KEPT = 128
KEPT_BYTES = 128 * MIB
"""Pictures that are kept on a device: the sources of coming frames are among the latest."""


PALETTES = 32
PALETTE_BYTES = 64 * MIB
"""Pictures whose palettes are kept: some are the anchors of all frames of a stage. Bytes are the pictures' own."""


class DevicePictures:
    """The latest pictures, as they lie on the device.

    Attributes:
        device: where that is.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._kept: Shelf[int, tuple[Picture, Tensor]] = Shelf(KEPT, KEPT_BYTES)
        self._palettes: Shelf[int, tuple[Picture, Palette]] = Shelf(PALETTES, PALETTE_BYTES)

    def transfer(self, pixels: Tensor) -> list[PictureTransfer]:
        """Let pictures come to the host.

        Args:
            pixels: shape (rows, height, width, 3), uint8, on the device.
        """
        if self.device.type != "cuda":
            return [PictureTransfer(self, row, row.cpu().numpy(), None) for row in pixels]
        arrived = torch.empty(pixels.shape, dtype=torch.uint8, pin_memory=True)
        arrived.copy_(pixels, non_blocking=True)
        event: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        return [PictureTransfer(self, *row, event) for row in zip(pixels, arrived.numpy(), strict=True)]

    def remember(self, picture: Picture, pixels: Tensor) -> None:
        """Remember where a picture lies on the device."""
        if self.device.type == "cuda":
            self._kept.put(id(picture), (picture, pixels), pixels.nbytes)

    def forget(self) -> None:
        """Let go of what lies on the device; pictures are sent there again."""
        self._kept.clear()
        self._palettes.clear()

    def load(self, picture: Picture) -> Tensor:
        """Return a picture on the device: shape (1, 3, height, width), float32, 0…1."""
        if kept := self._kept.get(id(picture)):
            pixels = kept[1]
        else:
            pixels = to_device(torch.tensor(picture), self.device)
            self.remember(picture, pixels)
        # Contiguous, because a VAE's last digits depend on the order of its input in memory.
        return pixels.permute(2, 0, 1).contiguous()[None].float().div_(255)

    def palette(self, picture: Picture) -> Palette:
        """Return a picture's palette, on the device."""
        kept = self._palettes.get(id(picture))
        if kept is None:
            kept = picture, measure_palette(self.load(picture))
            self._palettes.put(id(picture), kept, picture.nbytes)
        return kept[1]


class PictureTransfer:
    """A picture on its way to the host; see `engine.backend.PendingPicture`."""

    def __init__(self, pictures: DevicePictures, pixels: Tensor, arrived: Picture, event: Any) -> None:
        self._pictures = pictures
        self._pixels = pixels
        self._arrived = arrived
        self._event = event

    @property
    def ready(self) -> bool:
        """Whether it has arrived."""
        return self._event is None or bool(self._event.query())

    def picture(self) -> Picture:
        """Return it, once it has arrived."""
        if self._event is not None:
            self._event.synchronize()
            self._event = None
            self._arrived = self._arrived.copy()  # pinned memory is scarce
            self._pictures.remember(self._arrived, self._pixels)
        return self._arrived
