"""Options: from the text a member typed to the values an interaction carries, checked as a client checks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from playground.client.command_line import Typed
from playground.errors import ClientRefused, Json
from playground.posting.cdn import Upload
from playground.world import wire
from playground.world.model import Attachment, Channel
from playground.world.world import World

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
Value = str | int | float | bool | Upload


class Occasion(msgspec.Struct, frozen=True):
    """Where a command is used: names of people, channels and roles are looked up in its server."""

    world: World
    channel: Channel


def checked(typed: Typed, occasion: Occasion, files: Mapping[str, Upload]) -> dict[str, Value]:
    """Return the values of what was typed.

    Raises:
        ClientRefused: a required option is missing, or a value is not of its type, range or choices.
    """
    values: dict[str, Value] = {}
    for option in typed.options:
        name = option["name"]
        if option["type"] == ATTACHMENT and name in files:
            values[name] = files[name]
        elif name in typed.values:
            values[name] = _value(option, typed.values[name], occasion)
        elif option.get("required"):
            raise ClientRefused(f"The option {name} is required.")
    return values


def _value(option: Json, text: str, occasion: Occasion) -> Value:
    choices = option.get("choices")
    if choices:
        for choice in choices:
            if text in (choice["name"], str(choice["value"])):
                chosen: Value = choice["value"]
                return chosen
        names = ", ".join(choice["name"] for choice in choices)
        raise ClientRefused(f"{option['name']} must be one of: {names}.")
    value = _converted(option, text, occasion)
    if option["type"] == STRING:
        _check_range(option, len(text), "_length")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_range(option, value, "_value")
    return value


def _converted(option: Json, text: str, occasion: Occasion) -> Value:
    kind, name = option["type"], option["name"]
    if kind == STRING:
        if not text:
            raise ClientRefused(f"{name} is empty.")
        return text
    if kind == BOOLEAN:
        if text.lower() not in ("true", "false"):
            raise ClientRefused(f"{name} must be true or false.")
        return text.lower() == "true"
    if kind in (INTEGER, NUMBER):
        try:
            return int(text) if kind == INTEGER else float(text)
        except ValueError:
            what = "a whole number" if kind == INTEGER else "a number"
            raise ClientRefused(f"{name} must be {what}.") from None
    return _somebody_or_something(option, text, occasion)


def _somebody_or_something(option: Json, text: str, occasion: Occasion) -> str:
    """Return the id of the user, role or channel that the text names."""
    kind = option["type"]
    guild = occasion.world.guilds[occasion.channel.guild_id]
    named: dict[str, str] = {}
    if kind in (USER, MENTIONABLE):
        named |= {f"@{member.user.shown}": user_id for user_id, member in guild.members.items()}
    if kind in (ROLE, MENTIONABLE):
        named |= {f"@{role.name}": role_id for role_id, role in guild.roles.items()}
    if kind == CHANNEL:
        named |= {f"#{channel.name}": channel_id for channel_id, channel in guild.channels.items()}
    if text in named:
        return named[text]
    raise ClientRefused(f"{option['name']}: {text!r} is nobody and nothing in this server.")


def _check_range(option: Json, size: float, what: str) -> None:
    low, high = option.get(f"min{what}"), option.get(f"max{what}")
    unit = " characters" if what == "_length" else ""
    if low is not None and size < low:
        raise ClientRefused(f"{option['name']} must be at least {low}{unit}.")
    if high is not None and size > high:
        raise ClientRefused(f"{option['name']} must be at most {high}{unit}.")


def command_data(typed: Typed, values: Mapping[str, Any], files: Mapping[str, Attachment]) -> Json:
    """Return an interaction's `data` for a command with these values.

    Args:
        typed: the command, and the sub-command that was typed.
        values: by option name; those of attachment options are left to `files`.
        files: uploaded files by option name.
    """
    options: list[Json] = []
    for option in typed.options:
        name = option["name"]
        if name in files:
            options.append({"name": name, "type": ATTACHMENT, "value": files[name].id})
        elif name in values:
            options.append({"name": name, "type": option["type"], "value": values[name]})
    for depth, name in enumerate(reversed(typed.path)):
        options = [{"name": name, "type": 1 if depth == 0 else 2, "options": options}]
    command = typed.command
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data


def resolved(typed: Typed, values: Mapping[str, Any], occasion: Occasion) -> Json:
    """Return what the ids among `values` stand for, as an interaction's `resolved` lists it."""
    guild = occasion.world.guilds[occasion.channel.guild_id]
    found: Json = {}
    for option in typed.options:
        one = values.get(option["name"])
        if option["type"] not in (USER, CHANNEL, ROLE, MENTIONABLE) or not isinstance(one, str):
            continue
        if one in guild.members:
            member = wire.member(guild.members[one])
            found.setdefault("users", {})[one] = member.pop("user")
            found.setdefault("members", {})[one] = member | {"permissions": "0"}
        elif one in guild.roles:
            found.setdefault("roles", {})[one] = wire.role(guild.roles[one])
        elif one in guild.channels:
            channel = wire.channel(guild.channels[one])
            found.setdefault("channels", {})[one] = channel | {"permissions": "0"}
    return found
