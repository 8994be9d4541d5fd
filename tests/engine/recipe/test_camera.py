"""The camera's moves as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecipeError
from engine.recipe.camera import EXAMPLE, NAMED_MOVES, format_camera, parse_camera
from engine.recipe.keyframe import MAX_KEYFRAMES, MAX_PAN, MAX_TURN, Keyframe
from engine.recipe.recipe import Zoom, from_json, to_json


@pytest.mark.parametrize(
    ("text", "track"),
    [
        ("forward", ()),
        ("Back", (Keyframe(zoom="back"),)),
        ("drift  left", (Keyframe(pan_x=-0.01),)),
        (
            "zoom 1.02, pan 0.01 0, turn 1 > zoom 1.0, turn -1",
            (Keyframe(zoom=1.02, pan_x=0.01, degrees=1), Keyframe(degrees=-1)),
        ),
        ("forward, turn .5 at 25% > rise at 0.75", (
            Keyframe(at=0.25, zoom="forward", degrees=0.5),
            Keyframe(at=0.75, pan_y=-0.008),
        )),
        ("forward > forward", (Keyframe(zoom="forward"), Keyframe(zoom="forward"))),
    ],
)  # fmt: skip
def test_moves_are_words_and_rates(text: str, track: tuple[Keyframe, ...]) -> None:
    assert parse_camera(text) == track


@pytest.mark.parametrize("text", [*NAMED_MOVES, EXAMPLE])
def test_what_is_offered_can_be_read(text: str) -> None:
    assert format_camera(parse_camera(text)) == text


KEYFRAMES = st.builds(
    Keyframe,
    at=st.none(),
    zoom=st.one_of(st.sampled_from(["forward", "back"]), st.floats(0.8, 1.25)),
    pan_x=st.floats(-MAX_PAN, MAX_PAN),
    pan_y=st.floats(-MAX_PAN, MAX_PAN),
    degrees=st.floats(-MAX_TURN, MAX_TURN),
)


@given(st.lists(KEYFRAMES, max_size=MAX_KEYFRAMES).map(tuple))
def test_no_digit_is_lost_in_writing_nor_in_the_recipe(track: tuple[Keyframe, ...]) -> None:
    if track != (Keyframe(zoom="forward"),):
        assert parse_camera(format_camera(track)) == track
    zoom = Zoom(seed=1, prompt="a road", camera=track)
    assert from_json(to_json(zoom)) == zoom


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5, unique=True).map(sorted))
def test_times_are_written_too(times: list[float]) -> None:
    track = tuple(Keyframe(at=at, zoom="back") for at in times)
    assert parse_camera(format_camera(track)) == track


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sideways", "The camera's moves are forward, back, still, drift left"),
        ("", "The camera's moves are forward"),
        ("forward >", "The camera's moves are forward"),
        ("pan 0.1", "The camera's moves are forward"),
        ("zoom 1 2", "The camera's moves are forward"),
        ("zoom 3", "A camera's rates are for one frame: zoom from 0.8 to 1.25"),
        ("pan 0.2 0", "A camera's rates are for one frame"),
        ("turn 11", "A camera's rates are for one frame"),
        ("back at 120%", "A camera's rates are for one frame"),
        (">".join(["back"] * 21), "There are 21 camera moves; at most 20 are possible."),
    ],
)
def test_what_is_not_a_move_is_refused_with_what_is_allowed(text: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as refusal:
        parse_camera(text)
    assert str(refusal.value).startswith(sentence)


def test_keyframes_that_do_not_follow_one_another_are_refused() -> None:
    with pytest.raises(RecipeError, match="follow one another"):
        Zoom(seed=1, prompt="a road", camera=parse_camera("back at 60% > forward at 30%"))


@given(st.text(max_size=60))
def test_any_text_gives_moves_or_a_sentence(text: str) -> None:
    try:
        track = parse_camera(text)
    except RecipeError as refusal:
        assert str(refusal).endswith(".")
    else:
        assert len(track) <= MAX_KEYFRAMES
