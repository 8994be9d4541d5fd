"""Numbers as people read them: no more exact than they are."""

from __future__ import annotations

import pytest

from cogs.i18n.language import language_of
from cogs.ui.wording import format_estimate, format_measured, format_ordinal

ENGLISH, ITALIAN = language_of("en-US"), language_of("it")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (7, "a few seconds"),
        (8, "about 10 s"),
        (42, "about 40 s"),
        (89, "about 90 s"),
        (91, "about 2 min"),
        (600, "about 10 min"),
        (5399, "about 90 min"),
        (7300, "about 2 h"),
    ],
)
def test_estimates_are_rounded(seconds, words):
    assert format_estimate(seconds, ENGLISH) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(2.54, "2.5 s"), (59.9, "59.9 s"), (200.4, "3 min 20 s"), (3725, "1 h 2 min")]
)
def test_measured_times_are_not(seconds, words):
    assert format_measured(seconds, ENGLISH) == words


def test_places_in_line():
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 101, 111, 112)
    words = "1st 2nd 3rd 4th 11th 12th 13th 21st 101st 111th 112th"
    assert " ".join(format_ordinal(number, ENGLISH) for number in numbers) == words


def test_another_language_has_its_own_words_and_decimal_sign():
    assert (format_measured(2.54, ITALIAN), format_estimate(42, ITALIAN), format_ordinal(3, ITALIAN)) == (
        "2,5 s",
        "circa 40 s",
        "3º",
    )
