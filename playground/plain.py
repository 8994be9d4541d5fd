"""Plain JSON data."""

from __future__ import annotations

from typing import Any


def without_nulls(value: Any) -> Any:
    """Return a copy without keys that have no value, at any depth: Discord leaves those out of its answers."""
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return value
