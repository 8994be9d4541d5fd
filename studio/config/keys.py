"""The keys of config.toml by name: which there are, what they hold, what they may hold, and what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from engine.errors import LimitError
from studio.config.config import ChannelRules, Config, RoleRules, ServerConfig
from studio.config.effective import is_looser

_PRIVATE = ("model.source", "model.token_file", "model.loras", "model.tiny_vae", "discord", "storage")
"""What is nobody's business but the operators': paths, and a proxy's address, which may hold a password."""

_NEEDS_RESTART = ("discord", "storage.data")

_BARE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class ConfigChange(msgspec.Struct, frozen=True):
    """One key and what stood there before and after, as TOML would have it; empty for nothing."""

    key: str
    old: str
    new: str

    @property
    def needs_restart(self) -> bool:
        """Whether it takes effect only after a restart of the bot."""
        return _is_in(self.key, _NEEDS_RESTART)

    @property
    def is_private(self) -> bool:
        """Whether only operators may read the values."""
        return _is_in(self.key, _PRIVATE)

    def concerns(self, server: str) -> bool:
        """Whether it has an effect on a server."""
        return not self.key.startswith("servers.") or self.key.startswith(f"servers.{server}.")


def values_of(table: msgspec.Struct) -> dict[str, str]:
    """Return every key of a table and of the tables in it that holds something, with the value as TOML has it."""
    return dict(_flatten(msgspec.to_builtins(table), ()))


def settable_keys(table: Config | ServerConfig, inherited: Config | None = None) -> dict[str, str]:
    """Return the keys that can be set, with what holds today; entries that do not exist yet are not among them.

    Args:
        table: the whole configuration, or a server's part of it.
        inherited: where a server's values come from that it does not set itself.
    """
    common = values_of(inherited) if inherited else {}
    sections = ("limits", "community", "moderation") if inherited else ()
    names = [f"{section}.{name}" for section in sections for name in getattr(table, section).__struct_fields__]
    return {**{name: common.get(name, "") for name in names}, **values_of(table)}


def settable_keys_in(table: ChannelRules | RoleRules, of_server: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of a channel or a role, with what holds there today.

    Args:
        table: what it has itself.
        of_server: `settable_keys` of the server, where the rest comes from.
    """
    inherited = {key.rpartition(".")[2]: value for key, value in of_server.items() if key.count(".") == 1}
    own = values_of(table)
    return {name: own.get(name, inherited.get(name, "")) for name in table.__struct_fields__}


def is_key(key: tuple[str, ...], kind: type[msgspec.Struct]) -> bool:
    """Whether a table of some kind has such a key, or might have it under a name of somebody's choice."""
    return _type_at(inspect.type_info(kind), key) is not None


def choices_of(key: tuple[str, ...], kind: type[msgspec.Struct]) -> list[str]:
    """Return the values that a key may hold, if it is a choice between a few."""
    node = _type_at(inspect.type_info(kind), key)
    match node:
        case inspect.LiteralType(values=values):
            return [str(value) for value in values]
        case inspect.BoolType():
            return ["true", "false"]
        case inspect.VarTupleType(item_type=inspect.LiteralType(values=values)):
            return [str(value) for value in values]
    return []


def find_changes(before: Config, after: Config) -> list[ConfigChange]:
    """Return what differs, sorted by key."""
    old, new = values_of(before), values_of(after)
    keys = sorted(old.keys() | new.keys())
    return [ConfigChange(key, old.get(key, ""), new.get(key, "")) for key in keys if old.get(key) != new.get(key)]


def require_granted(before: Config, after: Config, server: str) -> None:
    """Hold a server's own rules to what everyone may have, or what the server was allowed already.

    Raises:
        LimitError: a key allows more than that.
    """
    own, earlier = after.servers.get(server, ServerConfig()), before.servers.get(server, ServerConfig())
    everyone = {
        **msgspec.structs.asdict(after.limits),
        **msgspec.structs.asdict(after.community),
        "nsfw": after.moderation.nsfw,
    }
    for where, table in _tables_of(own).items():
        granted = _tables_of(earlier).get(where, {})
        for key, value in table.items():
            if value is None or key not in everyone or not is_looser(key, value, everyone[key]):
                continue
            if granted.get(key) is None or is_looser(key, value, granted[key]):
                raise LimitError(
                    "{key} may allow at most what everyone has: {value}.",
                    key=f"{where}.{key}",
                    value=_format_value(everyone[key]),
                )


def _tables_of(own: ServerConfig) -> dict[str, dict[str, Any]]:
    tables = {"limits": own.limits, "community": own.community, "moderation": own.moderation}
    tables |= {f"channels.{channel}": limits for channel, limits in own.channels.items()}
    tables |= {f"roles.{role}": limits for role, limits in own.roles.items()}
    return {where: msgspec.structs.asdict(table) for where, table in tables.items()}


def _flatten(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flatten(inner, (*path, str(key)))
    elif value is not None:
        yield ".".join(map(_format_part, path)), _format_value(value)


def _format_part(name: str) -> str:
    """Return one part of a key, quoted where TOML requires it."""
    return name if name and set(name) <= _BARE_CHARACTERS else _format_value(name)


def _format_value(value: Any) -> str:
    """Return a value as TOML; strings, numbers and booleans are written as in JSON."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_format_part(key)} = {_format_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_format_value, value)) + "]"
    return msgspec.json.encode(value).decode()


def _type_at(node: inspect.Type, path: tuple[str, ...]) -> inspect.Type | None:
    """Return the type of a key's value, without metadata and None; None if there is no such key."""
    while isinstance(node, inspect.Metadata):
        node = node.type
    if isinstance(node, inspect.UnionType):
        plain = [inner for inner in node.types if not isinstance(inner, inspect.NoneType)]
        return _type_at(plain[0], path) if len(plain) == 1 else None
    if not path:
        return node
    if isinstance(node, inspect.DictType):
        return _type_at(node.value_type, path[1:])
    if isinstance(node, inspect.StructType):
        fields = {field.encode_name: field.type for field in node.fields}
        return _type_at(fields[path[0]], path[1:]) if path[0] in fields else None
    return None


def _is_in(key: str, tables: tuple[str, ...]) -> bool:
    return any(key == table or key.startswith(f"{table}.") for table in tables)
