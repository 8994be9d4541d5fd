"""Camera moves as people write them.

forward                                            the default
spiral > drift left > back                         one move after another, easing over
zoom 1.02, pan 0.01 0, turn 1 > turn -1 at 60%     rates per frame, and when
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from engine.errors import RecipeError
from engine.recipe.keyframe import MAX_KEYFRAMES, MAX_PAN, MAX_TURN, Keyframe, Track
from engine.text import exact

NAMED_MOVES: dict[str, dict[str, Any]] = {
    "forward": {"zoom": "forward"},
    "back": {"zoom": "back"},
    "still": {},
    "drift left": {"pan_x": -0.01},
    "drift right": {"pan_x": 0.01},
    "rise": {"pan_y": -0.008},
    "sink": {"pan_y": 0.008},
    "spiral": {"zoom": "forward", "degrees": 1.0},
}
EXAMPLE = "zoom 1.02, pan 0.01 0, turn 1 > drift left > back"
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_TIME = re.compile(rf"^(?P<rest>.*?)\s*\bat\s+(?P<at>{_NUMBER})\s*(?P<percent>%?)$")
_RATES = re.compile(rf"^(?P<word>zoom|pan|turn)\s+(?P<first>{_NUMBER})(?:\s+(?P<second>{_NUMBER}))?$")


def parse_camera(text: str) -> Track:
    """Read moves separated by `>`, each of names and rates separated by commas, and perhaps a time.

    Rates are per frame: `zoom 1.02`, `pan 0.01 0` in fractions of the picture right and down, `turn 1` in degrees
    clockwise. What a move does not name stands still. The default is no keyframes.
    """
    moves = [" ".join(move.split()) for move in text.strip().lower().split(">")]
    if len(moves) > MAX_KEYFRAMES:
        raise RecipeError(
            "There are {count} camera moves; at most {limit} are possible.", count=len(moves), limit=MAX_KEYFRAMES
        )
    track = tuple(_parse_move(move) for move in moves)
    return () if track == (Keyframe(zoom="forward"),) else track


def format_camera(track: Track) -> str:
    """Write a track the way `parse_camera` reads it, without losing a digit."""
    return " > ".join(_format_keyframe(keyframe) for keyframe in track or (Keyframe(zoom="forward"),))


def describe_camera(track: Track) -> str:
    """Write a track for people, with times in whole percent."""
    return " > ".join(_format_keyframe(keyframe, lambda at: f"{at:.0%}") for keyframe in track)


def _parse_move(move: str) -> Keyframe:
    given: dict[str, Any] = {}
    rest = move
    if (timed := _TIME.match(move)) is not None:
        rest, at = timed["rest"].rstrip(", "), float(timed["at"])
        given["at"] = at / 100 if timed["percent"] else at
    for part in (part.strip() for part in rest.split(",")):
        given |= NAMED_MOVES[part] if part in NAMED_MOVES else _parse_rates(part)
    try:
        return msgspec.convert(given, Keyframe)
    except msgspec.ValidationError:
        raise RecipeError(
            "A camera's rates are for one frame: zoom from 0.8 to 1.25, pan from -{pan} to {pan}, turn from -{turn} to"
            " {turn} degrees; its times go from 0% to 100%.",
            pan=MAX_PAN,
            turn=int(MAX_TURN),
        ) from None


def _parse_rates(part: str) -> dict[str, Any]:
    match = _RATES.match(part)
    if match is None or (match["word"] == "pan") != (match["second"] is not None):
        raise RecipeError(
            "The camera's moves are {names}, or rates such as {example}, not “{part}”.",
            names=", ".join(NAMED_MOVES),
            example=EXAMPLE,
            part=part[:40],
        )
    first = float(match["first"])
    match match["word"]:
        case "zoom":
            return {"zoom": first}
        case "turn":
            return {"degrees": first}
        case _:
            return {"pan_x": first, "pan_y": float(match["second"])}


def _format_keyframe(keyframe: Keyframe, format_time: Callable[[float], str] = exact) -> str:
    move = msgspec.structs.replace(keyframe, at=None)
    name = next((name for name, rates in NAMED_MOVES.items() if Keyframe(**rates) == move), None)
    when = [] if keyframe.at is None else [f"at {format_time(keyframe.at)}"]
    return " ".join([name or ", ".join(_format_rates(move)), *when])


def _format_rates(move: Keyframe) -> Iterator[str]:
    if isinstance(move.zoom, str):
        yield move.zoom
    elif move.zoom != 1:
        yield f"zoom {exact(move.zoom)}"
    if move.pan_x or move.pan_y:
        yield f"pan {exact(move.pan_x)} {exact(move.pan_y)}"
    if move.degrees:
        yield f"turn {exact(move.degrees)}"
