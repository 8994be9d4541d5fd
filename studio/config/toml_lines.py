"""Where in a TOML file a key is set, for sentences about a value that is not allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

_LONGEST_VALUE = 200
"""Lines that one value may go on for."""


def line_of(text: str, key: Sequence[str]) -> int | None:
    """Return the line, from 1, of valid TOML on which a key is set or its table begins; None if that is not clear.

    The file is parsed up to each line rather than searched: keys can be dotted, quoted, in inline tables, or words in
    the middle of a longer text.
    """
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if not key or key[-1] not in line:
            continue
        for end in range(number, min(number + _LONGEST_VALUE, len(lines)) + 1):
            table = _table(lines[:end])
            if table is not None:  # else the line is in the middle of a value
                if _has(table, key):
                    return number
                break
    return None


def _table(lines: Sequence[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _has(table: Any, key: Sequence[str]) -> bool:
    for part in key:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True
