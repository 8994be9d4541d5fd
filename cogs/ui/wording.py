"""Numbers as people read them."""

from __future__ import annotations

from babel import Locale

from cogs.i18n.language import Language
from engine.protocol.messages import Standing

_MINUTE = 60
_HOUR = 60 * _MINUTE


def format_estimate(seconds: float, say: Language) -> str:
    """Return an estimate no more exact than an estimate is: "about 40 s", "about 3 min"."""
    if seconds < 7.5:
        return say("a few seconds")
    if seconds < 1.5 * _MINUTE:
        return say("about {seconds} s", seconds=round(seconds / 5) * 5)
    if seconds < 1.5 * _HOUR:
        return say("about {minutes} min", minutes=round(seconds / _MINUTE))
    return say("about {hours} h", hours=round(seconds / _HOUR))


def format_measured(seconds: float, say: Language) -> str:
    """Return a time that was measured: "12.5 s", "3 min 20 s"."""
    if seconds < _MINUTE:
        return say("{seconds} s", seconds=say.number(seconds, 1))
    minutes, rest = divmod(round(seconds), _MINUTE)
    if minutes < _MINUTE:
        return say("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return say("{hours} h {minutes} min", hours=minutes // _MINUTE, minutes=minutes % _MINUTE)


def format_ordinal(number: int, say: Language) -> str:
    """Return "1st", "2nd", "3rd", "11th"."""
    match Locale("en").ordinal_form(number):
        case "one":
            return say("{number}st", number=number)
        case "two":
            return say("{number}nd", number=number)
        case "few":
            return say("{number}rd", number=number)
    return say("{number}th", number=number)


def format_remaining(standing: Standing | None, say: Language) -> str:
    """Return how long a job will still take, or that this is being measured."""
    if standing is None or standing.seconds_left is None:
        return say("time left: measuring")
    return say("{time} left", time=format_estimate(standing.seconds_left, say))
