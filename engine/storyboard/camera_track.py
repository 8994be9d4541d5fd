"""The camera's track: keyframes of an animation, and how it moves at any moment between them."""

from __future__ import annotations

import math

import msgspec

from engine.recipe.keyframe import Keyframe, Track, time_keyframes
from engine.storyboard.camera_moves import smoothstep
from engine.storyboard.shot import Camera

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
        times, track = time_keyframes(track, loops=self.loops)
        after = next((number for number, at in enumerate(times) if round(at - time, _DECIMALS) > 0), len(times))
        before = after - 1
        if before < 0 or after == len(times):
            if not self.loops:
                return self._interpolate(track[max(before, 0)], track[max(before, 0)], 0.0)
            begins = times[before] - (1 if before < 0 else 0)
            ends = times[after % len(times)] + (1 if after == len(times) else 0)
        else:
            begins, ends = times[before], times[after]
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
