"""Forms that were sent in, as Discord tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def read_inputs(data: Any) -> Iterator[tuple[str, str]]:
    """Yield the custom id and the value of every input in an interaction's data, whatever it lies in.

    Of a list it is what was chosen, one of it.
    """
    for component in data.get("components", ()):
        for inner in (component, component.get("component"), *component.get("components", ())):
            if inner and "value" in inner:
                yield inner["custom_id"], inner["value"]
            elif inner and inner.get("values"):
                yield inner["custom_id"], inner["values"][0]
