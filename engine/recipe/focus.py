"""The point a camera moves towards, as people write it."""

from __future__ import annotations

import re

from engine.errors import RecipeError
from engine.recipe.recipe import AutoFocus, Focus
from engine.text import exact

AUTO: AutoFocus = "auto"
NAMED_POINTS: dict[str, Focus | AutoFocus] = {
    AUTO: AUTO,
    "centre": Focus(0.5, 0.5),
    "above": Focus(0.5, 0.35),
    "below": Focus(0.5, 0.65),
    "left": Focus(0.3, 0.5),
    "right": Focus(0.7, 0.5),
}
_PAIR = re.compile(r"^\(?\s*(-?[\d.]+)\s*(%?)\s*[,; ]\s*(-?[\d.]+)\s*(%?)\s*\)?$")


def parse_focus(text: str) -> Focus | AutoFocus:
    """Read `x,y` in fractions (0.5,0.6) or percent (50%,60%) from the top left corner, or one of the names above.

    Raises RecipeError for anything else.
    """
    name = text.strip().lower()
    if name in NAMED_POINTS:
        return NAMED_POINTS[name]
    match = _PAIR.match(name)
    try:
        if match is None:
            raise ValueError
        x, y = (float(match[value]) / (100 if match[percent] else 1) for value, percent in ((1, 2), (3, 4)))
    except ValueError:
        raise RecipeError(
            "The focus is x,y such as 0.5,0.6, or one of {names}.", names=", ".join(NAMED_POINTS)
        ) from None
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise RecipeError("The focus must lie inside the picture: x and y between 0 and 1, from the top left corner.")
    return Focus(x, y)


def format_focus(focus: Focus | AutoFocus) -> str:
    """Write a focus the way `parse_focus` reads it, without losing a digit."""
    return f"{exact(focus.x)},{exact(focus.y)}" if isinstance(focus, Focus) else focus
