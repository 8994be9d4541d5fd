"""Suggestions stay within what Discord takes, and each can be used as it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cogs.ui.choices import filter_values, label_choices, last_entry, make_choices


def values(found):
    return [choice.value for choice in found]


def test_those_that_begin_with_what_was_typed_come_first():
    assert filter_values("Ro", ["a road", "rose", "tree", "rose"]) == ["rose", "a road"]


def test_one_group_comes_after_another_and_each_value_once():
    assert values(make_choices(["a", "b"], ["c", "a"], before="x; ")) == ["x; a", "x; b", "x; c"]


def test_the_entries_typed_already_are_kept_apart_from_the_last():
    assert last_entry("a | 3; b | 4; to") == ("a | 3; b | 4; ", " to")
    assert last_entry("to") == ("", "to")


def test_labels_are_searched_and_values_are_sent():
    assert values(label_choices("snow", {"w": "winter: snow", "s": "summer"})) == ["w"]


@given(st.text(max_size=120), st.lists(st.text(min_size=1, max_size=150), max_size=60))
def test_never_more_than_25_of_at_most_100_characters(typed, known):
    for found in (
        make_choices(known, [typed]),
        make_choices(known, before=typed),
        label_choices(typed, dict.fromkeys(known, "x" * 150)),
    ):
        assert len(found) <= 25
        assert all(len(choice.name) <= 100 and 1 <= len(choice.value) <= 100 for choice in found)
