"""Application commands: names, descriptions, options, and how much of each."""

from __future__ import annotations

import unicodedata
from typing import Any

from playground import errors
from playground.errors import Json
from playground.validation.callback import INTEGER_OPTION, NUMBER_OPTION, STRING_OPTION, check_choice_list
from playground.validation.form import Form, Place

CHAT_INPUT, USER_COMMAND, MESSAGE_COMMAND = 1, 2, 3
SUB_COMMAND, SUB_COMMAND_GROUP = 1, 2
MAX_COMMANDS = {CHAT_INPUT: 100, USER_COMMAND: 15, MESSAGE_COMMAND: 15}
MAX_OPTIONS, MAX_CHOICES, MAX_CHARACTERS = 25, 25, 8000
_CHOOSABLE = (STRING_OPTION, INTEGER_OPTION, NUMBER_OPTION)
_NAME_SCRIPTS = (range(0x0900, 0x0980), range(0x0E00, 0x0E80))  # Devanagari and Thai, vowel signs included


def check_commands(commands: Any) -> None:
    """Refuse a list of commands that Discord would not register.

    Raises:
        ApiError: 50035, or 30032 if there are too many.
    """
    form = Form()
    if form.at.listing(commands, 0, sum(MAX_COMMANDS.values())):
        taken = set()
        for n, command in enumerate(commands):
            _check_command(command, form.at / n)
            if isinstance(command, dict):
                key = (command.get("type") or CHAT_INPUT, command.get("name"))
                if key in taken:
                    (form.at / n / "name").problem(
                        "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
                    )
                taken.add(key)
    form.refuse_problems()
    for kind, most in MAX_COMMANDS.items():
        if sum((command.get("type") or CHAT_INPUT) == kind for command in commands) > most:
            raise errors.too_many_commands(most)


def _check_command(command: Any, at: Place) -> None:
    if not at.table(command):
        return
    kind = command.get("type") or CHAT_INPUT
    if not (at / "type").choice(kind, tuple(MAX_COMMANDS)):
        return
    if kind != CHAT_INPUT:
        _check_context_menu(command, at)
        return
    _check_name(command.get("name"), at / "name")
    _check_name_localizations(command.get("name_localizations"), at / "name_localizations")
    (at / "description").text(command.get("description"), 1, 100)
    _check_localizations(command.get("description_localizations"), at / "description_localizations", 100)
    _check_options(command.get("options") or [], at / "options", depth=0)
    if _characters(command) > MAX_CHARACTERS:
        at.problem("APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({MAX_CHARACTERS})")


def _check_context_menu(command: Json, at: Place) -> None:
    """A command on a person or a message: a name of any letters, and nothing else to say."""
    (at / "name").text(command.get("name"), 1, 32)
    _check_localizations(command.get("name_localizations"), at / "name_localizations", 32)
    if command.get("description"):
        (at / "description").problem(
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", "Context menus have no description"
        )
    if command.get("options"):
        (at / "options").problem("APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS", "Context menus have no options")


def _check_name(name: Any, at: Place) -> None:
    """Lower case letters and digits of any script, dashes, underscores and apostrophes."""
    if not at.text(name, 1, 32):
        return
    if name != name.lower() or not all(_fits_in_name(character) for character in name):
        at.problem("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _fits_in_name(character: str) -> bool:
    if character in "-_'" or unicodedata.category(character)[0] in "LN":
        return True
    return any(ord(character) in script for script in _NAME_SCRIPTS)


def _check_localizations(names: Any, at: Place, longest: int) -> None:
    if names is not None and at.table(names):
        for locale, text in names.items():
            (at / locale).text(text, 1, longest)


def _check_name_localizations(names: Any, at: Place) -> None:
    """A translated name is held to what a name is held to."""
    if names is not None and at.table(names):
        for locale, name in names.items():
            _check_name(name, at / locale)


def _check_options(options: Any, at: Place, depth: int) -> None:
    if not at.listing(options, 0, MAX_OPTIONS):
        return
    taken: set[Any] = set()
    optional_seen = False
    for n, option in enumerate(options):
        place = at / n
        if not place.table(option):
            return
        _check_option(option, place, depth)
        if option.get("name") in taken:
            (place / "name").problem("APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option name already exists")
        taken.add(option.get("name"))
        if option.get("required") and optional_seen:
            place.problem(
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen |= not option.get("required")
    nested = [option.get("type") in (SUB_COMMAND, SUB_COMMAND_GROUP) for option in options]
    if any(nested) and not all(nested):
        at.problem("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command and options cannot be mixed")


def _check_option(option: Json, at: Place, depth: int) -> None:
    kind = option.get("type")
    _check_name(option.get("name"), at / "name")
    _check_name_localizations(option.get("name_localizations"), at / "name_localizations")
    (at / "description").text(option.get("description"), 1, 100)
    _check_localizations(option.get("description_localizations"), at / "description_localizations", 100)
    if not (at / "type").choice(kind, tuple(range(1, 12))):
        return
    if kind in (SUB_COMMAND, SUB_COMMAND_GROUP):
        if depth > 1 or (depth == 1 and kind == SUB_COMMAND_GROUP):
            (at / "type").problem("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Nested too deeply")
        _check_options(option.get("options") or [], at / "options", depth + 1)
        return
    _check_choices(option, at)
    _check_range(option, at)


def _check_choices(option: Json, at: Place) -> None:
    choices = option.get("choices") or []
    if not (at / "choices").listing(choices, 0, MAX_CHOICES):
        return
    if choices and option.get("autocomplete"):
        at.problem(
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE", "Autocomplete and choices are mutually exclusive"
        )
    if (choices or option.get("autocomplete")) and option["type"] not in _CHOOSABLE:
        at.problem("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "An option of this type has no choices")
        return
    check_choice_list(choices, at / "choices", option["type"])


def _check_range(option: Json, at: Place) -> None:
    if option["type"] == STRING_OPTION:
        (at / "min_length").integer(option.get("min_length"), 0, 6000)
        (at / "max_length").integer(option.get("max_length"), 1, 6000)
        low, high = option.get("min_length"), option.get("max_length")
    else:
        low, high = option.get("min_value"), option.get("max_value")
    if low is not None and high is not None and low > high:
        at.problem("APPLICATION_COMMAND_OPTIONS_RANGE_INVALID", "The minimum is larger than the maximum")


def _characters(part: Json) -> int:
    """Return the characters that count: names, descriptions and values; of translations only the longest."""
    size = _longest(part, "name") + _longest(part, "description")
    for choice in part.get("choices") or ():
        size += _longest(choice, "name") + len(str(choice.get("value", "")))
    return size + sum(_characters(option) for option in part.get("options") or ())


def _longest(part: Json, key: str) -> int:
    translations = (part.get(f"{key}_localizations") or {}).values()
    return max(len(str(text)) for text in (part.get(key) or "", *translations))
