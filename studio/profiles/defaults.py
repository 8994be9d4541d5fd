"""What a member wants wherever they leave an option of a command out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from engine.errors import RecipeError
from engine.recipe.focus import parse_focus
from engine.recipe.recipe import MAX_FRAMES, Negative
from engine.recipe.settings import Kind

AnimationFrames = Annotated[int, Meta(ge=2, le=MAX_FRAMES)]
StoredValue = str | int | float | bool


class Defaults(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One member's; what they have not chosen is None or empty, and left to the commands themselves.

    Attributes:
        style: name of a style; where the server has none of that name, it is as if nothing were chosen.
        focus: as it is typed for /zoom.
    """

    style: Annotated[str, Meta(max_length=32)] = ""
    negative: Negative = ""
    loop: bool | None = None
    morph_frames: AnimationFrames | None = None
    zoom_frames: AnimationFrames | None = None
    focus: Annotated[str, Meta(max_length=40)] = ""

    def options(self, kind: Kind) -> dict[str, Any]:
        """Return the chosen options of one kind of animation, as `from_plain` takes them."""
        chosen: dict[str, Any] = {"negative": self.negative or None}
        match kind:
            case "giro":
                chosen["loop"] = self.loop
            case "morph":
                chosen["frames"] = self.morph_frames
            case "zoom":
                chosen |= {"frames": self.zoom_frames, "focus": self._focus()}
        return {name: value for name, value in chosen.items() if value is not None}

    def plain(self) -> dict[str, StoredValue]:
        chosen: dict[str, StoredValue | None] = msgspec.to_builtins(self)
        return {name: value for name, value in chosen.items() if value is not None}

    def _focus(self) -> dict[str, float] | str | None:
        if not self.focus:
            return None
        try:
            focus: dict[str, float] | str = msgspec.to_builtins(parse_focus(self.focus))
        except RecipeError:
            return None  # a name that there is no more
        return focus


def defaults_of(stored: Mapping[str, StoredValue]) -> Defaults:
    """Return what was stored; what an earlier version wrote and this one cannot use counts as not chosen."""
    known = {}
    for name, value in stored.items():
        try:
            msgspec.convert({name: value}, Defaults)
        except msgspec.ValidationError:
            continue
        known[name] = value
    return msgspec.convert(known, Defaults)
