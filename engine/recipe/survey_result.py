"""What a render found out about its recipe, and what a replay need not find out again."""

from __future__ import annotations

import msgspec


class SurveyResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out on hidden frames before a morph was rendered.

    Attributes:
        positions: where on its way each frame lies, from 0 to 1.
        seeds: those that were tried, the best first, which is the one that was rendered.
    """

    positions: tuple[float, ...]
    seeds: tuple[int, ...]
