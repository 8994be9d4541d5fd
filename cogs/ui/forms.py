"""Forms that were sent in, as Discord tells of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from engine.protocol.messages import JobId

Verb = Literal["remix", "extend"]

_REMEMBERED = 200


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


class RefusedForms:
    """What members have typed into forms that were refused, so that they can correct it; the oldest are forgotten."""

    def __init__(self) -> None:
        self._typed: OrderedDict[tuple[str, Verb, JobId], Mapping[str, str]] = OrderedDict()

    def keep(self, member: str, verb: Verb, job: JobId, values: Mapping[str, str]) -> None:
        """Remember what stood in a form."""
        self._typed[member, verb, job] = values
        while len(self._typed) > _REMEMBERED:
            self._typed.popitem(last=False)

    def find(self, member: str, verb: Verb, job: JobId) -> Mapping[str, str]:
        """Return what stood in a form, nothing if that is not remembered."""
        return self._typed.get((member, verb, job), {})
