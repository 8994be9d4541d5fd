"""Members' text as inert markdown: nothing in it pings, links or formats."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.text import one_line, shorten

__all__ = ["brief", "code", "code_block", "fit_lines", "inert", "one_line", "shorten"]

_SPECIAL = re.compile(r"[\\`*_<\[\]]|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\||:(?=\S)|(?<=\w)/(?=\S)|@(?=\S)")
"""What begins a format, mention, link or emoji within a line, unless a backslash precedes it."""

_AT_LINE_START = re.compile(r"^(?:[#>+-]|\d+(?=\.))")
"""What else begins a heading, a quote, a list or small print at the start of a line."""

_GRAVE = "ˋ"
"""Stands in for the backtick, which nothing can escape inside a code span."""


def inert(text: str) -> str:
    """Return one line of markdown that shows `text` literally."""
    return _AT_LINE_START.sub(_escape_start, _SPECIAL.sub(_escape, one_line(text)))


def brief(text: str, most: int) -> str:
    """Return the beginning of `text`, escaped, in at most `most` characters with the escapes."""
    kept, line = most, one_line(text)
    while len(shown := inert(shorten(line, kept))) > most:
        kept = kept * most // len(shown)
    return shown


def fit_lines(lines: Iterable[str], room: int) -> str:
    """Join lines in at most `room` characters, leaving out those that do not fit."""
    content = ""
    for line in lines:
        longer = f"{content}\n{line}" if content else line
        if len(longer) <= room:
            content = longer
    return content


def code(text: str) -> str:
    """Return `text` as a code span on one line; its backticks become a look-alike."""
    return f"`{_without_backticks(text) or ' '}`"


def code_block(text: str) -> str:
    """Return `text` as one line in a code block, which phones offer to copy."""
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
