"""How a camera moves at one moment of an animation, as a recipe keeps it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from engine.errors import RecipeError
from engine.recipe.settings import ZoomRate

MAX_KEYFRAMES = 20
MAX_PAN = 0.1
MAX_TURN = 10.0

Moment = Annotated[float, Meta(ge=0, le=1)]
PanRate = Annotated[float, Meta(ge=-MAX_PAN, le=MAX_PAN)]
TurnRate = Annotated[float, Meta(ge=-MAX_TURN, le=MAX_TURN)]


class Keyframe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the camera moves at one moment of an animation; between keyframes the moves ease over.

    Attributes:
        at: when, as a share of the animation; None for halfway between its neighbours.
        zoom: magnification per frame; "forward" is the settings' own, "back" the same backwards.
        pan_x, pan_y: how far the view moves per frame, in fractions of the picture, right and down.
        degrees: how far the view turns per frame, clockwise.
    """

    at: Moment | None = None
    zoom: ZoomRate | Literal["forward", "back"] = 1.0
    pan_x: PanRate = 0.0
    pan_y: PanRate = 0.0
    degrees: TurnRate = 0.0


Track = Annotated[tuple[Keyframe, ...], Meta(max_length=MAX_KEYFRAMES)]
"""The camera's keyframes in order of time; empty for forward throughout."""


def require_order(track: Track) -> None:
    """Raise RecipeError unless each keyframe is later than the one before."""
    times = [keyframe.at for keyframe in track if keyframe.at is not None]
    if times != sorted(set(times)):
        raise RecipeError("The camera's moves must follow one another: each at a later time than the one before.")


def extend_track(track: Track, *, loops: bool, share: float) -> Track:
    """Return the track of an animation that is extended at its end, with all its present moves kept as they are.

    The extension goes on with the final move; in a loop that is the first keyframe's, which the last one eases to. If a
    loop eases across its seam, the last keyframe is repeated as long before the new end as it was before the old one,
    so that the beginning still follows from it; an extension too short for both stays at the last move until then.

    Args:
        share: the animation's share of the extended one.
    """
    if len(track) < 2:
        return track
    times, in_order = time_keyframes(track, loops=loops)
    first, last = in_order[0], in_order[-1]
    pinned = _pin_times(in_order, (at * share for at in times))
    ends_as_it_began = msgspec.structs.replace(first, at=None) == msgspec.structs.replace(last, at=None)
    if not loops or ends_as_it_began or times[-1] >= 1:
        return pinned
    returns, repeats = (1 + times[0]) * share, 1 - (1 - times[-1]) * share
    begun, again = msgspec.structs.replace(first, at=returns), msgspec.structs.replace(last, at=repeats)
    if times[0] == 0:
        more = [begun]
    else:
        more = [begun, again] if returns < repeats and len(track) + 1 < MAX_KEYFRAMES else [again]
    return (*pinned, *more) if len(track) < MAX_KEYFRAMES else pinned


def _pin_times(track: Track, times: Iterable[float]) -> Track:
    """Return keyframes with explicit times; of several at one moment each is later by next to nothing."""
    pinned: list[Keyframe] = []
    latest = -1.0
    for keyframe, at in zip(track, times, strict=True):
        latest = max(at, math.nextafter(latest, 1))
        pinned.append(msgspec.structs.replace(keyframe, at=latest))
    return tuple(pinned)


def time_keyframes(track: Track, *, loops: bool) -> tuple[tuple[float, ...], Track]:
    """Return the time of each keyframe, from 0 to 1, and the keyframes in that order.

    In a loop whose first keyframe is later than 0, the last ones may lie across the seam: they come first.
    """
    times = spread_times(tuple(keyframe.at for keyframe in track), loops=loops)
    across = sum(at >= 1 for at in times) if loops and times[0] > 0 else 0
    seam = len(times) - across
    return (*(at - 1 for at in times[seam:]), *times[:seam]), (*track[seam:], *track[:seam])


def spread_times(given: tuple[float | None, ...], *, loops: bool) -> tuple[float, ...]:
    """Return the time of each keyframe: those without one are spread evenly between their neighbours.

    A loop leaves room after its last keyframe to ease into the first, so that its last times can be beyond 1.
    """
    times = dict(enumerate(given)) | ({0: 0.0} if given[0] is None else {})
    last = len(given) - 1
    if loops:
        times[last + 1] = 1.0 + (times[0] or 0.0)
    elif times[last] is None:
        times[last] = 1.0
    fixed = [(number, at) for number, at in times.items() if at is not None]
    spread = [0.0] * (len(given) + 1)
    for (low, begins), (high, ends) in zip(fixed, [*fixed[1:], fixed[-1]], strict=True):
        for number in range(low, high):
            spread[number] = begins + (ends - begins) * (number - low) / (high - low)
        spread[high] = ends
    return tuple(spread[: len(given)])
