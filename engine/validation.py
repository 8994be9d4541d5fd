"""Sentences for values that do not fit: where, and what is allowed there."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import inspect

_REPORT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*?)`)?$", re.DOTALL)
_BOUND = re.compile(r"^Expected `(?:int|float)` (?:>=|<=|>|<) ")
_WORDING = (
    (r"Expected `str` of length >= \d+", "must not be empty"),
    (r"Expected `str` of length <= (\d+)", r"may have at most \1 characters"),
    (r"Expected `str` matching regex '(.+)'", r"must match \1"),
    (r"Expected `array` of length >= (\d+)", r"must have at least \1 entry"),
    (r"Expected `array` of length <= (\d+)", r"may have at most \1 entries"),
    (r"Expected `int` that's a multiple of (\d+)", r"must be a multiple of \1"),
    (r"Expected `(?:int|float)` (>=|<=|>|<) ([\d.]+)", r"must be \1 \2"),
    (r"Object missing required field `(\w+)`", r"lacks `\1`"),
    (r"Object contains unknown field `(.+)`", r"has an unknown key `\1`"),
    (r"Expected `(.+?)`, got `(.+?)`", r"must be \1, not \2"),
)
_PLAIN_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table of keys and values",
    "null": "nothing",
}


def explain(error: msgspec.ValidationError, expected: Any, root: str) -> str:
    """Return one sentence for msgspec's `error` about a value of type `expected`.

    Args:
        error: what `msgspec.convert` or a decoder raised.
        expected: the type that was asked for; both ends of a range and the choices are read from it.
        root: what to call the whole value, as in "The recipe".
    """
    match = _REPORT.match(str(error))
    assert match is not None  # the pattern's parts are all optional
    what, path = match["what"], (match["path"] or "").lstrip(".")
    place = path or root
    fields = list(_fields_at(inspect.type_info(expected), re.findall(r"\w+|\.\.\.", path)))
    if _BOUND.match(what) and (bounds := _range(fields)):
        return f"{place} must be {bounds}."
    if what.startswith("Invalid enum value") and (choices := _choices(fields)):
        return f"{place} must be one of {choices}, not {what.removeprefix('Invalid enum value ')}."
    if what.startswith("Invalid value") and (kinds := _kinds(inspect.type_info(expected))):
        return f"{place} must be one of {kinds}, not {what.removeprefix('Invalid value ')}."
    for pattern, wording in _WORDING:
        if re.fullmatch(pattern, what):
            return f"{place} {_named(re.sub(pattern, wording, what))}."
    return f"{path}: {what}." if path else f"{what[:1].upper()}{what[1:]}."


def _named(wording: str) -> str:
    return re.sub(r"\b(int|float|str|bool|array|object|null)\b", lambda name: _PLAIN_NAMES[name[0]], wording)


def _fields_at(node: inspect.Type, path: list[str]) -> list[inspect.Type]:
    """Return every type that `path` may lead to; a union has several."""
    if isinstance(node, inspect.UnionType):
        return [found for member in node.types for found in _fields_at(member, path)]
    if not path:
        return [node]
    step, rest = path[0], path[1:]
    if isinstance(node, inspect.StructType):
        return [found for field in node.fields if field.encode_name == step for found in _fields_at(field.type, rest)]
    if isinstance(node, inspect.VarTupleType | inspect.ListType):
        return _fields_at(node.item_type, rest)
    if isinstance(node, inspect.DictType):
        return _fields_at(node.value_type, rest)
    return []


def _range(fields: list[inspect.Type]) -> str:
    for field in fields:
        if isinstance(field, inspect.IntType | inspect.FloatType):
            lower = f"at least {field.ge}" if field.ge is not None else ""
            lower = f"above {field.gt}" if field.gt is not None else lower
            upper = f"at most {field.le}" if field.le is not None else ""
            upper = f"below {field.lt}" if field.lt is not None else upper
            if field.ge is not None and field.le is not None:
                return f"between {field.ge} and {field.le}"
            return " and ".join(filter(None, (lower, upper)))
    return ""


def _choices(fields: list[inspect.Type]) -> str:
    return next((", ".join(map(str, field.values)) for field in fields if isinstance(field, inspect.LiteralType)), "")


def _kinds(node: inspect.Type) -> str:
    members = node.types if isinstance(node, inspect.UnionType) else (node,)
    return ", ".join(str(member.tag) for member in members if isinstance(member, inspect.StructType))
