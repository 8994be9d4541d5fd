"""Pictures and their palettes on a device: the latest are at hand, within bounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.diffusion.sampling import pictures as module
from engine.diffusion.sampling.pictures import DevicePictures

CPU = torch.device("cpu")


def picture(level: int) -> np.ndarray:
    return np.full((16, 16, 3), level, np.uint8)


@pytest.fixture
def looked(monkeypatch):
    """The mean level, of 255, of each picture whose palette was measured."""
    looked = []
    measure_palette = module.measure_palette

    def measure(image):
        looked.append(round(255 * float(image.mean())))
        return measure_palette(image)

    monkeypatch.setattr(module, "measure_palette", measure)
    return looked


def test_a_picture_is_looked_at_once_for_its_palette(looked):
    pictures, (one, other) = DevicePictures(CPU), (picture(51), picture(204))
    for level, asked in ((0.2, one), (0.8, other), (0.2, one)):
        assert torch.allclose(pictures.palette(asked).mean, torch.tensor(level), atol=1e-6)
    assert len(looked) == 2

    pictures.clear_cache()
    pictures.palette(one)
    assert len(looked) == 3


def test_a_picture_like_one_that_is_gone_is_looked_at_for_itself():
    """Memory is used again, so another picture may come to lie where one was."""
    pictures = DevicePictures(CPU)
    for level in range(0, 255, 3):
        assert torch.allclose(pictures.palette(picture(level)).mean * 255, torch.tensor(float(level)), atol=1e-3)


@pytest.mark.parametrize("bound", [{"PALETTES": 2}, {"PALETTE_BYTES": 2 * 16 * 16 * 3}])
def test_the_latest_palettes_are_kept(looked, monkeypatch, bound):
    for name, value in bound.items():
        monkeypatch.setattr(module, name, value)
    pictures, shown = DevicePictures(CPU), [picture(level) for level in (10, 20, 30)]
    for number in (0, 1, 0, 2, 0, 1):
        pictures.palette(shown[number])
    assert looked == [10, 20, 30, 20], "20 was the oldest when 30 came"
