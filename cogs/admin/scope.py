"""Where a key that is given to /admin set applies: a channel, a role, this server, or every server."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cogs.context.authority import Authority
from engine.errors import LimitError
from studio.config.config import ChannelRules, Config, RoleRules, ServerConfig
from studio.config.config_file import split_key
from studio.config.keys import is_key, settable_keys, settable_keys_in

_SECTIONS = ("limits", "community", "moderation")
"""Tables of a server whose keys channels and roles have at their top level."""

Table = Config | ServerConfig | ChannelRules | RoleRules


class KeyScope(msgspec.Struct, frozen=True, kw_only=True):
    """Where a change applies; at most one of the three is given."""

    channel: str | None = None
    role: str | None = None
    everywhere: bool = False

    def full_key(self, authority: Authority, key: str) -> tuple[str, ...]:
        """Return the parts of a key as in config.toml; raise ConfigError if it is none."""
        parts = split_key(key)
        if sum((self.channel is not None, self.role is not None, self.everywhere)) > 1:
            raise LimitError("Say where it shall hold: in a channel, for a role, or everywhere; one of the three.")
        if self.everywhere:
            return parts
        own = ("servers", authority.server)
        if self.channel is not None:
            return (*own, "channels", self.channel, *_strip_section(parts))
        if self.role is not None:
            return (*own, "roles", self.role, *_strip_section(parts))
        if authority.is_operator and parts[0] == "servers":
            return parts
        if authority.is_operator and is_key(parts, Config) and not is_key(parts, ServerConfig):
            raise LimitError("{key} is the same on every server: set it with “everywhere”.", key=key)
        return (*own, *parts)

    @property
    def table(self) -> type[Table]:
        if self.channel is not None:
            return ChannelRules
        if self.role is not None:
            return RoleRules
        return Config if self.everywhere else ServerConfig

    def keys(self, server: str, config: Config) -> Mapping[str, str]:
        """Return the keys there, with their values in force."""
        if self.everywhere:
            return settable_keys(config)
        own = config.servers.get(server, ServerConfig())
        of_server = settable_keys(own, config)
        if self.channel is not None:
            return settable_keys_in(own.channels.get(self.channel, ChannelRules()), of_server)
        if self.role is not None:
            return settable_keys_in(own.roles.get(self.role, RoleRules()), of_server)
        return of_server


def _strip_section(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the key of a channel or role without the table that it has on a server."""
    return parts[1:] if len(parts) > 1 and parts[0] in _SECTIONS else parts
