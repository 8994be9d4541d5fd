"""All the shots of an animation."""

from __future__ import annotations

import msgspec

from engine.recipe.settings import SchedulerName
from engine.storyboard.shot import Shot, count_shown


class Storyboard(msgspec.Struct, frozen=True, kw_only=True):
    """All shots of an animation: sources before the shots that need them, shown frames in order.

    Attributes:
        width, height: of the rendered frames in pixels.
        frame_ms: how long each frame is shown.
        boomerang: whether the frames play forwards and then backwards, the first and the last of them once.
    """

    shots: tuple[Shot, ...]
    width: int
    height: int
    scheduler: SchedulerName
    frame_ms: int
    boomerang: bool = False

    @property
    def frame_count(self) -> int:
        """Number of rendered frames that are shown: those with indices from 0 up to this."""
        return count_shown(shot.index for shot in self.shots)

    @property
    def displayed_frames(self) -> int:
        """Number of frames as the animation plays."""
        return 2 * self.frame_count - 2 if self.boomerang and self.frame_count > 2 else self.frame_count

    def frame_at(self, place: int) -> int:
        """Return which frame plays at a place from 0 up to `displayed_frames`."""
        return place if place < self.frame_count else 2 * (self.frame_count - 1) - place

    @property
    def unet_calls(self) -> int:
        """Exact cost of the whole animation, known before it starts."""
        return sum(shot.unet_calls for shot in self.shots)
