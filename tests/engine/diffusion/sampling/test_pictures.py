"""Pictures and their palettes on a device: the latest are at hand, within bounds."""

from __future__ import annotations

import numpy as np
import torch

from engine.diffusion.sampling import pictures as module
from engine.diffusion.sampling.pictures import DevicePictures
from engine.diffusion.speed.shelf import Shelf

CPU = torch.device("cpu")


def picture(level: int) -> np.ndarray:
    return np.full((16, 16, 3), level, np.uint8)


def test_a_picture_is_looked_at_once_for_its_palette(monkeypatch):
    looked = []
    measure_palette = module.measure_palette
    monkeypatch.setattr(module, "measure_palette", lambda image: looked.append(1) or measure_palette(image))
    pictures, (one, other) = DevicePictures(CPU), (picture(51), picture(204))
    for level, asked in ((0.2, one), (0.8, other), (0.2, one)):
        assert torch.allclose(pictures.palette(asked).mean, torch.tensor(level), atol=1e-6)
    assert len(looked) == 2

    pictures.forget()
    pictures.palette(one)
    assert len(looked) == 3


def test_a_picture_like_one_that_is_gone_is_looked_at_for_itself():
    """Memory is used again, so another picture may come to lie where one was."""
    pictures = DevicePictures(CPU)
    for level in range(0, 255, 3):
        assert torch.allclose(pictures.palette(picture(level)).mean * 255, torch.tensor(float(level)), atol=1e-3)


def test_a_shelf_keeps_the_latest():
    shelf: Shelf[str, int] = Shelf(most=2, most_bytes=100)
    shelf.put("a", 1, 10), shelf.put("b", 2, 10)
    assert shelf.get("a") == 1
    shelf.put("c", 3, 10)
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c")) == (1, None, 3)


def test_a_shelf_holds_no_more_than_its_bytes():
    shelf: Shelf[str, int] = Shelf(most=10, most_bytes=100)
    for name in "abc":
        shelf.put(name, 1, 40)
    assert len(shelf) == 2 and shelf.get("a") is None
    shelf.put("b", 2, 70), shelf.put("b", 3, 40)
    assert (len(shelf), shelf.get("b")) == (1, 3), "what takes the place of another takes its bytes as well"
    shelf.put("d", 4, 500)
    assert (len(shelf), shelf.get("d")) == (1, 4), "what is too large is kept alone: it was asked for"
    shelf.clear()
    shelf.put("e", 1, 100)
    assert len(shelf) == 1
