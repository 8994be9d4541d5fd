"""Answers to interactions that are no message: a modal, or choices."""

from __future__ import annotations

from typing import Any

from playground.errors import Json
from playground.validation.components import (
    LABEL,
    ROW,
    SELECTS,
    TEXT,
    TEXT_INPUT,
    check_kind,
    check_select,
    check_unique,
)
from playground.validation.form import Place
from playground.world.model import walk

MAX_INPUTS, MAX_VALUE, MAX_CHOICES = 5, 4000, 25
STRING_OPTION, INTEGER_OPTION, NUMBER_OPTION = 3, 4, 10


def check_modal(data: Json, at: Place) -> None:
    """Note what Discord would refuse in a modal."""
    (at / "title").text(data.get("title"), 1, 45)
    (at / "custom_id").text(data.get("custom_id"), 1, 100)
    components = data.get("components")
    if not (at / "components").listing(components, 1, MAX_INPUTS):
        return
    assert components is not None
    if all([_check_part(one, at / "components" / n) for n, one in enumerate(components)]):
        check_unique(list(walk(components)), at / "components")


def _check_part(part: Any, at: Place) -> bool:
    """A row with one text input, a label around one input, or a text."""
    if not check_kind(part, at, (ROW, TEXT, LABEL)):
        return False
    if part["type"] == TEXT:
        return (at / "content").text(part.get("content"), 1, MAX_VALUE)
    if part["type"] == ROW:
        if not (at / "components").listing(part.get("components"), 1, 1):
            return False
        inner, place = part["components"][0], at / "components" / 0
        fits = check_kind(inner, place, (TEXT_INPUT,)) and _check_input(inner, place)
        return fits and (place / "label").text(inner.get("label"), 1, 45)
    (at / "description").text(part.get("description"), 0, 100)
    inner, place = part.get("component"), at / "component"
    fits = (at / "label").text(part.get("label"), 1, 45)
    if not check_kind(inner, place, (TEXT_INPUT, *SELECTS)):
        return False
    if inner["type"] == TEXT_INPUT:
        return _check_input(inner, place) and fits
    return check_select(inner, place) and fits


def _check_input(field: Json, at: Place) -> bool:
    fits = (at / "custom_id").text(field.get("custom_id"), 1, 100)
    fits &= (at / "style").choice(field.get("style"), (1, 2))
    fits &= (at / "placeholder").text(field.get("placeholder"), 0, 100)
    fits &= (at / "min_length").integer(field.get("min_length"), 0, MAX_VALUE)
    fits &= (at / "max_length").integer(field.get("max_length"), 1, MAX_VALUE)
    longest = field.get("max_length")
    return (at / "value").text(field.get("value"), 0, longest if fits and longest else MAX_VALUE) and fits


def check_choices(data: Json, at: Place, option_type: int) -> None:
    """Note what Discord would refuse in the choices that autocomplete offers for an option of `option_type`."""
    choices = data.get("choices")
    place = at / "choices"
    if choices is None:
        place.required()
    elif place.listing(choices, 0, MAX_CHOICES):
        check_choice_list(choices, place, option_type)


def check_choice_list(choices: list[Any], at: Place, option_type: int) -> None:
    """Note what is wrong with choices: their names, and values of the option's type."""
    for n, choice in enumerate(choices):
        if not (at / n).table(choice):
            continue
        (at / n / "name").text(choice.get("name"), 1, 100)
        value, place = choice.get("value"), at / n / "value"
        if option_type == STRING_OPTION:
            place.text(value, 1, 100)
        elif option_type == INTEGER_OPTION:
            if value is None:
                place.required()
            place.integer(value, -(2**53) + 1, 2**53 - 1)
        elif option_type == NUMBER_OPTION and (isinstance(value, bool) or not isinstance(value, int | float)):
            place.problem("NUMBER_TYPE_COERCE", f'Value "{value}" is not a number.')
