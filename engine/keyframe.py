"""How a camera moves at one moment of an animation, as a recipe keeps it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from engine.errors import RecipeError
from engine.settings import ZoomRate

MAX_KEYFRAMES = 20
MAX_PAN = 0.1
MAX_TURN = 10.0

Moment = Annotated[float, Meta(ge=0, le=1)]
PanRate = Annotated[float, Meta(ge=-MAX_PAN, le=MAX_PAN)]
TurnRate = Annotated[float, Meta(ge=-MAX_TURN, le=MAX_TURN)]


class Keyframe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the camera moves at one moment of an animation; from one keyframe to the next, the moves ease over.

    Attributes:
        at: when, as a share of the animation; None for halfway between its neighbours.
        zoom: magnification from one frame to the next; "forward" is the settings' own, "back" the same backwards.
        pan_x, pan_y: how far the view moves with each frame, in fractions of the picture, right and down.
        degrees: how far the view turns with each frame, clockwise.
    """

    at: Moment | None = None
    zoom: ZoomRate | Literal["forward", "back"] = 1.0
    pan_x: PanRate = 0.0
    pan_y: PanRate = 0.0
    degrees: TurnRate = 0.0


Track = Annotated[tuple[Keyframe, ...], Meta(max_length=MAX_KEYFRAMES)]
"""The camera's keyframes in order of time; none at all is forward throughout."""


def require_order(track: Track) -> None:
    """Refuse keyframes that are not in order of time.

    Raises:
        RecipeError: one is not later than the one before.
    """
    times = [keyframe.at for keyframe in track if keyframe.at is not None]
    if times != sorted(set(times)):
        raise RecipeError("The camera's moves must follow one another: each at a later time than the one before.")
