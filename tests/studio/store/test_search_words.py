"""Members' text as words: whatever was typed, it is only looked for, and only in one server."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.store.search_words import fold_text, scope_words, search_expression, words_of

SYNTAX = (
    "road",
    "NEAR",
    "(",
    ")",
    '"',
    "*",
    "AND",
    "OR",
    "NOT",
    "words:",
    "^",
    "-",
    "+",
    "{",
    "}",
    "55_road",
    "'",
    "\0",
)


@pytest.fixture(scope="module")
def index():
    """An index like the store's, with one text in each of two servers."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5 (words, detail = none, tokenize = \"ascii tokenchars '_'\")")
    database.execute(
        "INSERT INTO t (rowid, words) VALUES (55, ?)", (scope_words("55", words_of("a near 5 road 東京")),)
    )
    database.execute(
        "INSERT INTO t (rowid, words) VALUES (555, ?)", (scope_words("555", words_of("a near 5 road 東京")),)
    )
    yield database
    database.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A Road, by the SEA", ["a", "road", "by", "the", "sea"]),
        ("Caffè crème", ["caffe", "creme"]),
        ("straße 7½", ["strasse", "71", "2"]),
        ("東京 tower", ["東", "京", "tower"]),
        ("snake_case {} -- ''", ["snake", "case"]),
        ("…", []),
    ],
)
def test_words_are_letters_and_digits_without_capitals_and_accents(text, words):
    assert words_of(text) == words
    assert fold_text(text) == " ".join(words)


def test_the_last_word_may_be_unfinished_and_the_others_not():
    assert search_expression("5", "red fo") == '"5_red" AND "5_fo"*'


def test_what_holds_no_word_searches_for_nothing():
    assert search_expression("5", ' "* ( ') == ""


@given(st.text(max_size=60) | st.lists(st.sampled_from(SYNTAX)).map(" ".join))
def test_whatever_is_typed_is_a_valid_search_that_stays_in_its_server(index, typed):
    if expression := search_expression("55", typed):
        rows = index.execute("SELECT rowid FROM t WHERE t MATCH ?", (expression,)).fetchall()
        assert set(rows) <= {(55,)}


@given(st.text(min_size=1, max_size=40))
def test_every_text_is_found_by_itself(text):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5 (words, detail = none, tokenize = \"ascii tokenchars '_'\")")
    database.execute("INSERT INTO t (words) VALUES (?)", (scope_words("5", words_of(text)),))
    if expression := search_expression("5", text):
        assert database.execute("SELECT count(*) FROM t WHERE t MATCH ?", (expression,)).fetchone() == (1,)
    database.close()
