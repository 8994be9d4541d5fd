"""Stored pictures, sound and damaged."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.errors import PictureError
from engine.protocol.stored_picture import load_picture, open_picture


def encoded(kind: str) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (24, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


FILES = {kind: encoded(kind) for kind in ("PNG", "GIF", "WEBP")}


@pytest.mark.parametrize("kind", FILES)
def test_a_sound_picture_is_read_from_a_file_or_from_its_content(tmp_path: Path, kind: str) -> None:
    (tmp_path / "picture").write_bytes(FILES[kind])
    from_file, from_bytes = load_picture(tmp_path / "picture"), load_picture(FILES[kind])
    assert from_file.size == (16, 24)
    assert from_file.mode == "RGB"
    assert from_file == from_bytes


def test_what_is_not_there_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(PictureError):
        load_picture(tmp_path / "gone.png")


def test_a_head_that_promises_gigabytes_is_damaged_and_nothing_is_decoded() -> None:
    with pytest.raises(PictureError):
        load_picture(FILES["GIF"][:6] + b"\xff\xff\xff\xff" + FILES["GIF"][10:])
    with pytest.raises(PictureError, match="too many"):
        load_picture(FILES["GIF"][:6] + b"\x00\x24\x00\x24" + FILES["GIF"][10:])  # no bomb in Pillow's eyes


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_whichever_byte_is_damaged_it_opens_or_is_damaged(kind: str) -> None:
    whole = FILES[kind]
    for place in range(len(whole)):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            read_or_refuse(damaged)


@given(st.sampled_from(sorted(FILES)), st.data())
def test_nothing_else_comes_of_whatever_a_disk_makes_of_it(kind: str, data: st.DataObject) -> None:
    whole = FILES[kind]
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    read_or_refuse(whole[:begin] + data.draw(st.binary(max_size=40)) + whole[end:])


def read_or_refuse(data: bytes) -> None:
    try:
        assert load_picture(data).mode == "RGB"
    except PictureError:
        return


def test_what_goes_wrong_while_it_is_read_is_damage_as_well() -> None:
    with pytest.raises(PictureError), open_picture(FILES["PNG"][:-30]) as image:
        image.load()
