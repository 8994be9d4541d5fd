"""The camera's track: keyframes of an animation, and how it moves at any moment between them."""

from __future__ import annotations

import math

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
        times = spread_times(tuple(keyframe.at for keyframe in track), loops=self.loops)
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
    eases over into.

    Args:
        track: of the animation as it is.
        loops: whether that loops.
        share: which share of the longer one it is.
    """
    if len(track) < 2:
        return track
    times = spread_times(tuple(keyframe.at for keyframe in track), loops=loops)
    pinned = tuple(msgspec.structs.replace(keyframe, at=at * share) for keyframe, at in zip(track, times, strict=True))
    begun = msgspec.structs.replace(track[0], at=share)
    is_home = msgspec.structs.replace(pinned[-1], at=share) == begun
    ends_there = times[-1] >= 1
    if not loops or is_home or ends_there or len(track) == MAX_KEYFRAMES:
        return pinned
    return (*pinned, begun)


def spread_times(given: tuple[float | None, ...], *, loops: bool) -> tuple[float, ...]:
    """Return when each keyframe is: those without a time are spread evenly between their neighbours.

    An animation that loops leaves room behind its last keyframe, in which the move eases over into the first.
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
