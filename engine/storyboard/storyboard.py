"""All the shots of an animation."""

from __future__ import annotations

import msgspec

from engine.recipe.settings import SchedulerName
from engine.storyboard.shot import Shot, count_shown


class Storyboard(msgspec.Struct, frozen=True, kw_only=True):
    """All shots of an animation: every source comes before the shots that need it, and those that are shown in order.

    Attributes:
        width, height: of the rendered frames in pixels.
        frame_ms: how long each frame is shown.
        boomerang: whether the frames are seen forwards and then backwards, the first and the last of them once.
    """

    shots: tuple[Shot, ...]
    width: int
    height: int
    scheduler: SchedulerName
    frame_ms: int
    boomerang: bool = False

    @property
    def displayed_frames(self) -> int:
        """How many frames the animation has as it is seen."""
        return 2 * self.frame_count - 2 if self.boomerang and self.frame_count > 2 else self.frame_count

    def frame_at(self, place: int) -> int:
        """Return which frame is seen at a place of the animation, from 0 up to `displayed_frames`."""
        return place if place < self.frame_count else 2 * (self.frame_count - 1) - place

    @property
    def frame_count(self) -> int:
        """How many frames are shown: those of the indices from 0 up to this."""
        return count_shown(shot.index for shot in self.shots)

    @property
    def unet_calls(self) -> int:
        """What the whole animation costs, exactly, before it starts."""
        return sum(shot.unet_calls for shot in self.shots)
