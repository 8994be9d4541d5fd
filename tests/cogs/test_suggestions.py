"""Suggestions stay within what Discord takes, and each can be used as it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cogs.suggestions import choices, named, next_in_list


def values(found):
    return [choice.value for choice in found]


def test_those_that_begin_with_what_was_typed_come_first():
    assert values(choices("ro", ["a road", "rose", "tree"])) == ["rose", "a road"]


def test_the_entries_typed_already_are_kept():
    assert values(next_in_list("a | 3; to", ["a town | 4", "a road | 5"])) == ["a | 3; a town | 4"]


def test_labels_are_searched_and_values_are_sent():
    assert values(named("snow", {"w": "winter: snow", "s": "summer"})) == ["w"]


@given(st.text(max_size=120), st.lists(st.text(min_size=1, max_size=150), max_size=60))
def test_never_more_than_25_of_at_most_100_characters(typed, known):
    for found in (choices(typed, known), next_in_list(typed, known), named(typed, dict.fromkeys(known, "x" * 150))):
        assert len(found) <= 25
        assert all(1 <= len(choice.name) <= 100 and 1 <= len(choice.value) <= 100 for choice in found)
