"""Contact sheets: everything on one picture, in its place, numbered, and never too large."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from engine.errors import LimitTooSmall
from engine.frames.contact_sheet import LEAST_SIDE, MOST_SIDE, ContactSheet, ContactSheetPlan, ContactSheetWriter

COLOURS = [(200 - 15 * number, 15 * number, 90) for number in range(12)]


def sheet_of(pictures: list[Image.Image], limit_bytes: int = 1_000_000) -> ContactSheet:
    writer = ContactSheetWriter(ContactSheetPlan(limit_bytes, len(pictures) // 4, 4, pictures[0].size))
    for picture in pictures:
        writer.add(picture)
    return writer.finish()


def opened(sheet: ContactSheet) -> Image.Image:
    with Image.open(BytesIO(sheet.data)) as image:
        image.load()
    assert (image.format, image.size) == ("PNG", (sheet.width, sheet.height))
    return image


def noise(side: int, count: int) -> list[Image.Image]:
    random = np.random.default_rng(1)
    return [Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8)) for _ in range(count)]


@pytest.mark.parametrize(
    ("stills", "places"),
    [
        (1, [(0, 0), (1, 0), (0, 1), (1, 1)]),
        (2, [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (2, 1), (3, 1)]),
        (3, [(column, row) for row in range(4) for column in range(3)]),
    ],
)
def test_every_still_is_in_its_place(stills: int, places: list[tuple[int, int]]) -> None:
    sheet = sheet_of([Image.new("RGB", (96, 96), colour) for colour in COLOURS[: 4 * stills]])
    image = opened(sheet)
    assert sheet.frames == 4 * stills
    columns, rows = (max(axis) + 1 for axis in zip(*places, strict=True))
    for colour, (column, row) in zip(COLOURS, places, strict=False):
        point = (image.width * (column + 0.5) / columns, image.height * (row + 0.75) / rows)
        assert image.getpixel((int(point[0]), int(point[1]))) == colour


def test_each_seed_bears_a_number_of_its_own() -> None:
    image = opened(sheet_of([Image.new("RGB", (128, 128), (90, 90, 90))] * 4))
    corners = [
        np.asarray(image.crop((x, y, x + 25, y + 25)), dtype=int)
        for y in (0, image.height - 128)
        for x in (0, image.width - 128)
    ]
    assert all(corner.max() == 255 for corner in corners), "a number is white"
    different = [(one, other) for one in range(4) for other in range(one)]
    assert all(np.abs(corners[one] - corners[other]).max() > 100 for one, other in different)


@pytest.mark.parametrize("stills", [1, 2, 3])
def test_a_number_covers_no_other_seeds_pictures(stills: int) -> None:
    side, grey = 120, (90, 90, 90)
    image = opened(sheet_of([Image.new("RGB", (side, side), grey)] * 4 * stills))
    pixels = np.asarray(image)
    for top in range(0, image.height, side + 5):
        for left in range(0, image.width - side // 2, stills * side + 5):
            strip = pixels[top : top + side, left : left + stills * side]
            assert (strip[side // 3 :] == grey).all() and (strip[:, side // 3 :] == grey).all()
            assert not (strip[:12, :12] == grey).all()


def test_a_sheet_fits_its_limit_and_uses_it() -> None:
    large = sheet_of(noise(200, 12))
    limit = len(large.data) // 3
    small = sheet_of(noise(200, 12), limit)
    assert limit * 0.6 < len(small.data) <= limit
    assert small.width < large.width


def test_large_stills_are_made_smaller() -> None:
    assert sheet_of(noise(2 * MOST_SIDE, 4), 10_000_000).width == 2 * MOST_SIDE + round(MOST_SIDE / 24)


def test_a_limit_that_nothing_fits_is_said() -> None:
    with pytest.raises(LimitTooSmall, match="contact sheet does not fit into 2,000 bytes"):
        sheet_of(noise(4 * LEAST_SIDE, 12), 2000)
