"""Lines on a terminal: one that is written over while something goes on, or plain ones where nobody looks."""

from __future__ import annotations

import os
import re
from typing import TextIO

_PERCENT = re.compile(r"(\d+)\s?%")
_MARKUP = re.compile(r"\*\*|`|^-#\s*", re.MULTILINE)
_STEP = 10  # percent between two plain lines


class ProgressLine:
    """Shows how far something is, from the texts that say so."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._shown = ""
        self._percent: int | None = None

    def show(self, text: str) -> None:
        """Show the part of `text` that tells how far things are; on a terminal in place of what was there."""
        line = _telling_line(text)
        if not line or line == self._shown:
            return
        if self._live:
            width = os.get_terminal_size(self._out.fileno()).columns
            self._out.write(f"\r\x1b[2K{line[: width - 1]}")
            self._out.flush()
        elif self._is_worth_a_line(line):
            self._out.write(f"{line}\n")
            self._out.flush()
        self._shown = line

    def close(self) -> None:
        """Leave the line that is written over."""
        if self._live and self._shown:
            self._out.write("\n")

    def _is_worth_a_line(self, line: str) -> bool:
        match = _PERCENT.search(line)
        percent = int(match[1]) if match else None
        previous, self._percent = self._percent, percent
        if percent is None or previous is None:
            return True
        if percent - previous < _STEP:
            self._percent = previous
            return False
        return True


def _telling_line(text: str) -> str:
    """Return the line with a percentage, or else the last one, without markup."""
    lines = [line.strip() for line in _MARKUP.sub("", text).splitlines() if line.strip()]
    return next((line for line in lines if _PERCENT.search(line)), lines[-1] if lines else "")
