"""Reading what a member types: `/morph source:skunk target:puppy frames:9`, or `/morph skunk puppy` for short.

A value runs to the next `name:` of the same command, so it may hold spaces, commas and colons. Text before the first
`name:` goes to the required options in order, a word each and the rest to the last; where nothing is required, all
of it to the first option.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from playground.errors import ClientRefused, Json
from playground.validation.commands import CHAT_INPUT

_NESTED = (1, 2)  # sub-command and group


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A command line, read but not yet checked.

    Attributes:
        command: as registered.
        path: names of the group and sub-command that were typed, if the command has those.
        options: those that may be given here, as registered.
        values: the text of each option that was typed, in that order.
    """

    command: Json
    path: tuple[str, ...]
    options: tuple[Json, ...]
    values: Mapping[str, str]


def read(text: str, commands: Iterable[Json], locale: str) -> Typed:
    """Read a command line.

    Raises:
        ClientRefused: it is no command, or there is none of that name.
    """
    if not text.startswith("/"):
        raise ClientRefused(f"{text!r} is no command: it must begin with /")
    bare, rest = _command(text[1:], commands, locale)
    return msgspec.structs.replace(bare, values=_values(rest, bare.options, locale))


def filled(name: str, values: Mapping[str, str], commands: Iterable[Json]) -> Typed:
    """Return a command whose options were filled in one by one.

    Args:
        name: of the command, followed by those of group and sub-command.
        values: the text in each option, by its registered name, in the order they were filled in.
        commands: those there are.

    Raises:
        ClientRefused: there is no command of that name, or it has no such option.
    """
    bare, rest = _command(name, commands, locale="")
    unknown = set(values) - {option["name"] for option in bare.options}
    if rest or unknown:
        raise ClientRefused(f"/{name} has no option {', '.join(sorted(unknown)) or rest}.")
    return msgspec.structs.replace(bare, values=values)


def _command(text: str, commands: Iterable[Json], locale: str) -> tuple[Typed, str]:
    """Return the command that `text` begins with, and the rest of the text."""
    word, rest = _split_word(text)
    command = named(word, [one for one in commands if one["type"] == CHAT_INPUT], locale)
    if command is None:
        raise ClientRefused(f"There is no command /{word} here.")
    options = command.get("options") or []
    path: list[str] = []
    while options and options[0]["type"] in _NESTED:
        word, rest = _split_word(rest)
        nested = named(word, options, locale)
        if nested is None:
            known = ", ".join(option["name"] for option in options)
            raise ClientRefused(f"/{command['name']} wants one of: {known}.")
        path.append(nested["name"])
        options = nested.get("options") or []
    return Typed(command=command, path=tuple(path), options=tuple(options), values={}), rest


def _split_word(text: str) -> tuple[str, str]:
    word, _, rest = text.strip().partition(" ")
    return word, rest


def named(name: str, entries: Iterable[Json], locale: str) -> Json | None:
    """Return the entry of that name, as registered or as translated for the member; None if there is none."""
    for entry in entries:
        if name in (entry["name"], (entry.get("name_localizations") or {}).get(locale)):
            return entry
    return None


def _values(text: str, options: Sequence[Json], locale: str) -> dict[str, str]:
    names = {option["name"]: option["name"] for option in options}
    for option in options:
        translated = (option.get("name_localizations") or {}).get(locale)
        if translated:
            names[translated] = option["name"]
    if not names:
        if text.strip():
            raise ClientRefused("This command has no options.")
        return {}
    alternatives = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    marks = list(re.finditer(rf"(?:^|(?<=\s))({alternatives}):", text))
    before = text[: marks[0].start()] if marks else text
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    named = {names[mark[1]]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=False)}
    return _positional(before.strip(), options, named) | named


def _positional(text: str, options: Sequence[Json], named: Mapping[str, str]) -> dict[str, str]:
    if not text:
        return {}
    free = [option["name"] for option in options if option["name"] not in named]
    required = [option["name"] for option in options if option.get("required") and option["name"] in free]
    names = required or free[:1]
    if not names:
        raise ClientRefused(f"{text!r} belongs to no option.")
    words = text.split(maxsplit=len(names) - 1)
    return dict(zip(names, words, strict=False))
