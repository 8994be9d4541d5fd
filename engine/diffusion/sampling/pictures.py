"""Finished pictures on their way from the device to the host, kept on the device for the frames that follow."""

from __future__ import annotations

from typing import Any

import torch
from cachetools import LRUCache
from torch import Tensor

from engine.backend import Picture
from engine.diffusion.sampling.colour import Palette, measure_palette
from engine.diffusion.speed.transfer import to_device

KEPT, KEPT_BYTES = 128, 128 * 1024**2
"""Pictures that are kept on a device: the sources of coming frames are among the latest."""
PALETTES, PALETTE_BYTES = 32, 64 * 1024**2
"""Pictures whose palettes are kept: some are the anchors of all frames of a stage. Bytes are the pictures' own."""


class DevicePictures:
    """The latest pictures, kept on `device`.

    The key is the host array's id(); the entry keeps that array alive, so that its id cannot be reused. Each entry
    counts at least an even share of the bytes, which bounds the number of entries, too.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._pixels: LRUCache[int, tuple[Picture, Tensor]] = LRUCache(
            KEPT_BYTES, lambda entry: max(KEPT_BYTES // KEPT, entry[1].nbytes)
        )
        self._palettes: LRUCache[int, tuple[Picture, Palette]] = LRUCache(
            PALETTE_BYTES, lambda entry: max(PALETTE_BYTES // PALETTES, entry[0].nbytes)
        )

    def transfer(self, pixels: Tensor) -> list[PictureTransfer]:
        """Begin to copy pictures to the host.

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
        """Keep a picture that lies on the device already."""
        if self.device.type == "cuda":
            self._pixels[id(picture)] = picture, pixels

    def clear_cache(self) -> None:
        """Free the device memory; pictures are sent there again when they are needed."""
        self._pixels.clear()
        self._palettes.clear()

    def load(self, picture: Picture) -> Tensor:
        """Return a picture on the device: shape (1, 3, height, width), float32, 0…1."""
        if id(picture) in self._pixels:
            _, pixels = self._pixels[id(picture)]
        else:
            pixels = to_device(torch.tensor(picture), self.device)
            self.remember(picture, pixels)
        # Contiguous, because a VAE's last digits depend on the order of its input in memory.
        return pixels.permute(2, 0, 1).contiguous()[None].float().div_(255)

    def palette(self, picture: Picture) -> Palette:
        if id(picture) not in self._palettes:
            self._palettes[id(picture)] = picture, measure_palette(self.load(picture))
        return self._palettes[id(picture)][1]


class PictureTransfer:
    """A picture on its way to the host: an `engine.backend.PendingPicture`."""

    def __init__(self, pictures: DevicePictures, pixels: Tensor, arrived: Picture, event: Any) -> None:
        self._pictures = pictures
        self._pixels = pixels
        self._arrived = arrived
        self._event = event

    @property
    def ready(self) -> bool:
        return self._event is None or bool(self._event.query())

    def picture(self) -> Picture:
        """Return the picture, waiting for it if necessary."""
        if self._event is not None:
            self._event.synchronize()
            self._event = None
            self._arrived = self._arrived.copy()  # pinned memory is scarce
            self._pictures.remember(self._arrived, self._pixels)
        return self._arrived
