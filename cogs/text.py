"""Text from members, shown inert: nothing in it pings, links, formats, or escapes its place."""

from __future__ import annotations

import re
import unicodedata

_SPECIAL = re.compile(r"[\\`*_<\[\]]|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\||[:/](?=\S)|@(?=\S)")
"""What begins a format, mention, link or emoji within a line of Discord's markdown; a backslash takes that away."""

_AT_LINE_START = re.compile(r"^(?:[#>+-]|\d+(?=\.))")
"""What makes a heading, a quote, a list or small print at the start of a line, apart from the above."""

_GRAVE = "ˋ"
"""Stands in for the backtick, which nothing can escape inside a code span."""

_DIRECTION = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that would let a prompt turn the writing direction of what follows it."""


def inert(text: str) -> str:
    """Return one line of markdown that shows `text` as it is, whatever is in it."""
    escaped = _SPECIAL.sub(r"\\\g<0>", one_line(text))
    escaped = escaped.replace("\\@", "@\u200b")  # Discord looks for @everyone before it looks for backslashes
    return _AT_LINE_START.sub(_escape_start, escaped)


def code(text: str) -> str:
    """Return `text` as a code span on one line; its backticks become a look-alike."""
    return f"`{_without_backticks(text) or ' '}`"


def code_block(text: str) -> str:
    """Return `text` as one line in a code block, where a phone offers to copy it."""
    return f"```\n{_without_backticks(text)}\n```"


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


_BLANKS = {"Cc", "Zl", "Zp", "Zs"}


def _without_backticks(text: str) -> str:
    return one_line(text).replace("`", _GRAVE)


def _escape_start(match: re.Match[str]) -> str:
    start = match[0]
    return f"{start}\\" if start.isdigit() else f"\\{start}"
