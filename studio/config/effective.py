"""The configuration as it applies to one place and one member.

Each layer overrides the one before: everyone ([limits]) < the server < the member's roles. The channel comes last and
can only be stricter. Of several roles the most generous value of each key counts. For what becomes of shared pictures
(showcase, retention) a channel's own values simply replace the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from engine.config import NsfwRule
from engine.recipe.preset import Preset
from engine.recipe.style import Style
from studio.config.config import (
    EVERYTHING,
    ChannelRules,
    CommunityConfig,
    Config,
    LimitsConfig,
    ModerationConfig,
    ServerConfig,
)

_NO_SERVER = ServerConfig()
_NO_CHANNEL = ChannelRules()
_SHARE_KEYS = ("showcase_channel", "showcase_votes", "keep_shared_days")
"""Keys of a channel about what was shared in it."""

_ORDERED_KEYS = ("nsfw", "sharing", "keep_shared_days", "keep_unshared_days")
"""Keys besides those of [limits] of which one value allows more than another."""

_STRICTNESS: tuple[NsfwRule, ...] = ("allow", "blur", "refuse")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order is placed, and as what.

    Attributes:
        server: its id; None in a direct message.
        channel: its id; of a thread the channel that it belongs to.
        roles: ids of the member's roles on the server.
        age_restricted: whether Discord shows the channel to adults only.
    """

    server: str | None
    channel: str
    roles: frozenset[str] = frozenset()
    age_restricted: bool = False


def limits_at(config: Config, place: Place) -> LimitsConfig:
    """Return what a member may ask for at a place."""
    own = _server_config(config, place.server)
    of_server = msgspec.structs.replace(config.limits, **_explicit_values(own.limits))
    return msgspec.structs.replace(of_server, **_values_at(own, place, msgspec.structs.asdict(of_server)))


def community_of(config: Config, server: str | None) -> CommunityConfig:
    """Return what members of a server share, and where the bot speaks up there."""
    return msgspec.structs.replace(config.community, **_explicit_values(_server_config(config, server).community))


def community_at(config: Config, server: str, channel: str) -> CommunityConfig:
    """Return what becomes of what was shared in a channel of a server; a thread counts as the channel it is in."""
    own = _explicit_values(_server_config(config, server).channels.get(channel, _NO_CHANNEL))
    mine = {key: value for key, value in own.items() if key in _SHARE_KEYS}
    return msgspec.structs.replace(community_of(config, server), **mine)


def channels_of(config: Config, server: str) -> tuple[str, ...]:
    """Return the ids of the channels of a server that have rules of their own."""
    return tuple(_server_config(config, server).channels)


def keep_days_of(config: Config, server: str | None) -> int:
    """Return how many days renders of a server that nobody shared are kept; None stands for direct messages."""
    most = config.storage.keep_days
    return min(community_of(config, server).keep_unshared_days or most, most)


def may_share(config: Config, place: Place) -> bool:
    """Whether a member may share a render in the gallery of the server where they are."""
    sharing = community_of(config, place.server).sharing
    return bool(_values_at(_server_config(config, place.server), place, {"sharing": sharing})["sharing"])


def moderation_of(config: Config, server: str | None) -> ModerationConfig:
    """Return what is not wanted on a server: its own banned words come on top of everybody's."""
    return moderation_at(config, Place(server=server, channel=""))


def moderation_at(config: Config, place: Place) -> ModerationConfig:
    """Return what is not wanted at a place: [moderation] holds for everybody, a server's own words for most."""
    own = _server_config(config, place.server)
    of_server = msgspec.structs.replace(config.moderation, **_explicit_values(own.moderation))
    words = own.moderation.banned_words or ()
    values = _values_at(own, place, {"banned_words": words, "nsfw": of_server.nsfw})
    every_word = dict.fromkeys((*config.moderation.banned_words, *values["banned_words"]))
    return msgspec.structs.replace(of_server, banned_words=tuple(every_word), nsfw=values["nsfw"])


def nsfw_at(config: Config, place: Place) -> NsfwRule:
    """Return what becomes of pictures that the safety checker objects to; unblurred they need an adults' channel."""
    rule = moderation_at(config, place).nsfw
    return "blur" if rule == "allow" and not place.age_restricted else rule


def presets_of(config: Config, server: str | None) -> Mapping[str, Preset]:
    """Return the presets of a server; its own come first, and win over others of that name."""
    own = _server_config(config, server).presets
    return {**own, **config.presets, **own}  # the first for the order, the last for the values


def styles_of(config: Config, server: str | None) -> Mapping[str, Style]:
    """Return the styles of a server; its own come first, and win over others of that name."""
    own = _server_config(config, server).styles
    return {**own, **config.styles, **own}


def is_looser(key: str, value: Any, than: Any) -> bool:
    """Whether `value` allows anything that `than` does not, for a key of [limits], [community] or [moderation].

    Keys that are no matter of more or less are never looser.
    """
    return (key in _ORDERED_KEYS or key in LimitsConfig.__struct_fields__) and _stricter(key, value, than) != value


def _server_config(config: Config, server: str | None) -> ServerConfig:
    return config.servers.get(server or "", _NO_SERVER)


def _explicit_values(own: msgspec.Struct) -> dict[str, Any]:
    """Return the keys that are set, with their values."""
    return {name: value for name, value in msgspec.structs.asdict(own).items() if value is not None}


def _values_at(own: ServerConfig, place: Place, of_server: Mapping[str, Any]) -> dict[str, Any]:
    """Return a server's values at a place: overridden by the roles, then by the channel where it is stricter."""
    roles = _merge_roles(_explicit_values(own.roles[role]) for role in place.roles & own.roles.keys())
    channel = _explicit_values(own.channels.get(place.channel, _NO_CHANNEL))
    values = {key: roles.get(key, value) for key, value in of_server.items()}
    return {key: _stricter(key, channel[key], value) if key in channel else value for key, value in values.items()}


def _merge_roles(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            merged[key] = _looser(key, merged[key], value) if key in merged else value
    return merged


def _looser(key: str, one: Any, other: Any) -> Any:
    if key == "banned_words":
        return tuple(word for word in one if word in other)
    if isinstance(one, tuple):
        return (EVERYTHING,) if EVERYTHING in (*one, *other) else tuple(dict.fromkeys((*one, *other)))
    return max(one, other, key=_GENEROSITY.get(key))


def _stricter(key: str, one: Any, other: Any) -> Any:
    if key == "banned_words":
        return tuple(dict.fromkeys((*other, *one)))
    if isinstance(one, tuple):
        if EVERYTHING in other:
            return one
        return other if EVERYTHING in one else tuple(value for value in one if value in other)
    return min(one, other, key=_GENEROSITY.get(key))


def _unlimited_if_zero(value: float) -> float:
    return value or float("inf")


_GENEROSITY: Mapping[str, Callable[[Any], float]] = {
    "cooldown_seconds": lambda seconds: -seconds,
    "daily_seconds": _unlimited_if_zero,
    "keep_shared_days": _unlimited_if_zero,
    "keep_unshared_days": _unlimited_if_zero,
    "nsfw": lambda rule: -_STRICTNESS.index(rule),
}
"""How generous a value is, for keys where that is not simply the value."""
