"""Text from members, shown inert: nothing in it pings, links, formats, or escapes its place."""

from __future__ import annotations

import re

from engine.text import one_line, shorten

__all__ = ["code", "code_block", "inert", "one_line", "shorten"]

_SPECIAL = re.compile(r"[\\`*_<\[\]]|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\||:(?=\S)|(?<=\w)/(?=\S)|@(?=\S)")
"""What begins a format, mention, link or emoji within a line of Discord's markdown; a backslash takes that away."""

_AT_LINE_START = re.compile(r"^(?:[#>+-]|\d+(?=\.))")
"""What makes a heading, a quote, a list or small print at the start of a line, apart from the above."""

_GRAVE = "ˋ"
"""Stands in for the backtick, which nothing can escape inside a code span."""


def inert(text: str) -> str:
    """Return one line of markdown that shows `text` as it is, whatever is in it."""
    return _AT_LINE_START.sub(_escape_start, _SPECIAL.sub(_escape, one_line(text)))


def code(text: str) -> str:
    """Return `text` as a code span on one line; its backticks become a look-alike."""
    return f"`{_without_backticks(text) or ' '}`"


def code_block(text: str) -> str:
    """Return `text` as one line in a code block, where a phone offers to copy it."""
    return f"```\n{_without_backticks(text)}\n```"


def _without_backticks(text: str) -> str:
    return one_line(text).replace("`", _GRAVE)


def _escape(match: re.Match[str]) -> str:
    if match[0] == "@":
        return "@\u200b"  # Discord looks for @everyone before it looks for backslashes
    return f"\\{match[0]}"


def _escape_start(match: re.Match[str]) -> str:
    start = match[0]
    return f"{start}\\" if start.isdigit() else f"\\{start}"
