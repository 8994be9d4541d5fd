"""Sentences for invalid values: where they are, and what is allowed there.

msgspec reports what is invalid only as an English sentence, so this module parses its words and looks up what is
allowed in the types. msgspec does not promise to keep those words: `pyproject.toml` bounds its versions, and
`tests/engine/test_validation.py` fails if they change.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec
from msgspec import inspect

from engine.errors import TappaError
from engine.sentence import Sentence
from engine.text import shorten

_REPORT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<key>key` in `)?\$(?P<path>.*?)`)?$", re.DOTALL)
_BOUND = re.compile(r"^Expected `(?:int|float)` (?:>=|<=|>|<) ")
_MISMATCH = re.compile(r"^Expected `(?P<wanted>.+?)`, got `(?P<got>\w+)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>.+)`$", re.DOTALL)
_STEP = re.compile(r"\w+|\[\.\.\.\]")
_ANY_KEY = "[...]"
_MOST_CHARACTERS = Sentence("may have at most {count} character", {}, "may have at most {count} characters")
_LEAST_ENTRIES = Sentence("must have at least {count} entry", {}, "must have at least {count} entries")
_MOST_ENTRIES = Sentence("may have at most {count} entry", {}, "may have at most {count} entries")
_WORDING = {
    r"Expected `str` of length >= \d+": Sentence("must not be empty"),
    r"Expected `str` of length <= (?P<count>\d+)": _MOST_CHARACTERS,
    r"Expected `str` matching regex '(?P<pattern>.+)'": Sentence("must match {pattern}"),
    r"Expected `array` of length >= (?P<count>\d+)": _LEAST_ENTRIES,
    r"Expected `array` of length <= (?P<count>\d+)": _MOST_ENTRIES,
    r"Expected `int` that's a multiple of (?P<number>\d+)": Sentence("must be a multiple of {number}"),
    r"Object missing required field `(?P<key>\w+)`": Sentence("lacks `{key}`"),
}
_LONGEST_SHOWN = 60
"""Characters that are quoted of an unknown key or value."""

_PLAIN_NAMES = {
    "int": Sentence("a whole number"),
    "float": Sentence("a number"),
    "str": Sentence("text"),
    "bool": Sentence("true or false"),
    "array": Sentence("a list"),
    "object": Sentence("a table of keys and values"),
    "null": Sentence("nothing"),
}


def explain(error: msgspec.ValidationError, expected: Any, root: Sentence, value: Any = None) -> Sentence:
    """Return one sentence for msgspec's `error` about a value of type `expected`.

    A TappaError that a record's own `__post_init__` raised keeps its words.

    Args:
        expected: the type; a pattern is described by its Meta's `description`.
        root: what to call the whole value, as in "The recipe".
        value: the whole value, if at hand, to name keys that msgspec reports as [...].
    """
    match = _REPORT.match(str(error))
    assert match is not None  # the pattern's parts are all optional
    what, path = match["what"], _fill_in_keys(match["path"] or "", error, expected, value)
    place = path.lstrip(".")
    steps = _STEP.findall(match["path"] or "")
    nodes = _find_nodes(inspect.type_info(expected), steps)
    if what.startswith("Invalid value"):
        kinds = _list_kinds(_find_nodes(inspect.type_info(expected), steps[:-1]))
        found = shorten(what.removeprefix("Invalid value "), _LONGEST_SHOWN)
        fault = Sentence("must be one of {choices}, not {found}", {"choices": kinds, "found": found})
        return Sentence("{place} {fault}.", {"place": place, "fault": fault})
    where: Sentence | str = place
    if match["key"]:
        nodes = [node.key_type for node in map(_unwrap, nodes) if isinstance(node, inspect.DictType)]
        where = Sentence("{place}: a key there", {"place": place})
    if words := _describe_fault(what, nodes):
        return Sentence("{place} {fault}.", {"place": where or root, "fault": words})
    cause = error.__cause__
    own = cause.sentence if isinstance(cause, TappaError) else Sentence.plain(f"{what[:1].upper()}{what[1:]}.")
    return Sentence("{place}: {fault}", {"place": place, "fault": own}) if place else own


def locate_fault(error: msgspec.ValidationError, expected: Any, value: Any) -> tuple[str, ...]:
    """Return the keys that lead to what is invalid in `value`, an unknown key included."""
    match = _REPORT.match(str(error))
    assert match is not None  # the pattern's parts are all optional
    path, _, _ = _fill_in_keys(match["path"] or "", error, expected, value).partition("[")
    steps = [step for step in path.split(".") if step]
    if unknown := _UNKNOWN.match(match["what"]):
        steps.append(unknown["name"])
    return tuple(steps)


def _describe_fault(what: str, nodes: list[inspect.Type]) -> Sentence | None:
    """Return what is wrong, as the end of a sentence; None for what msgspec did not word itself."""
    plain = [_unwrap(node) for node in nodes]
    if _BOUND.match(what) and (bounds := _describe_range(plain)):
        return Sentence("must be {allowed}", {"allowed": bounds})
    if what.startswith("Invalid enum value"):
        found = shorten(what.removeprefix("Invalid enum value "), _LONGEST_SHOWN)
        return Sentence("must be one of {choices}, not {found}", {"choices": _list_choices(plain), "found": found})
    if unknown := _UNKNOWN.match(what):
        return _describe_unknown_key(plain, unknown["name"])
    if mismatch := _MISMATCH.match(what):
        allowed, got = _describe_allowed(plain, mismatch["wanted"]), _name_kind(mismatch["got"])
        return Sentence("must be {allowed}, not {found}", {"allowed": allowed, "found": got})
    if what.startswith("Expected `str` matching") and (words := _find_description(nodes)):
        return Sentence("must be {allowed}", {"allowed": Sentence(words)})
    for pattern, wording in _WORDING.items():
        if match := re.fullmatch(pattern, what):
            fields = {name: int(text) if text.isdigit() else text for name, text in match.groupdict().items()}
            return msgspec.structs.replace(wording, values=fields)
    return None


def _fill_in_keys(path: str, error: msgspec.ValidationError, expected: Any, value: Any) -> str:
    """Replace each [...] in `path` by the key that causes the same error alone."""
    while _ANY_KEY in path:
        before, _, after = path.partition(_ANY_KEY)
        table = _find_table(value, before)
        causes = (key for key in table if str(error) == _find_error(_keep_only(value, before, key), expected))
        culprit = next(causes, None)
        if culprit is None:
            return path
        value = _keep_only(value, before, culprit)
        path = f"{before}.{culprit}{after}"
    return path


def _find_table(value: Any, path: str) -> dict[str, Any]:
    for step in path.lstrip(".").split("."):
        value = value.get(step, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict) else {}


def _keep_only(value: Any, path: str, key: str) -> Any:
    step, _, rest = path.lstrip(".").partition(".")
    inner = value[step]
    return {**value, step: _keep_only(inner, rest, key) if rest else {key: inner[key]}}


def _find_error(value: Any, expected: Any) -> str:
    try:
        msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _find_nodes(node: inspect.Type, path: list[str]) -> list[inspect.Type]:
    """Return every type that `path` may lead to: a union has several."""
    plain = _unwrap(node)
    if isinstance(plain, inspect.UnionType):
        return [found for member in plain.types for found in _find_nodes(member, path)]
    if not path:
        return [node]
    step, rest = path[0], path[1:]
    if isinstance(plain, inspect.StructType):
        return [found for field in plain.fields if field.encode_name == step for found in _find_nodes(field.type, rest)]
    if isinstance(plain, inspect.VarTupleType | inspect.ListType):
        return _find_nodes(plain.item_type, rest)
    if isinstance(plain, inspect.DictType):
        return _find_nodes(plain.value_type, rest)
    return []


def _unwrap(node: inspect.Type) -> inspect.Type:
    return _unwrap(node.type) if isinstance(node, inspect.Metadata) else node


def _find_description(nodes: list[inspect.Type]) -> str:
    described = (node.extra_json_schema or {} for node in nodes if isinstance(node, inspect.Metadata))
    return next((str(schema["description"]) for schema in described if "description" in schema), "")


def _describe_allowed(nodes: list[inspect.Type], wanted: str) -> Sentence:
    if choices := _list_choices(nodes):
        return Sentence("one of {choices}", {"choices": choices})
    kinds = [_name_kind(name) for name in wanted.split(" | ") if name != "null"] or [_name_kind("null")]
    words = kinds[0]
    for kind in kinds[1:]:
        words = Sentence("{one} or {other}", {"one": words, "other": kind})
    bounds = _describe_range(nodes)
    if bounds is None:
        return words
    if {"lower", "upper"} <= bounds.values.keys():
        return Sentence("{kind} {range}", {"kind": words, "range": bounds})
    return Sentence("{kind}, {range}", {"kind": words, "range": bounds})


def _name_kind(kind: str) -> Sentence:
    return _PLAIN_NAMES.get(kind) or Sentence.plain(kind)


def _describe_unknown_key(nodes: list[inspect.Type], unknown: str) -> Sentence:
    unknown = shorten(unknown, _LONGEST_SHOWN)
    fields = (field.encode_name for node in nodes if isinstance(node, inspect.StructType) for field in node.fields)
    known = list(dict.fromkeys(fields))
    if not known:
        return Sentence("has an unknown key `{key}`", {"key": unknown})
    closest = difflib.get_close_matches(unknown, known, n=len(known), cutoff=0.5)
    ordered = [*closest, *(name for name in known if name not in closest)]
    return Sentence("has an unknown key `{key}`; it knows {keys}", {"key": unknown, "keys": ", ".join(ordered)})


def _describe_range(nodes: list[inspect.Type]) -> Sentence | None:
    node = next((node for node in nodes if isinstance(node, inspect.IntType | inspect.FloatType)), None)
    if node is None:
        return None
    if node.ge is not None and node.le is not None:
        return Sentence("between {lower} and {upper}", {"lower": node.ge, "upper": node.le})
    lower = Sentence("at least {number}", {"number": node.ge}) if node.ge is not None else None
    lower = Sentence("above {number}", {"number": node.gt}) if node.gt is not None else lower
    upper = Sentence("at most {number}", {"number": node.le}) if node.le is not None else None
    upper = Sentence("below {number}", {"number": node.lt}) if node.lt is not None else upper
    return Sentence("{one} and {other}", {"one": lower, "other": upper}) if lower and upper else lower or upper


def _list_choices(nodes: list[inspect.Type]) -> str:
    return next((", ".join(map(str, node.values)) for node in nodes if isinstance(node, inspect.LiteralType)), "")


def _list_kinds(nodes: list[inspect.Type]) -> str:
    return ", ".join(str(node.tag) for node in nodes if isinstance(node, inspect.StructType))
