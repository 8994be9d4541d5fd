"""Coming back to where one started: the giro seed's method.

Before each of the last frames, the first frame is mixed into the current one with a growing weight, so that the chain
arrives at its beginning; the prompt is cross-faded along with it, for a model pulls a picture towards its prompt.
"""

from __future__ import annotations

import msgspec

from engine.motion.ease import smoothstep
from engine.storyboard import Blend

LONGEST = 24
SHARE = 4


class LoopClosure(msgspec.Struct, frozen=True):
    """The return of an animation of `frames` frames to its frame 0."""

    frames: int

    @property
    def length(self) -> int:
        """Number of frames that steer back: a quarter of the animation, but no more than a long second or two."""
        return min(LONGEST, self.frames // SHARE)

    def weight(self, index: int) -> float:
        """Return how much of frame 0 is mixed in before frame `index`: 0 until the return begins, then up to 1.

        Frame `frames` would be frame 0 itself, weight 1; the last real frame stays just short of it.
        """
        if index == 0 or not self.length:
            return 0.0
        into_return = index - (self.frames - self.length) + 1
        return smoothstep(into_return / (self.length + 1))

    def blend(self, index: int) -> Blend | None:
        """Return the blend for frame `index`, if the return has begun there."""
        weight = self.weight(index)
        return Blend(frame=0, weight=weight) if weight > 0 else None
