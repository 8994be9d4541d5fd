"""What a render measured for its recipe, so that a replay need not."""

from __future__ import annotations

import msgspec


class SurveyResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on hidden frames before a morph was rendered.

    Attributes:
        positions: of each frame on the path, from 0 to 1.
        seeds: those that were tried; the first is the best, and was rendered.
    """

    positions: tuple[float, ...]
    seeds: tuple[int, ...]
