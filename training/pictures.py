"""Shards of drawn pictures on disk: `pictures-00000.npy` (N×256×256×3, uint8) beside `pictures-00000.jsonl`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]


class Pictures:
    """All shards of a folder, memory-mapped; the last `held_out` pictures of the last shard are for measuring.

    On a GPU the pictures themselves lie in its memory (a fifth of a megabyte each): no batch waits for a disk or a bus.
    """

    def __init__(self, folder: Path, held_out: int = 128, device: str = "cpu") -> None:
        paths = sorted(folder.glob("pictures-*.npy"))
        if not paths:
            raise FileNotFoundError(f"no pictures-*.npy in {folder}: draw some with python -m training.draw")
        self._shards: list[Pixels] = [np.load(path, mmap_mode="r") for path in paths]
        self._held_out = self._shards[-1][-held_out:]
        self._shards[-1] = self._shards[-1][:-held_out]
        self._ends = np.cumsum([len(shard) for shard in self._shards])
        self._device = device
        self._near: Tensor | None = None
        if device != "cpu":
            self._near = torch.cat([torch.from_numpy(np.array(shard)).to(device) for shard in self._shards])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> Pixels:
        shard = int(np.searchsorted(self._ends, index, side="right"))
        start = 0 if shard == 0 else int(self._ends[shard - 1])
        picture: Pixels = self._shards[shard][index - start]
        return picture

    def held_out(self) -> Tensor:
        """The pictures kept from training, N×3×256×256 in −1 … 1, on the CPU."""
        return to_tensor(np.asarray(self._held_out))

    def whole(self, rows: NDArray[np.int64]) -> Tensor:
        """Given pictures, N×3×256×256 in −1 … 1, where the pictures are."""
        if self._near is not None:
            return from_bytes(self._near[torch.from_numpy(rows).to(self._device)])
        return to_tensor(np.stack([self[int(row)] for row in rows]))

    def crops(self, rng: np.random.Generator, count: int, size: int) -> Tensor:
        """`count` random pictures cut to size×size at random places, count×3×size×size in −1 … 1.

        On a GPU those of one call are cut at the same place.
        """
        if self._near is not None:
            y, x = (int(place) for place in rng.integers(0, self._near.shape[1] - size + 1, 2))
            rows = torch.from_numpy(rng.integers(0, len(self), count)).to(self._device)
            return from_bytes(self._near[:, y : y + size, x : x + size][rows])
        out = np.empty((count, size, size, 3), np.uint8)
        for row, index in enumerate(rng.integers(0, len(self), count)):
            picture = self[int(index)]
            y, x = rng.integers(0, picture.shape[0] - size + 1, 2)
            out[row] = picture[y : y + size, x : x + size]
        return to_tensor(out)


def to_tensor(pixels: Pixels) -> Tensor:
    """N×H×W×3 bytes to N×3×H×W in −1 … 1."""
    return from_bytes(torch.from_numpy(np.array(pixels)))


def from_bytes(pixels: Tensor) -> Tensor:
    """N×H×W×3 bytes to N×3×H×W in −1 … 1, where they are."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pixels(images: Tensor) -> Pixels:
    """N×3×H×W in −1 … 1 to N×H×W×3 bytes."""
    levels = ((images.float().clamp(-1, 1) + 1) * 127.5).round().byte()
    pixels: Pixels = levels.permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def sheet(rows: list[Pixels]) -> Pixels:
    """Rows of pictures (each N×H×W×3) as one picture; short rows are filled with white."""
    width = max(len(row) for row in rows)
    filled = [np.concatenate([row, np.full((width - len(row), *row.shape[1:]), 255, np.uint8)]) for row in rows]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in filled], axis=0)
