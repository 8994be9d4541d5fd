"""Buttons, selects and context menus: from what a member picks to the data of an interaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from playground.client import command_line, options
from playground.client.options import Occasion
from playground.errors import ClientRefused, Json
from playground.validation.commands import MESSAGE_COMMAND, USER_COMMAND
from playground.validation.components import (
    BUTTON,
    CHANNEL_SELECT,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    SELECTS,
    STRING_SELECT,
    USER_SELECT,
)
from playground.world import wire
from playground.world.model import Message, User

# What a select of people, roles or channels offers is what a command's option of that kind offers.
_OPTION_KIND = {
    USER_SELECT: options.USER,
    ROLE_SELECT: options.ROLE,
    MENTIONABLE_SELECT: options.MENTIONABLE,
    CHANNEL_SELECT: options.CHANNEL,
}


def usable(message: Message, name: str) -> Json:
    """Return the button or select of that label, placeholder or custom id.

    Raises:
        ClientRefused: the message has none, or it is disabled.
    """
    control = message.control(name)
    if control is None:
        known = ", ".join(str(one.get("label") or one.get("placeholder")) for one in message.controls)
        raise ClientRefused(f"The message has no {name!r}; it has: {known or 'nothing to press'}.")
    if control.get("disabled"):
        raise ClientRefused(f"{name!r} is disabled.")
    return control


def pressed(button: Json) -> Json:
    """Return an interaction's `data` for pressing a button.

    Raises:
        ClientRefused: it is no button, or one that tells the bot nothing.
    """
    if button["type"] != BUTTON or "custom_id" not in button:
        raise ClientRefused("That is no button that tells the bot anything.")
    return {"custom_id": button["custom_id"], "component_type": BUTTON, "id": button["id"]}


def chosen(select: Json, values: tuple[str, ...], occasion: Occasion) -> Json:
    """Return an interaction's `data` for choosing from a select.

    Args:
        select: as the message shows it.
        values: labels or values of its options; `@name` or `#name` or an id where people, roles or channels are chosen.
        occasion: where.

    Raises:
        ClientRefused: it is no select, has no such option, or the number of values does not fit.
    """
    kind = select["type"]
    if kind not in SELECTS:
        raise ClientRefused("That is no select.")
    if not select["min_values"] <= len(values) <= select["max_values"]:
        raise ClientRefused(f"Choose {select['min_values']} to {select['max_values']}.")
    data: Json = {"custom_id": select["custom_id"], "component_type": kind, "id": select["id"]}
    if kind == STRING_SELECT:
        return data | {"values": [_option_value(select, value) for value in values]}
    ids = options.named(_OPTION_KIND[kind], occasion)
    picked = [_id_of(value, ids) for value in values]
    return data | {"values": picked, "resolved": options.resolved_ids(picked, occasion)}


def _option_value(select: Json, wanted: str) -> str:
    for option in select["options"]:
        if wanted in (option["label"], option["value"]):
            return str(option["value"])
    known = ", ".join(option["label"] for option in select["options"])
    raise ClientRefused(f"There is no {wanted!r} to choose; there is: {known}.")


def _id_of(wanted: str, ids: Mapping[str, str]) -> str:
    if wanted in ids.values():
        return wanted
    if wanted not in ids:
        raise ClientRefused(f"There is no {wanted!r} to choose.")
    return ids[wanted]


def from_menu(name: str, target: Message | User, commands: Iterable[Json], occasion: Occasion, locale: str) -> Json:
    """Return an interaction's `data` for a command from the menu of a message or of a person.

    Args:
        name: of the command, as registered or as it is shown in `locale`.
        target: the message in its newest version, or the person.
        commands: those offered here.
        occasion: where.
        locale: the member's language.

    Raises:
        ClientRefused: the menu has no such command, or that person is not here.
    """
    on_message = isinstance(target, Message)
    offered = [one for one in commands if one["type"] == (MESSAGE_COMMAND if on_message else USER_COMMAND)]
    command = command_line.named(name, offered, locale)
    if command is None:
        known = ", ".join(one["name"] for one in offered)
        raise ClientRefused(f"The menu has no {name!r}; it has: {known or 'nothing'}.")
    if isinstance(target, Message):
        resolved: Json = {"messages": {target.id: wire.message(target, occasion.world)}}
    else:
        resolved = options.resolved_ids([target.id], occasion)
        if not resolved:
            raise ClientRefused(f"{target.shown} is not here.")
    data = {key: command[key] for key in ("id", "name", "type", "guild_id") if key in command}
    return data | {"target_id": target.id, "resolved": resolved}
