"""Coming back to where one started: the giro seed's method.

Before each of the last frames, the first frame is mixed into the current one with a growing weight, so that the chain
arrives at its beginning; the prompt is cross-faded along with it, for a model pulls a picture towards its prompt.
"""

from __future__ import annotations

import msgspec

from engine.storyboard.camera_moves import smoothstep

MAX_LENGTH = 24
LENGTH_DIVISOR = 4
STRENGTH_DROP = 0.75
"""Share of the strength that is gone when an animation is back at its frame 0."""


class Approach(msgspec.Struct, frozen=True):
    """What a frame is led towards.

    Attributes:
        frame: the one that is mixed in.
        weight: how much of it, above 0.
        arrives: index at which the camera's moves would have led up to the very view of that frame.
        length: number of frames that are led there.
        strength_drop: share of the strength that is gone when it is there.
    """

    frame: int
    weight: float
    arrives: int
    length: int
    strength_drop: float = STRENGTH_DROP

    def reduce_strength(self, strength: float) -> float:
        """Return what is left of a feedback frame's `strength`: the nearer it is, the less is imagined anew.

        Or the last frames would differ from where they lead as much as any two pictures from different noise.
        """
        return strength * (1 - self.strength_drop * self.weight**2)


class LoopClosure(msgspec.Struct, frozen=True):
    """The return of an animation of `frames` frames to its frame 0."""

    frames: int

    @property
    def length(self) -> int:
        """Number of frames that steer back: a quarter of the animation, but no more than a long second or two."""
        return min(MAX_LENGTH, self.frames // LENGTH_DIVISOR)

    def weight(self, index: int) -> float:
        """Return how much of frame 0 is mixed in before frame `index`: 0 until the return begins, then up to 1.

        Frame `frames` would be frame 0 itself, weight 1; the last real frame stays just short of it.
        """
        if index == 0 or not self.length:
            return 0.0
        frames_into = index - (self.frames - self.length) + 1
        return smoothstep(frames_into / (self.length + 1))

    def approach(self, index: int) -> Approach | None:
        """Return what frame `index` is led towards, if the return has begun there."""
        weight = self.weight(index)
        return Approach(frame=0, weight=weight, arrives=self.frames, length=self.length) if weight > 0 else None
