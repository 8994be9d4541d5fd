"""A GIF never exceeds its limit, uses most of it where it binds, and says truly what is in it."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.errors import LimitTooSmall
from engine.frames.gif import Gif, GifPlan, GifWriter
from tests.engine.frames.scenes import decoded, difference, flat, hills, noise

Scene = Callable[[int], Image.Image]
AMPLE = 10_000_000


def plan(limit_bytes: int, frames: int, frame_ms: int = 80, size: tuple[int, int] = (96, 64)) -> GifPlan:
    return GifPlan(limit_bytes=limit_bytes, frames=frames, frame_ms=frame_ms, size=size)


def filled(wanted: GifPlan, scene: Scene) -> GifWriter:
    writer = GifWriter(wanted, recall=scene)
    for index in range(wanted.frames):
        writer.add(scene(index))
    return writer


def written(wanted: GifPlan, scene: Scene) -> Gif:
    return filled(wanted, scene).finish()


# ---- where the limit does not bind ----


def test_an_ample_limit_keeps_every_frame_at_full_size_and_true_to_its_colours():
    gif = written(plan(AMPLE, 5), hills)
    frames, durations, loop = decoded(gif.data)
    assert (gif.width, gif.height, gif.frames, gif.frame_ms) == (96, 64, 5, 80)
    assert durations == [80] * 5
    assert loop == 0, "it plays for ever"
    for index, frame in enumerate(frames):
        assert frame.size == (96, 64)
        assert difference(frame, hills(index)) < 3


def test_a_limit_beyond_all_memory_takes_no_more_than_the_frames_do():
    gif = written(plan(1 << 60, 3), noise)
    frames, _, _ = decoded(gif.data)
    assert [frame.size for frame in frames] == [(96, 64)] * 3


def test_it_encodes_each_frame_once_when_the_limit_is_ample():
    assert filled(plan(AMPLE, 8), hills).encodes == 8


def test_a_small_saturated_detail_keeps_its_hue_even_with_few_colours():
    gif = written(plan(9_000, 9), lambda index: hills(index, (192, 128)))
    red, green, blue = decoded(gif.data)[0][0].resize((192, 128)).getpixel((58, 28))
    assert red > 200
    assert max(green, blue) < 60


def test_one_frame_makes_a_file_too():
    gif = written(plan(AMPLE, 1), hills)
    assert gif.frames == len(decoded(gif.data)[0]) == 1


def test_frames_are_scaled_up_to_the_planned_size():
    gif = written(plan(AMPLE, 2, size=(320, 200)), lambda index: hills(index, (64, 40)))
    assert decoded(gif.data)[0][0].size == (gif.width, gif.height) == (320, 200)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
def test_frames_of_other_modes_are_taken_as_rgb(mode):
    gif = written(plan(AMPLE, 2), lambda index: hills(index).convert(mode))
    assert difference(decoded(gif.data)[0][1], hills(1).convert(mode).convert("RGB")) < 3


@pytest.mark.parametrize(
    ("frame_ms", "shown_ms"), [(1, 20), (20, 20), (33, 30), (80, 80), (200, 200), (60_000, 60_000)]
)
def test_delays_are_whole_centiseconds_that_no_viewer_stretches(frame_ms, shown_ms):
    gif = written(plan(AMPLE, 2, frame_ms=frame_ms), flat)
    assert gif.frame_ms == shown_ms
    assert decoded(gif.data)[1] == [shown_ms, shown_ms]


# ---- where it binds ----


def test_a_binding_limit_is_nearly_used_up_with_about_one_encode_a_frame():
    limit = 500_000
    writer = filled(plan(limit, 60, size=(192, 128)), lambda index: hills(index, (192, 128)))
    assert writer.encodes <= 1.15 * 60
    encodes = writer.encodes
    gif = writer.finish()
    assert 0.95 * limit < len(gif.data) <= limit
    assert writer.encodes == encodes, "the file is ready when the last frame is"
    assert gif.frames == 60
    assert gif.width < 192
    assert gif.width / gif.height == pytest.approx(1.5, rel=0.02)


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(lambda index: (flat if index < 20 else noise)(index), id="flat, then noise"),
        pytest.param(lambda index: (noise if index < 20 else flat)(index), id="noise, then flat"),
        pytest.param(lambda index: (flat if index % 2 else noise)(index), id="alternating"),
    ],
)
def test_uneven_content_still_uses_most_of_the_limit(scene):
    limit = 120_000
    gif = written(plan(limit, 40), scene)
    assert 0.9 * limit < len(gif.data) <= limit
    assert gif.frames == 40


def test_a_surprise_in_the_very_last_frame_does_not_exceed_the_limit():
    limit = 20_000
    gif = written(plan(limit, 30), lambda index: (noise if index == 29 else flat)(index))
    assert len(gif.data) <= limit
    assert gif.frames == len(decoded(gif.data)[0]) == 30


def test_when_size_is_not_enough_frames_are_dropped_and_the_duration_stays():
    gif = written(plan(120_000, 35, frame_ms=50, size=(192, 128)), lambda index: noise(index, (192, 128)))
    _, durations, _ = decoded(gif.data)
    assert gif.frames == len(durations) == 9, "every fourth"
    assert gif.frame_ms == 200
    assert durations == [200] * 8 + [150], "the last one stands for the three that are left"


def test_a_thousand_frames_fit_as_well():
    limit = 300_000
    gif = written(plan(limit, 1000, size=(24, 16)), lambda index: hills(index, (24, 16)))
    assert len(gif.data) <= limit
    assert sum(decoded(gif.data)[1]) == 80_000


def test_a_limit_that_nothing_fits_is_refused_in_one_sentence():
    with pytest.raises(LimitTooSmall, match="60 frames do not fit into 3,000 bytes"):
        written(plan(3_000, 60), noise)


def test_a_limit_below_the_header_is_refused():
    with pytest.raises(LimitTooSmall):
        written(plan(10, 1), flat)


@st.composite
def clips(draw: st.DrawFn) -> tuple[GifPlan, Scene]:
    """A plan and, for each frame, how hard it is."""
    kinds = draw(st.lists(st.sampled_from([flat, hills, noise]), min_size=1, max_size=24))
    size = draw(st.tuples(st.integers(1, 120), st.integers(1, 120)))
    wanted = plan(
        limit_bytes=draw(st.one_of(st.integers(1, 5_000), st.integers(1, 300_000))),
        frames=len(kinds),
        frame_ms=draw(st.integers(1, 500)),
        size=size,
    )
    return wanted, lambda index: kinds[index](index, size)


@settings(max_examples=60, deadline=None)
@given(clips())
def test_any_content_and_limit_give_a_true_file_within_the_limit_or_a_refusal(clip):
    wanted, scene = clip
    added = 0

    def recall(index: int) -> Image.Image:
        assert 0 <= index < added, "only frames already added can be recalled"
        return scene(index)

    writer = GifWriter(wanted, recall)
    for index in range(wanted.frames):
        added += 1
        writer.add(scene(index))
    try:
        gif = writer.finish()
    except LimitTooSmall:
        return

    assert len(gif.data) <= wanted.limit_bytes
    frames, durations, loop = decoded(gif.data)
    assert loop == 0
    assert len(frames) == gif.frames
    assert {frame.size for frame in frames} == {(gif.width, gif.height)}
    assert gif.width <= wanted.size[0]
    assert gif.height <= wanted.size[1]
    assert set(durations[:-1]) <= {gif.frame_ms}
    assert sum(durations) == wanted.frames * max(20, 10 * round(wanted.frame_ms / 10))


@settings(max_examples=10, deadline=None)
@given(clips())
def test_the_same_frames_give_the_same_bytes(clip):
    def outcome() -> bytes | None:
        try:
            return written(*clip).data
        except LimitTooSmall:
            return None

    assert outcome() == outcome()


# ---- what it asks of its caller, and what it keeps ----


def test_it_keeps_no_frames():
    writer = GifWriter(plan(20_000, 9), recall=noise)
    for index in range(9):
        frame = noise(index)
        kept = weakref.ref(frame)
        writer.add(frame)
        del frame
        assert kept() is None


def test_one_frame_too_many_and_one_too_few_are_refused():
    writer = GifWriter(plan(AMPLE, 2), recall=flat)
    writer.add(flat(0))
    with pytest.raises(ValueError, match="2 frames were planned, but 1 added"):
        writer.finish()
    writer.add(flat(1))
    with pytest.raises(ValueError, match="2 frames were planned"):
        writer.add(flat(2))
    assert writer.finish().frames == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"limit_bytes": 0},
        {"frames": 0},
        {"frame_ms": 0},
        {"frame_ms": 60_001},
        {"size": (0, 64)},
        {"size": (96, 65_536)},
    ],
)
def test_an_impossible_plan_is_refused(changed):
    values = {"limit_bytes": AMPLE, "frames": 2, "frame_ms": 80, "size": (96, 64)} | changed
    with pytest.raises(ValueError, match=r"GIF|frame_ms"):
        GifPlan(**values)
