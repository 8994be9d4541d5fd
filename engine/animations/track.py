"""The camera's track: keyframes of an animation, and how it moves at any moment between them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from engine.keyframe import MAX_KEYFRAMES, Keyframe, Track
from engine.motion.ease import smoothstep
from engine.storyboard import Camera

FORWARD = Keyframe(zoom="forward")

_DECIMALS = 9
"""To which moments are told apart: an animation that was extended has the same moves to the last bit, for its frames
to be the same, although the moments of its keyframes are other shares of it."""


class CameraTrack(msgspec.Struct, frozen=True, kw_only=True):
    """How the camera moves through an animation.

    Attributes:
        keyframes: none is forward throughout.
        loops: whether the animation's end is its beginning: then the last keyframe's move eases over into the first's.
        forward: magnification that "forward" stands for.
    """

    keyframes: Track
    loops: bool
    forward: float

    def move(self, time: float) -> Camera:
        """Return the move from one frame to the next at `time`, a share of the animation; its focus is open."""
        track = self.keyframes or (FORWARD,)
        time = time % 1 if self.loops else time
        times, track = timed(track, loops=self.loops)
        after = next((number for number, at in enumerate(times) if round(at - time, _DECIMALS) > 0), len(times))
        before = after - 1
        if before < 0 or after == len(times):
            if not self.loops:
                return self._mixed(track[max(before, 0)], track[max(before, 0)], 0.0)
            begins = times[before] - (1 if before < 0 else 0)
            ends = times[after % len(times)] + (1 if after == len(times) else 0)
        else:
            begins, ends = times[before], times[after]
        position = round((time - begins) / (ends - begins), _DECIMALS)
        return self._mixed(track[before], track[after % len(times)], position)

    def _mixed(self, first: Keyframe, second: Keyframe, position: float) -> Camera:
        weight = smoothstep(position)

        def between(one: float, other: float) -> float:
            return one if one == other else one + (other - one) * weight

        one, other = self._magnification(first), self._magnification(second)
        return Camera(
            zoom=one if one == other else math.exp(between(math.log(one), math.log(other))),
            pan_x=between(first.pan_x, second.pan_x),
            pan_y=between(first.pan_y, second.pan_y),
            degrees=between(first.degrees, second.degrees),
        )

    def _magnification(self, keyframe: Keyframe) -> float:
        match keyframe.zoom:
            case "forward":
                return self.forward
            case "back":
                return 1 / self.forward
            case rate:
                return rate


def extended_track(track: Track, *, loops: bool, share: float) -> Track:
    """Return the track of an animation that goes on after its end, for all moves up to there to be as they are.

    What goes on moves as it did at the end. Where it would have looped that is how it began, which the last move
    eases over into. Where that happens across the seam, the last move is there once more, so long before the new end
    as it was before the old one, for the beginning to come out of it as it did; and if what goes on is too short for
    both, it stays at the last move until then.

    Args:
        track: of the animation as it is.
        loops: whether that loops.
        share: which share of the longer one it is.
    """
    if len(track) < 2:
        return track
    times, in_order = timed(track, loops=loops)
    first, last = in_order[0], in_order[-1]
    pinned = _pinned(in_order, (at * share for at in times))
    is_home = msgspec.structs.replace(first, at=None) == msgspec.structs.replace(last, at=None)
    if not loops or is_home or times[-1] >= 1:
        return pinned
    returns, repeats = (1 + times[0]) * share, 1 - (1 - times[-1]) * share
    begun, again = msgspec.structs.replace(first, at=returns), msgspec.structs.replace(last, at=repeats)
    if times[0] == 0:
        more = [begun]
    else:
        more = [begun, again] if returns < repeats and len(track) + 1 < MAX_KEYFRAMES else [again]
    return (*pinned, *more) if len(track) < MAX_KEYFRAMES else pinned


def _pinned(track: Track, times: Iterable[float]) -> Track:
    """Return keyframes with their times; of those at one moment each is later by less than `move` tells apart."""
    pinned: list[Keyframe] = []
    latest = -1.0
    for keyframe, at in zip(track, times, strict=True):
        latest = max(at, math.nextafter(latest, 1))
        pinned.append(msgspec.structs.replace(keyframe, at=latest))
    return tuple(pinned)


def timed(track: Track, *, loops: bool) -> tuple[tuple[float, ...], Track]:
    """Return when each keyframe is, from 0 to 1, and the keyframes in that order.

    Where the first of a loop is not at its beginning, later ones may be spread across the seam: they come first.
    """
    times = spread_times(tuple(keyframe.at for keyframe in track), loops=loops)
    across = sum(at >= 1 for at in times) if loops and times[0] > 0 else 0
    seam = len(times) - across
    return (*(at - 1 for at in times[seam:]), *times[:seam]), (*track[seam:], *track[:seam])


def spread_times(given: tuple[float | None, ...], *, loops: bool) -> tuple[float, ...]:
    """Return when each keyframe is: those without a time are spread evenly between their neighbours.

    An animation that loops leaves room behind its last keyframe, in which the move eases over into the first. So its
    last times can be beyond 1, which is its beginning once more.
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
