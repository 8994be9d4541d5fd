"""Whether a finished frame can stay."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backend import Picture
from engine.vision.degenerate import FrameCheck, FrameContext, check_frame


def scene(seed: int, size: int = 128) -> Picture:
    """Patches of muted colours: a picture as good as any."""
    patches = np.random.default_rng(seed).integers(60, 200, (8, 8, 3), dtype=np.uint8)
    return patches.repeat(size // 8, 0).repeat(size // 8, 1)


def plain(*colour: int) -> Picture:
    return np.full((128, 128, 3), colour, np.uint8)


ANYTHING = FrameContext()


def test_an_ordinary_frame_stays() -> None:
    assert check_frame(scene(1), ANYTHING) == FrameCheck(None)
    assert (
        check_frame(scene(1, 512), FrameContext(before=scene(2, 512), goal=(scene(3, 512), scene(4, 512)))).fault
        is None
    )


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (90, 120, 200)], ids=["black", "white", "blue"])
def test_one_tone_shows_nothing(colour: tuple[int, ...]) -> None:
    assert check_frame(plain(*colour), ANYTHING).fault == "flat"


def test_grain_on_one_tone_shows_nothing_either() -> None:
    grain = np.random.default_rng(1).integers(-4, 5, (128, 128, 3))
    assert check_frame((plain(120, 120, 120) + grain).astype(np.uint8), ANYTHING).fault == "flat"


def test_what_a_model_makes_of_not_a_number_is_flat() -> None:
    broken = np.full((128, 128, 3), np.nan, np.float32)
    with np.errstate(invalid="ignore"):
        assert check_frame(np.nan_to_num(broken).astype(np.uint8), ANYTHING).fault == "flat"


def test_red_blobs_are_burnt() -> None:
    blobs = plain(255, 0, 0)
    blobs[40:60, 40:60] = (255, 255, 0)
    blobs[100:, :30] = (20, 20, 20)
    assert check_frame(blobs, ANYTHING).fault == "saturated"


def test_a_night_and_a_field_of_poppies_are_not() -> None:
    night = (scene(1).astype(int) // 3).astype(np.uint8)
    poppies = scene(2)
    poppies[64:] = (190, 45, 40)
    assert check_frame(night, ANYTHING).fault is None
    assert check_frame(poppies, ANYTHING).fault is None


def test_a_camera_that_moves_changes_the_picture() -> None:
    assert check_frame(scene(1), FrameContext(before=scene(1))).fault == "unchanged"
    assert check_frame(np.roll(scene(1), 2, axis=1), FrameContext(before=scene(1))).fault is None


def test_a_frame_that_looks_like_the_stage_before_is_astray() -> None:
    own, former = scene(1), scene(2)
    halfway = ((own.astype(int) + former) // 2).astype(np.uint8)
    assert check_frame(own, FrameContext(goal=(own, former))).fault is None
    assert check_frame(halfway, FrameContext(goal=(own, former))).fault is None
    assert check_frame(former, FrameContext(goal=(own, former))).fault == "astray"


def test_the_better_of_two_tries_ranks_higher() -> None:
    black, blobs, former = check_frame(plain(0, 0, 0), ANYTHING), check_frame(plain(255, 0, 0), ANYTHING), scene(2)
    grainy = plain(120, 120, 120)
    grainy[::7] = 123
    astray = check_frame(former, FrameContext(goal=(scene(1), former)))
    ranks = [
        verdict.rank for verdict in (black, check_frame(grainy, ANYTHING), astray, check_frame(scene(1), ANYTHING))
    ]
    assert ranks == sorted(ranks) and len(set(ranks)) == 4
    assert blobs.fault == "flat", "one tone is flat, however vivid"
