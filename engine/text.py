"""Texts on one line, in one writing direction, of limited length; numbers in full."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

_DIRECTION = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that would let a prompt turn the writing direction of what follows it."""

_BLANKS = {"Cc", "Zl", "Zp", "Zs"}


def one_line(text: str) -> str:
    """Return `text` on one line, without control characters and marks that change the writing direction."""
    visible = (" " if unicodedata.category(character) in _BLANKS else character for character in text)
    return " ".join("".join(character for character in visible if character not in _DIRECTION).split())


def shorten(text: str, length: int) -> str:
    """Return `text`, cut at a word where there is one, in at most `length` characters."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    at_word = cut.rfind(" ")
    return cut[: at_word if at_word > length // 2 else len(cut)].rstrip(" ,;") + "…"


def exact(number: float) -> str:
    """Return a number in plain decimals that reads back as the very same number."""
    return format(Decimal(repr(number)), "f").removesuffix(".0")


def first_line(error: Exception) -> str:
    """Return the first line of what a library said, or its error's name."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
