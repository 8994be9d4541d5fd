"""Closing a loop, by the giro seed's method.

The first frame is mixed into each of the last frames with a growing weight, so that the chain ends where it began. The
prompt is cross-faded along with it, because a model pulls a picture towards its prompt.
"""

from __future__ import annotations

import msgspec

from engine.storyboard.camera_moves import smoothstep

MAX_LENGTH = 24
STRENGTH_DROP = 0.75
"""Share by which the strength has dropped when an animation is back at frame 0."""


class Approach(msgspec.Struct, frozen=True):
    """The frame that another one is led towards.

    Attributes:
        frame: index of the one that is mixed in.
        weight: how much of it, above 0.
        arrives: index at which the camera's moves would have reached the very view of that frame.
        length: number of frames that lead there.
        strength_drop: share by which the strength has dropped on arrival.
    """

    frame: int
    weight: float
    arrives: int
    length: int
    strength_drop: float = STRENGTH_DROP

    def reduce_strength(self, strength: float) -> float:
        """Return a feedback frame's strength, lower the nearer it is: less is imagined anew.

        Else the last frames would differ from their target as much as any two pictures from different noise.
        """
        return strength * (1 - self.strength_drop * self.weight**2)


class LoopClosure(msgspec.Struct, frozen=True):
    """The return of an animation of `frames` frames to its frame 0."""

    frames: int

    @property
    def length(self) -> int:
        """Number of frames that lead back: a quarter of the animation, but at most `MAX_LENGTH`."""
        return min(MAX_LENGTH, self.frames // 4)

    def weight(self, index: int) -> float:
        """Return how much of frame 0 is mixed into frame `index`: 0 until the return begins, then growing.

        Frame `frames` would be frame 0 itself, with weight 1; the last real frame stays just short of it.
        """
        if index == 0 or not self.length:
            return 0.0
        return smoothstep((index - (self.frames - self.length) + 1) / (self.length + 1))

    def approach(self, index: int) -> Approach | None:
        """Return what frame `index` is led towards, once the return has begun."""
        weight = self.weight(index)
        return Approach(frame=0, weight=weight, arrives=self.frames, length=self.length) if weight > 0 else None
