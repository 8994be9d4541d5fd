"""A veiled picture keeps its size and its colours, and shows nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.frames.veil import veil_picture
from tests.engine.frames.scenes import hills


@pytest.mark.parametrize("size", [(512, 512), (64, 64), (512, 768), (7, 3)])
def test_its_size_stays(size):
    assert veil_picture(hills(0, size)).size == size


def test_its_mean_colour_stays_and_its_detail_goes():
    picture = np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    shown = np.asarray(veil_picture(Image.fromarray(picture)), dtype=float)
    assert np.abs(shown.mean((0, 1)) - picture.mean((0, 1))).max() < 2
    assert shown.std() < picture.std() / 10


def test_pictures_that_differ_in_detail_only_become_the_same():
    """Nothing can be got back: what tells them apart is gone."""
    board = np.indices((240, 240)).sum(0) // 4 % 2 * 255
    one, other = (Image.fromarray(np.repeat(plane[..., None], 3, 2).astype(np.uint8)) for plane in (board, 255 - board))
    assert one.tobytes() != other.tobytes()
    assert np.abs(np.asarray(veil_picture(one), dtype=int) - np.asarray(veil_picture(other), dtype=int)).max() <= 2
