"""Every pixel gets a colour near its own, from no more colours than asked for."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.frames.palette import quantize
from tests.engine.frames.scenes import difference, flat, hills, noise


@pytest.mark.parametrize("colours", [2, 64, 100, 256])
@pytest.mark.parametrize("scene", [flat, hills, noise])
def test_no_more_colours_than_asked_for(scene, colours):
    image = quantize(scene(0), colours)
    assert image.mode == "P"
    assert len(image.getcolors()) <= colours


def test_a_flat_frame_stays_as_it_is():
    assert difference(quantize(flat(7), 64).convert("RGB"), flat(7)) == 0


def test_more_colours_are_nearer():
    errors = [difference(quantize(hills(0), colours).convert("RGB"), hills(0)) for colours in (16, 64, 256)]
    assert errors == sorted(errors, reverse=True)


def test_a_smooth_sky_has_no_patches_of_a_wrong_hue():
    y = np.linspace(0, 1, 256)[:, None]
    sky = np.broadcast_to(np.stack([130 + 80 * y, 205 + 30 * y, 240 - 20 * y], axis=-1), (256, 256, 3))
    frame = Image.fromarray(sky.astype(np.uint8))
    mapped = np.asarray(quantize(frame, 192).convert("RGB"), np.int16)
    assert np.abs(mapped - np.asarray(frame, np.int16)).max() <= 4
