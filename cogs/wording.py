"""Numbers as people read them."""

from __future__ import annotations

_MINUTE = 60
_HOUR = 60 * _MINUTE


def about(seconds: float) -> str:
    """Return an estimate no more exact than an estimate is: "about 40 s", "about 3 min"."""
    if seconds < 7.5:
        return "a few seconds"
    if seconds < 1.5 * _MINUTE:
        return f"about {round(seconds / 5) * 5} s"
    if seconds < 1.5 * _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    return f"about {round(seconds / _HOUR)} h"


def measured(seconds: float) -> str:
    """Return a time that was measured: "12.5 s", "3 min 20 s"."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes} min {rest} s"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE} min"


def counted(count: int, noun: str) -> str:
    """Return "1 frame", "2 frames"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "3rd", "11th"."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if number % 100 in (11, 12, 13) else endings.get(number % 10, "th")
    return f"{number}{ending}"
