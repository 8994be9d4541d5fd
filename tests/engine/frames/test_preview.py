"""A preview is a small JPEG of the asked size."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from engine.frames.preview import PREVIEW_SUFFIX, encode_preview
from tests.engine.frames.scenes import difference, hills


@pytest.mark.parametrize(
    ("size", "shown"),
    [((512, 512), (256, 256)), ((128, 128), (256, 256)), ((512, 768), (171, 256)), ((1000, 2), (256, 1))],
)
def test_its_longer_side_is_as_asked(size, shown):
    data = encode_preview(hills(0, size), 256)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == shown


def test_it_is_small_and_shows_the_frame():
    frame = hills(0, (256, 256))
    data = encode_preview(frame, 256)
    assert len(data) < 30_000
    with Image.open(io.BytesIO(data)) as picture:
        assert difference(picture.convert("RGB"), frame) < 8


def test_its_name_ends_as_its_format_says():
    assert PREVIEW_SUFFIX == ".jpg"
