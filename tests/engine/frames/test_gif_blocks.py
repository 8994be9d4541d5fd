"""Blocks join into a file that any decoder reads, and their bytes add up."""

from __future__ import annotations

import pytest

from engine.frames import gif_blocks
from engine.frames.palette import quantize
from tests.engine.frames.scenes import decoded, flat, hills, noise


@pytest.mark.parametrize("colours", [2, 3, 64, 100, 256])
def test_a_block_carries_exactly_the_pixels_it_was_given(colours):
    images = [quantize(scene(1), colours) for scene in (hills, noise, flat)]
    blocks = [gif_blocks.pack_frame(image, 7) for image in images]
    frames, durations, loop = decoded(gif_blocks.pack_header((96, 64)) + b"".join(blocks) + gif_blocks.TRAILER)
    assert [frame.tobytes() for frame in frames] == [image.convert("RGB").tobytes() for image in images]
    assert durations == [70, 70, 70]
    assert loop == 0


def test_the_header_is_as_long_as_it_says():
    assert len(gif_blocks.pack_header((640, 480))) == gif_blocks.HEADER_BYTES


def test_a_palette_is_no_larger_than_the_colours_in_use_need():
    many, one = (len(gif_blocks.pack_frame(quantize(scene(0), 256), 8)) for scene in (noise, flat))
    assert many > 3 * 256
    assert one < 3 * 256
