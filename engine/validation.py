"""Sentences for values that do not fit: where, and what is allowed there."""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec
from msgspec import inspect

_REPORT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<key>key` in `)?\$(?P<path>.*?)`)?$", re.DOTALL)
_BOUND = re.compile(r"^Expected `(?:int|float)` (?:>=|<=|>|<) ")
_MISMATCH = re.compile(r"^Expected `(?P<wanted>.+?)`, got `(?P<got>\w+)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>.+)`$", re.DOTALL)
_STEP = re.compile(r"\w+|\[\.\.\.\]")
_ANY_KEY = "[...]"
_WORDING = (
    (r"Expected `str` of length >= \d+", "must not be empty"),
    (r"Expected `str` of length <= (\d+)", r"may have at most \1 characters"),
    (r"Expected `str` matching regex '(.+)'", r"must match \1"),
    (r"Expected `array` of length >= (\d+)", r"must have at least \1 entry"),
    (r"Expected `array` of length <= (\d+)", r"may have at most \1 entries"),
    (r"Expected `int` that's a multiple of (\d+)", r"must be a multiple of \1"),
    (r"Object missing required field `(\w+)`", r"lacks `\1`"),
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


def explain(error: msgspec.ValidationError, expected: Any, root: str, value: Any = None) -> str:
    """Return one sentence for msgspec's `error` about a value of type `expected`.

    Args:
        error: what `msgspec.convert` or a decoder raised.
        expected: the type that was asked for; ranges, choices and known keys are read from it. A pattern is put into
            words by the `description` of its Meta.
        root: what to call the whole value, as in "The recipe".
        value: the whole value, if it is at hand; keys that msgspec leaves out of its report are found in it.
    """
    match = _REPORT.match(str(error))
    assert match is not None  # the pattern's parts are all optional
    what, path = match["what"], _with_keys(match["path"] or "", error, expected, value)
    place = path.lstrip(".")
    steps = _STEP.findall(match["path"] or "")
    nodes = _nodes_at(inspect.type_info(expected), steps)
    if what.startswith("Invalid value"):
        kinds = _kinds(_nodes_at(inspect.type_info(expected), steps[:-1]))
        return f"{place} must be one of {kinds}, not {what.removeprefix('Invalid value ')}."
    if match["key"]:
        nodes = [node.key_type for node in map(_plain, nodes) if isinstance(node, inspect.DictType)]
        place = f"{place}: a key there"
    if fault := _fault(what, nodes):
        return f"{place or root} {fault}."
    return f"{place}: {what}." if place else f"{what[:1].upper()}{what[1:]}."  # a check of our own, in its own words


def _fault(what: str, nodes: list[inspect.Type]) -> str:
    """Return what is wrong, as the end of a sentence, where a value of one of the types `nodes` was expected.

    Returns an empty text for what msgspec did not word itself.
    """
    plain = [_plain(node) for node in nodes]
    if _BOUND.match(what) and (bounds := _range(plain)):
        return f"must be {bounds}"
    if what.startswith("Invalid enum value"):
        return f"must be one of {_choices(plain)}, not {what.removeprefix('Invalid enum value ')}"
    if unknown := _UNKNOWN.match(what):
        return f"has an unknown key `{unknown['name']}`{_known_keys(plain, unknown['name'])}"
    if mismatch := _MISMATCH.match(what):
        return f"must be {_allowed(plain, mismatch['wanted'])}, not {_named(mismatch['got'])}"
    if what.startswith("Expected `str` matching") and (words := _descriptions(nodes)):
        return f"must be {words}"
    for pattern, wording in _WORDING:
        if re.fullmatch(pattern, what):
            return re.sub(pattern, wording, what)
    return ""


def _with_keys(path: str, error: msgspec.ValidationError, expected: Any, value: Any) -> str:
    """Return `path` with the keys in it that msgspec reports as [...]: those without which the value would fit."""
    while _ANY_KEY in path:
        before, _, after = path.partition(_ANY_KEY)
        table = _value_at(value, before)
        culprit = next((key for key in table if str(error) == _error_of(_only(value, before, key), expected)), None)
        if culprit is None:
            return path
        value = _only(value, before, culprit)
        path = f"{before}.{culprit}{after}"
    return path


def _value_at(value: Any, path: str) -> dict[str, Any]:
    for step in path.lstrip(".").split("."):
        value = value.get(step, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict) else {}


def _only(value: Any, path: str, key: str) -> Any:
    """Return `value` with only `key` left in the table at `path`."""
    step, _, rest = path.lstrip(".").partition(".")
    inner = value[step]
    return {**value, step: _only(inner, rest, key) if rest else {key: inner[key]}}


def _error_of(value: Any, expected: Any) -> str:
    try:
        msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _nodes_at(node: inspect.Type, path: list[str]) -> list[inspect.Type]:
    """Return every type that `path` may lead to; a union has several."""
    plain = _plain(node)
    if isinstance(plain, inspect.UnionType):
        return [found for member in plain.types for found in _nodes_at(member, path)]
    if not path:
        return [node]
    step, rest = path[0], path[1:]
    if isinstance(plain, inspect.StructType):
        return [found for field in plain.fields if field.encode_name == step for found in _nodes_at(field.type, rest)]
    if isinstance(plain, inspect.VarTupleType | inspect.ListType):
        return _nodes_at(plain.item_type, rest)
    if isinstance(plain, inspect.DictType):
        return _nodes_at(plain.value_type, rest)
    return []


def _plain(node: inspect.Type) -> inspect.Type:
    """Return `node` without the description that may be wrapped around it."""
    return _plain(node.type) if isinstance(node, inspect.Metadata) else node


def _descriptions(nodes: list[inspect.Type]) -> str:
    described = (node.extra_json_schema or {} for node in nodes if isinstance(node, inspect.Metadata))
    return next((str(schema["description"]) for schema in described if "description" in schema), "")


def _allowed(nodes: list[inspect.Type], wanted: str) -> str:
    """Return what is allowed: the kind of value, and its range or choices."""
    if choices := _choices(nodes):
        return f"one of {choices}"
    kinds = [name for name in wanted.split(" | ") if name != "null"] or ["null"]
    words = " or ".join(map(_named, kinds))
    bounds = _range(nodes)
    if not bounds:
        return words
    return f"{words} {bounds}" if bounds.startswith("between") else f"{words}, {bounds}"


def _named(kind: str) -> str:
    return _PLAIN_NAMES.get(kind, kind)


def _known_keys(nodes: list[inspect.Type], unknown: str) -> str:
    fields = (field.encode_name for node in nodes if isinstance(node, inspect.StructType) for field in node.fields)
    known = list(dict.fromkeys(fields))
    closest = difflib.get_close_matches(unknown, known, n=len(known) or 1, cutoff=0.5)
    ordered = [*closest, *(name for name in known if name not in closest)]
    return f"; it knows {', '.join(ordered)}" if ordered else ""


def _range(nodes: list[inspect.Type]) -> str:
    for node in nodes:
        if isinstance(node, inspect.IntType | inspect.FloatType):
            lower = f"at least {node.ge}" if node.ge is not None else ""
            lower = f"above {node.gt}" if node.gt is not None else lower
            upper = f"at most {node.le}" if node.le is not None else ""
            upper = f"below {node.lt}" if node.lt is not None else upper
            if node.ge is not None and node.le is not None:
                return f"between {node.ge} and {node.le}"
            return " and ".join(filter(None, (lower, upper)))
    return ""


def _choices(nodes: list[inspect.Type]) -> str:
    return next((", ".join(map(str, node.values)) for node in nodes if isinstance(node, inspect.LiteralType)), "")


def _kinds(nodes: list[inspect.Type]) -> str:
    return ", ".join(str(node.tag) for node in nodes if isinstance(node, inspect.StructType))
