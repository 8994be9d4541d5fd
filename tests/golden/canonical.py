"""Records as plain values that do not depend on what classes and fields are called."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


def canonical(value: Any) -> Any:
    """Return a record as the list of its fields' values, in order, and so on inwards; numbers to the last digit."""
    match value:
        case msgspec.Struct():
            return [canonical(getattr(value, name)) for name in value.__struct_fields__]
        case tuple() | list():
            return [canonical(one) for one in value]
        case float():
            return repr(value)
        case None | bool() | int() | str():
            return value
    raise TypeError(f"{type(value)} has no canonical form")


def digest(value: Any) -> str:
    """Return the SHA-256 of a record's canonical form."""
    return hashlib.sha256(msgspec.json.encode(canonical(value))).hexdigest()
