"""A preset: a named giro."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from engine.recipe.recipe import Stage
from engine.recipe.stages import parse_stages


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[presets.NAME]: a named giro; `stages` is what a member would type, one stage a line."""

    stages: Annotated[str, Meta(min_length=1)]
    loop: bool = True
    description: Annotated[str, Meta(max_length=100)] = ""

    def parse_stages(self) -> tuple[Stage, ...]:
        """Return the stages, which were validated with the configuration."""
        return parse_stages(self.stages)
