"""Options: from the text a member typed to the values an interaction carries, checked as a client checks them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from playground.client.command_line import Typed
from playground.errors import ClientRefused, Json
from playground.posting.cdn import Upload
from playground.world import wire
from playground.world.model import Attachment, Channel, User
from playground.world.world import World

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
_ENTITIES = (USER, CHANNEL, ROLE, MENTIONABLE)
Value = str | int | float | bool | Upload


class Occasion(msgspec.Struct, frozen=True):
    """Where a command is used: names of people, channels and roles are looked up in its server."""

    world: World
    channel: Channel

    @property
    def people(self) -> tuple[User, ...]:
        """Who is there, the bot included."""
        guild = self.world.guild_of(self.channel)
        if guild is not None:
            return tuple(member.user for member in guild.members.values())
        return (self.world.bot,) if self.channel.recipient is None else (self.world.bot, self.channel.recipient)


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


def typed_so_far(typed: Typed, focused: str, occasion: Occasion) -> dict[str, Value]:
    """Return what a client tells while an option is being typed: that one as it is, and the others that are given."""
    values: dict[str, Value] = {}
    for option in typed.options:
        name = option["name"]
        if name == focused:
            values[name] = typed.values[name]
        elif name in typed.values:
            with contextlib.suppress(ClientRefused):  # it is not finished, or no value at all
                values[name] = _value(option, typed.values[name], occasion)
    return values


def _value(option: Json, text: str, occasion: Occasion) -> Value:
    choices = option.get("choices")
    if choices:
        for choice in choices:
            names = (choice["name"], *(choice.get("name_localizations") or {}).values())
            if text in (*names, str(choice["value"])):
                chosen: Value = choice["value"]
                return chosen
        known = ", ".join(choice["name"] for choice in choices)
        raise ClientRefused(f"{option['name']} must be one of: {known}.")
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
    found = named(kind, occasion).get(text)
    if found is None:
        raise ClientRefused(f"{name}: {text!r} is nobody and nothing in this server.")
    return found


def named(kind: int, occasion: Occasion) -> dict[str, str]:
    """Return the ids of all people, roles or channels that an option of type `kind` can mean, by `@name` or `#name`."""
    guild = occasion.world.guild_of(occasion.channel)
    found: dict[str, str] = {}
    if kind in (USER, MENTIONABLE):
        found |= {f"@{user.shown}": user.id for user in occasion.people}
    if kind in (ROLE, MENTIONABLE) and guild is not None:
        found |= {f"@{role.name.removeprefix('@')}": role_id for role_id, role in guild.roles.items()}
    if kind == CHANNEL and guild is not None:
        found |= {f"#{channel.name}": channel_id for channel_id, channel in guild.channels.items()}
    return found


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
    meant = [values.get(option["name"]) for option in typed.options if option["type"] in _ENTITIES]
    return resolved_ids([one for one in meant if isinstance(one, str)], occasion)


def resolved_ids(ids: Iterable[str], occasion: Occasion) -> Json:
    """Return the people, roles and channels of these ids, with what they may do in the channel."""
    world, channel = occasion.world, occasion.channel
    guild = world.guild_of(channel)
    people = {user.id: user for user in occasion.people}
    found: Json = {}
    for one in ids:
        if one in people:
            found.setdefault("users", {})[one] = wire.user(people[one])
            if guild is not None:
                member = {key: value for key, value in wire.member(guild.members[one]).items() if key != "user"}
                permissions = str(int(world.permissions(channel, people[one])))
                found.setdefault("members", {})[one] = member | {"permissions": permissions}
        elif guild is not None and one in guild.roles:
            found.setdefault("roles", {})[one] = wire.role(guild.roles[one])
        elif guild is not None and one in guild.channels:
            found.setdefault("channels", {})[one] = wire.channel(guild.channels[one]) | {"permissions": "0"}
    return found
