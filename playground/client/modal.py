"""A modal as it stands open before a member, and what submitting it sends."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from playground.errors import ClientRefused, Json
from playground.validation.components import LABEL, SELECTS, TEXT_INPUT
from playground.world.interaction import Interaction

_LONGEST = 4000


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One input: its custom id, the label above it, what stands in it, and what it accepts."""

    custom_id: str
    label: str
    value: str = ""
    placeholder: str = ""
    multiline: bool = False
    required: bool = True
    min_length: int = 0
    max_length: int = _LONGEST

    def check(self, value: str) -> None:
        """Refuse a value that the client would not let pass.

        Raises:
            ClientRefused: empty but required, too short or too long.
        """
        if not value:
            if self.required:
                raise ClientRefused(f"{self.label} must be filled in.")
        elif not self.min_length <= len(value) <= self.max_length:
            raise ClientRefused(f"{self.label} must have {self.min_length} to {self.max_length} characters.")


class Modal(msgspec.Struct, frozen=True):
    """An open modal: the interaction it answered, and Discord's JSON for it."""

    cause: Interaction
    data: Json

    @property
    def title(self) -> str:
        """The heading."""
        return str(self.data["title"])

    @property
    def fields(self) -> tuple[Field, ...]:
        """The text inputs, from top to bottom."""
        return tuple(
            _field(inner, outer)
            for outer in self.data["components"]
            for inner in _inner(outer)
            if inner["type"] == TEXT_INPUT
        )

    def field(self, label_or_custom_id: str) -> Field:
        """Return one input.

        Raises:
            ClientRefused: there is none of that label or custom id.
        """
        for field in self.fields:
            if label_or_custom_id in (field.label, field.custom_id):
                return field
        raise ClientRefused(f"The modal has no input {label_or_custom_id!r}.")

    def submission(self, values: Mapping[str, str | list[str]]) -> Json:
        """Return an interaction's `data` for submitting `values`; an input left out keeps what stands in it.

        Args:
            values: by label or custom id; a list for a select.

        Raises:
            ClientRefused: a value for an input that is not there, or one that does not fit.
        """
        filled = {self._id_of(key): value for key, value in values.items()}
        for field in self.fields:
            value = filled.setdefault(field.custom_id, field.value)
            field.check(str(value))
        for custom_id, select in self._selects():
            filled.setdefault(custom_id, [one["value"] for one in select.get("options") or () if one.get("default")])
            if select.get("required") is not False and not filled[custom_id]:
                raise ClientRefused(f"{custom_id} must be chosen.")
        components = [_submitted(outer, filled) for outer in self.data["components"]]
        return {"custom_id": self.data["custom_id"], "components": components}

    def _selects(self) -> list[tuple[str, Json]]:
        inner = [one for outer in self.data["components"] for one in _inner(outer)]
        return [(str(one["custom_id"]), one) for one in inner if one["type"] in SELECTS]

    def _id_of(self, key: str) -> str:
        for outer in self.data["components"]:
            for inner in _inner(outer):
                if key in (inner["custom_id"], outer.get("label"), inner.get("label")):
                    return str(inner["custom_id"])
        raise ClientRefused(f"The modal has no input {key!r}.")


def _inner(outer: Json) -> list[Json]:
    """The inputs within a top-level component: of a row or of a label."""
    return [outer["component"]] if outer["type"] == LABEL else list(outer.get("components") or ())


def _field(one: Json, outer: Json) -> Field:
    required = one.get("required")
    return Field(
        custom_id=one["custom_id"],
        label=one.get("label") or outer.get("label") or "",
        value=one.get("value") or "",
        placeholder=one.get("placeholder") or "",
        multiline=one["style"] == 2,
        required=True if required is None else required,
        min_length=one.get("min_length") or 0,
        max_length=one.get("max_length") or _LONGEST,
    )


def _submitted(outer: Json, values: Mapping[str, str | list[str]]) -> Json:
    shell: Json = {"type": outer["type"], "id": outer.get("id") or 0}
    inner = [_filled(one, values) for one in _inner(outer)]
    if outer["type"] == LABEL:
        return shell | {"component": inner[0]}
    return shell | ({"components": inner} if inner else {})


def _filled(one: Json, values: Mapping[str, str | list[str]]) -> Json:
    answer: Json = {"type": one["type"], "id": one.get("id") or 0, "custom_id": one["custom_id"]}
    value = values.get(one["custom_id"], [])
    return answer | ({"values": list(value)} if one["type"] in SELECTS else {"value": value})
