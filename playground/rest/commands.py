"""The application's commands: global ones, and those of one server."""

from __future__ import annotations

from typing import Any

from playground import errors
from playground.errors import Json
from playground.rest.call import NO_CONTENT, Answer, Call
from playground.rest.router import Route
from playground.validation.commands import CHAT_INPUT, check_commands
from playground.world.news import CommandsRegistered
from playground.world.world import World

_LOCALIZATIONS = ("name_localizations", "description_localizations")


def _scope(call: Call) -> str | None:
    """Return the server that the path is about; None for global commands.

    Raises:
        ApiError: 50001 for another application, 10004 for an unknown server.
    """
    world = call.backend.world
    if call.params["application_id"] != world.application_id:
        raise errors.missing_access()
    guild_id = call.params.get("guild_id")
    return world.guild(guild_id).id if guild_id else None


def _registered(asked: Json, scope: str | None, world: World) -> Json:
    """Return a command as Discord answers it; one that replaces another of its name keeps the id."""
    kind = asked.get("type") or CHAT_INPUT
    same = (one for one in world.commands.get(scope, ()) if _key(one) == (kind, asked["name"]))
    previous = next(same, None)
    optional = {key: asked[key] for key in _LOCALIZATIONS if asked.get(key)}
    if asked.get("options"):
        optional["options"] = [_without_nulls(option) for option in asked["options"]]
    if scope:
        optional["guild_id"] = scope
    permissions = asked.get("default_member_permissions")
    return {
        "id": previous["id"] if previous else world.ids.new(),
        "application_id": world.application_id,
        "version": world.ids.new(),
        "type": kind,
        "name": asked["name"],
        "description": asked.get("description") or "",
        "default_member_permissions": None if permissions is None else str(permissions),
        "dm_permission": asked.get("dm_permission") is not False,
        "contexts": asked.get("contexts"),
        "integration_types": asked.get("integration_types") or [0],
        "nsfw": bool(asked.get("nsfw")),
        **optional,
    }


def _key(command: Json) -> tuple[int, str]:
    return command["type"], command["name"]


def _without_nulls(value: Any) -> Any:
    """Return an option as Discord answers it: keys without a value and empty lists are left out."""
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None and one != []}
    return value


def _replace_all(call: Call) -> Answer:
    scope, world = _scope(call), call.backend.world
    asked = call.body or []
    check_commands(asked)
    world.commands[scope] = [_registered(one, scope, world) for one in asked]
    world.news.publish(CommandsRegistered())
    return Answer(200, world.commands[scope])


def _create(call: Call) -> Answer:
    scope, world = _scope(call), call.backend.world
    asked = call.table
    key = (asked.get("type") or CHAT_INPUT, asked.get("name"))
    others = [one for one in world.commands.get(scope, []) if _key(one) != key]
    check_commands([*others, asked])
    command = _registered(asked, scope, world)
    status = 200 if len(others) < len(world.commands.get(scope, [])) else 201
    world.commands[scope] = [*others, command]
    world.news.publish(CommandsRegistered())
    return Answer(status, command)


def _list(call: Call) -> Answer:
    scope = _scope(call)
    commands = call.backend.world.commands.get(scope, [])
    if call.flag("with_localizations"):
        return Answer(200, commands)
    return Answer(200, [_without_localizations(one) for one in commands])


def _without_localizations(command: Json) -> Json:
    return {key: value for key, value in command.items() if key not in _LOCALIZATIONS}


def _one(call: Call) -> Answer:
    return Answer(200, _find(call))


def _edit(call: Call) -> Answer:
    scope, world = _scope(call), call.backend.world
    command = _find(call)
    changed = {**command, **call.table}
    others = [one for one in world.commands[scope] if one["id"] != command["id"]]
    check_commands([*others, changed])
    registered = {**_registered(changed, scope, world), "id": command["id"]}
    world.commands[scope] = [*others, registered]
    world.news.publish(CommandsRegistered())
    return Answer(200, registered)


def _delete(call: Call) -> Answer:
    scope, command = _scope(call), _find(call)
    call.backend.world.commands[scope].remove(command)
    call.backend.world.news.publish(CommandsRegistered())
    return NO_CONTENT


def _find(call: Call) -> Json:
    for command in call.backend.world.commands.get(_scope(call), []):
        if command["id"] == call.params["command_id"]:
            return command
    raise errors.unknown_command()


_ALL = (
    "/applications/{application_id}/commands",
    "/applications/{application_id}/guilds/{guild_id}/commands",
)
ROUTES = tuple(
    route
    for path in _ALL
    for route in (
        Route("PUT", path, _replace_all),
        Route("POST", path, _create),
        Route("GET", path, _list),
        Route("GET", f"{path}/{{command_id}}", _one),
        Route("PATCH", f"{path}/{{command_id}}", _edit),
        Route("DELETE", f"{path}/{{command_id}}", _delete),
    )
)
