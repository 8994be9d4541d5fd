"""What a member wants where they say nothing else."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from studio.profiles.defaults import Defaults, defaults_of

SOME = Defaults(style="snow", negative="people", loop=False, morph_frames=9, zoom_frames=30, focus="below")


def test_each_kind_of_animation_takes_what_it_has() -> None:
    assert SOME.options("giro") == {"negative": "people", "loop": False}
    assert SOME.options("morph") == {"negative": "people", "frames": 9}
    assert SOME.options("zoom") == {"negative": "people", "frames": 30, "focus": {"x": 0.5, "y": 0.65}}


def test_what_is_not_chosen_is_left_to_the_command() -> None:
    assert [Defaults().options(kind) for kind in ("giro", "morph", "zoom")] == [{}, {}, {}]


def test_a_focus_that_there_is_no_more_is_none() -> None:
    assert Defaults(focus="nowhere").options("zoom") == {}


@given(
    st.builds(
        Defaults,
        style=st.text(max_size=32),
        negative=st.sampled_from(["", "people"]),
        loop=st.none() | st.booleans(),
        morph_frames=st.none() | st.integers(2, 1000),
        zoom_frames=st.none() | st.integers(2, 1000),
        focus=st.sampled_from(["", "below", "0.1,0.2"]),
    )
)
def test_they_come_back_from_the_store_as_they_were(defaults: Defaults) -> None:
    stored = msgspec.json.decode(msgspec.json.encode(defaults.plain()))
    assert defaults_of(stored) == defaults


def test_what_cannot_be_used_any_more_costs_nothing_else() -> None:
    assert defaults_of({"style": "snow", "morph_frames": 1_000_000, "colour": "red"}) == Defaults(style="snow")
