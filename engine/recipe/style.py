"""A style: words that are added to every prompt of a recipe."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Style(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[styles.NAME]: words that are added to a prompt, and words that keep things out of the picture."""

    description: Annotated[str, Meta(max_length=100)] = ""
    suffix: Annotated[str, Meta(max_length=200)] = ""
    negative: Annotated[str, Meta(max_length=300)] = ""
