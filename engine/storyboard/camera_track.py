"""The camera's track: how it moves at any moment between its keyframes."""

from __future__ import annotations

import math

import msgspec

from engine.recipe.keyframe import Keyframe, Track, time_keyframes
from engine.storyboard.camera_moves import smoothstep
from engine.storyboard.shot import Camera

FORWARD = Keyframe(zoom="forward")

_DECIMALS = 9
"""Precision of a moment. An extended animation moves the same to the last bit, so that its frames are reused, although
its keyframes lie at other shares of it."""


class CameraTrack(msgspec.Struct, frozen=True, kw_only=True):
    """How the camera moves through an animation.

    Attributes:
        keyframes: empty for forward throughout.
        loops: whether the animation ends where it began: then the last keyframe's move eases into the first's.
        forward: magnification that "forward" stands for.
    """

    keyframes: Track
    loops: bool
    forward: float

    def move(self, time: float) -> Camera:
        """Return the move from one frame to the next at `time`, a share of the animation; its focus is not set."""
        track = self.keyframes or (FORWARD,)
        time = time % 1 if self.loops else time
        times, track = time_keyframes(track, loops=self.loops)
        after = next((number for number, at in enumerate(times) if round(at - time, _DECIMALS) > 0), len(times))
        before = after - 1
        if before >= 0 and after < len(times):
            begins, ends = times[before], times[after]
        elif self.loops:
            begins = times[before] - (1 if before < 0 else 0)
            ends = times[after % len(times)] + (1 if after == len(times) else 0)
        else:
            return self._interpolate(track[max(before, 0)], track[max(before, 0)], 0.0)
        position = round((time - begins) / (ends - begins), _DECIMALS)
        return self._interpolate(track[before], track[after % len(times)], position)

    def _interpolate(self, first: Keyframe, second: Keyframe, position: float) -> Camera:
        weight = smoothstep(position)

        def between(one: float, other: float) -> float:
            return one if one == other else one + (other - one) * weight

        one, other = self._zoom_rate(first), self._zoom_rate(second)
        return Camera(
            zoom=one if one == other else math.exp(between(math.log(one), math.log(other))),
            pan_x=between(first.pan_x, second.pan_x),
            pan_y=between(first.pan_y, second.pan_y),
            degrees=between(first.degrees, second.degrees),
        )

    def _zoom_rate(self, keyframe: Keyframe) -> float:
        match keyframe.zoom:
            case "forward":
                return self.forward
            case "back":
                return 1 / self.forward
            case rate:
                return rate
