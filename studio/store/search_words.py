"""Members' text as words to search by.

A word in the index is written with its server in front, "555_road". Each server so has words of its own, and a search
touches nothing but them; and since a word is made of letters and digits only, nothing in a member's text can be read
as an operator, a quote or a column.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_WORDS = 16
"""Words of a search that count; what is typed beyond them narrows it no further."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""A run of letters and digits; in scripts that put no blanks between words, a single character."""


def words_of(text: str) -> list[str]:
    """Return the words of a text, without capitals and accents, in their order."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return _WORD.findall("".join(character for character in plain if unicodedata.category(character) != "Mn"))


def fold_text(text: str) -> str:
    """Return a text as its words with one blank between two, so that equal prompts are equal whatever their looks."""
    return " ".join(words_of(text))


def scope_words(server: str, words: Iterable[str]) -> str:
    """Return words as they stand in the index of one server, each once."""
    return " ".join(dict.fromkeys(f"{server}_{word}" for word in words))


def search_expression(server: str, typed: str) -> str:
    """Return the FTS5 expression for what holds every word typed, the last of them perhaps not finished.

    Returns:
        an empty text if no word was typed; then there is nothing to search for.
    """
    if not (words := words_of(typed)[:MAX_WORDS]):
        return ""
    *whole, last = words
    terms = [f'"{server}_{word}"' for word in dict.fromkeys(whole)]
    return " AND ".join([*terms, f'"{server}_{last}"*'])
