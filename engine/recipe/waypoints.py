"""The waypoints of a morph as people write them: skunk > puppy > rabbit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from engine.errors import RecipeError
from engine.recipe.recipe import MAX_WAYPOINTS

ARROW: Final = " > "
LONGEST: Final = 2000
"""At most, in characters, of a whole chain."""

_ARROW = re.compile(r"\s*(?:→|->|=>|\n)\s*|\s+>\s*|(?<=\w)>(?=\w)")
"""A closing angle bracket, as in <this>, is no arrow."""


def parse_waypoints(text: str) -> tuple[str, ...]:
    """Read one or more waypoints, separated by arrows (>, ->, => or →) or line breaks.

    Raises RecipeError if one is missing at an arrow.
    """
    waypoints = tuple(_ARROW.split(text.strip()))
    if len(waypoints) > 1 and not all(waypoints):
        raise RecipeError(
            "There is nothing on one side of an arrow; a chain is written as {example}.",
            example="skunk > puppy > rabbit",
        )
    return waypoints


def format_waypoints(waypoints: Sequence[str]) -> str:
    """Write waypoints the way `parse_waypoints` reads them."""
    return ARROW.join(waypoints)


def waypoint_options(source: str, target: str | None) -> dict[str, Any]:
    """Return a morph's source, through and target; each of the two texts may be a chain.

    Raises RecipeError as `parse_waypoints` does, or if there is only one waypoint, or too many.
    """
    waypoints = parse_waypoints(source) + (() if target is None else parse_waypoints(target))
    if len(waypoints) < 2:
        raise RecipeError(
            "Say what it becomes: a target, or a chain such as {example} as the source.",
            example="skunk > puppy > rabbit",
        )
    if len(waypoints) > MAX_WAYPOINTS:
        raise RecipeError(
            "There are {count} waypoints; at most {most} are possible.", count=len(waypoints), most=MAX_WAYPOINTS
        )
    return {"source": waypoints[0], "through": waypoints[1:-1], "target": waypoints[-1]}
