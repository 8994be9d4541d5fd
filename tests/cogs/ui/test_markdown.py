"""Text from members is shown as it is: nothing in it pings, links, formats or escapes its place."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cogs.ui.markdown import brief, code, code_block, fit_lines, inert, one_line, shorten
from tests.cogs.markdown import formatting, plain

HOSTILE = [
    "@everyone look",
    "@here",
    "<@123456789012345678> and <@!1> and <@&2> and <#3> and <id:customize>",
    "</morph:123456789012345678>",
    "<t:1700000000:R>",
    "<:blob:123456789012345678> <a:blob:1>",
    ":smile:",
    "https://example.org/picture.png",
    "see https://example.org.",
    "discord.gg/abcdef",
    "[free nitro](https://example.org)",
    "[free nitro](<https://example.org>)",
    "<https://example.org>",
    "# heading",
    "-# small print",
    "- entry",
    "+ entry",
    "1. entry",
    "> quote",
    ">>> quote",
    "first\n# heading",
    "first\r\n> quote",
    "first\u2028- entry",
    "first\x0b-# small",
    "**bold** *italic* __underline__ _italic_ ~~strike~~ ||spoiler||",
    "***both***",
    "snake_case_name",
    "`code` ``code`` ```block```",
    "\\`not escaped",
    "ends with a backslash\\",
    "\\\\@everyone",
    "\\<@1>",
    "a | b",
    "\u202ereversed",
]
ALPHABET = st.sampled_from([*"`*_~|<>[]()#@!&:/\\-+.> \n\t1a", "@everyone", "<@1>", "http://", "```", "# ", "\u202e"])
NASTY = st.lists(ALPHABET, max_size=40).map("".join)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_nothing_but_text(text):
    assert formatting(inert(text)) == []
    assert plain(inert(text)) == one_line(text)


@given(st.one_of(NASTY, st.text(max_size=80)))
@example("1.")
@example("12. a")
@example("\\@")
def test_any_text_is_nothing_but_text_and_reads_as_it_was_written(text):
    shown = inert(text)
    assert formatting(shown) == []
    assert plain(shown) == one_line(text)


@given(st.one_of(NASTY, st.text(max_size=80)))
def test_no_backtick_breaks_out_of_a_code_span(text):
    span = code(text)
    assert span[0] == span[-1] == "`"
    assert "`" not in span[1:-1]
    assert "\n" not in span
    assert len(span) > 2


@given(st.one_of(NASTY, st.text(max_size=80)))
def test_no_line_and_no_fence_breaks_out_of_a_code_block(text):
    first, line, last = code_block(text).split("\n")
    assert first == last == "```"
    assert "`" not in line


@given(st.text(max_size=80))
def test_one_line_has_no_control_characters_and_no_marks_that_turn_the_direction(text):
    line = one_line(text)
    assert not [character for character in line if unicodedata.category(character) in {"Cc", "Zl", "Zp"}]
    assert not set(line) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
    assert one_line(line) == line


def test_letters_of_every_script_and_emoji_stay():
    text = "una strada 道 طريق 👩‍🎨 naïve"
    assert inert(text) == text


@given(st.text(max_size=60), st.integers(min_value=1, max_value=40))
def test_a_shortened_text_is_short_enough(text, length):
    assert len(shorten(text, length)) <= length


@given(st.one_of(NASTY, st.text(max_size=80)), st.integers(min_value=1, max_value=60))
@example("*" * 80, 40)
def test_a_brief_text_is_short_enough_with_its_backslashes(text, most):
    shown = brief(text, most)
    assert len(shown) <= most
    assert formatting(shown) == []
    if len(inert(text)) <= most:
        assert shown == inert(text)


def test_a_brief_text_is_no_shorter_than_its_backslashes_ask_for():
    assert len(brief("*" * 300, 300)) >= 298
    assert brief("a" * 300, 300) == "a" * 300


def test_lines_that_do_not_fit_are_left_out_and_those_after_them_are_not():
    assert fit_lines(["one", "t" * 20, "three"], 9) == "one\nthree"
    assert fit_lines(["one", "t" * 20, "three"], 8) == "one"


def test_text_is_cut_at_a_word():
    assert shorten("a road by the sea, sunny day", 20) == "a road by the sea…"
    assert shorten("short", 20) == "short"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_reader_that_these_tests_trust_finds_fault_with_most_text_that_was_not_made_inert(text):
    harmless = {"snake_case_name", "\\`not escaped", "ends with a backslash\\", "\\<@1>", "a | b", "\u202ereversed"}
    lines = "\n".join(text.splitlines())
    assert (formatting(lines) == []) == (text in harmless)
