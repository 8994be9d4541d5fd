"""Finding the texts that people read: in the source, and in the commands as Discord is told of them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from babel.messages.extract import extract_from_file
from discord import AppCommandType, app_commands

from cogs.i18n.language import TERMS
from engine import errors

_ERRORS = frozenset(name for name, kind in vars(errors).items() if inspect.isclass(kind) and name != "Sentence")
_PLURAL_ARGUMENT = {"plural": 1, "Sentence": 2}
_Where = app_commands.TranslationContextLocation

_KEYWORDS: Any = {"gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}  # Babel's own notation
_METHOD = f"{__name__}:extract"

Message: TypeAlias = str | tuple[str, ...]


class NotLiteral(Exception):
    """A text is put together where it is said, so that nobody can translate it."""


class Found(msgspec.Struct, frozen=True):
    """A text, the file it stands in, and for a word on its own what it is used as."""

    message: Message
    file: str
    context: str | None = None


def find_source_texts(root: Path, paths: Iterable[Path]) -> Iterator[Found]:
    """Yield the texts in Python files below `root`.

    Raises:
        NotLiteral: one that is no literal; the message says where.
    """
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            for _, message, _, context in extract_from_file(_METHOD, path, _KEYWORDS):
                yield Found(message if isinstance(message, str) else tuple(message), name, context)
        except NotLiteral as error:
            raise NotLiteral(f"{name}:{error}") from None


def find_command_texts(tree: app_commands.CommandTree[Any]) -> Iterator[Found]:
    """Yield the names and descriptions of commands, options and choices."""
    for menu in (AppCommandType.message, AppCommandType.user):
        for entry in tree.get_commands(type=menu):
            yield _term(entry.name, entry.callback, _Where.command_name)
    for command in tree.walk_commands():
        if isinstance(command, app_commands.Group):
            where: object = type(command)
            yield _term(command.name, where, _Where.group_name)
            yield _term(command.description, where, _Where.group_description)
            continue
        yield _term(command.name, command.callback, _Where.command_name)
        yield _term(command.description, command.callback, _Where.command_description)
        for option in command.parameters:
            yield _term(option.display_name, command.callback, _Where.parameter_name)
            yield _term(str(option.description), command.callback, _Where.parameter_description)
            for choice in option.choices:
                yield _term(choice.name, command.callback, _Where.choice_name)


def _term(text: str, where: object, location: app_commands.TranslationContextLocation) -> Found:
    module = getattr(where, "__module__", "")
    return Found(text, f"{module.replace('.', '/')}.py", TERMS[location])


def extract(
    file: Any, keywords: Mapping[str, Any], comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Yield the texts in one file, as Babel asks an extraction method to.

    They are the first argument of `say(…)`, `say.plural(…)`, `Sentence(…)` and of our own errors, the description of a
    `Meta`, and `locale_str(…)`, which only a choice that is offered while somebody types needs.

    Raises:
        NotLiteral: the text there is no literal.
    """
    calls = (node for node in ast.walk(ast.parse(file.read())) if isinstance(node, ast.Call))
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        for message in _messages_of(call):
            if _name(call.func) == "locale_str":
                yield call.lineno, "pgettext", (TERMS[_Where.choice_name], message), []
            else:
                yield call.lineno, "gettext" if isinstance(message, str) else "ngettext", message, []


def _messages_of(call: ast.Call) -> Iterator[Message]:
    name = _name(call.func)
    if name == "Meta":
        described = next((word.value for word in call.keywords if word.arg == "description"), None)
        if isinstance(described, ast.Constant) and isinstance(described.value, str):
            yield described.value
        return
    is_say = name == "say" or (name == "plural" and _name(getattr(call.func, "value", None)) == "say")
    if not (is_say or name in {"Sentence", "locale_str"} or name in _ERRORS) or not call.args:
        return
    texts = list(_texts(call.args[0], call.lineno, strict=is_say))
    many = [text for argument in _plural(call, name) for text in _texts(argument, call.lineno, strict=True)]
    if many:
        yield texts[0], many[0]
    else:
        yield from texts


def _plural(call: ast.Call, name: str) -> Iterator[ast.expr]:
    place = _PLURAL_ARGUMENT.get(name, len(call.args))
    yield from call.args[place : place + 1]
    yield from (word.value for word in call.keywords if name == "Sentence" and word.arg == "plural")


def _texts(node: ast.expr, line: int, *, strict: bool) -> Iterator[str]:
    """Yield the literal that `node` is, or both where it chooses between two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, line, strict=strict)
        yield from _texts(node.orelse, line, strict=strict)
    elif strict or isinstance(node, ast.JoinedStr | ast.BinOp):
        raise NotLiteral(f"{line}: a text that is shown has to be a literal; values stand in its {{fields}}")


def _name(node: ast.expr | None) -> str:
    """Return the last part of a name, without the underscore of a private one."""
    if isinstance(node, ast.Attribute):
        return node.attr.lstrip("_")
    return node.id.lstrip("_") if isinstance(node, ast.Name) else ""
