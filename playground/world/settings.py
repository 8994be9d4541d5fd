"""What a playground is like: its servers, its members, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from playground.world.permissions import NOTHING, Permission

MIB = 1024 * 1024
PrivilegedIntent = Literal["members", "presences", "message_content"]
Seconds = Annotated[float, Meta(gt=0)]


class Bucket(msgspec.Struct, frozen=True):
    """At most `limit` requests within `seconds`."""

    limit: int
    seconds: float


class RateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Buckets by kind of route. Discord's own numbers move; these are the ones bots commonly meet."""

    messages: Bucket = Bucket(5, 5.0)
    edits: Bucket = Bucket(5, 5.0)
    webhooks: Bucket = Bucket(5, 2.0)
    others: Bucket = Bucket(50, 1.0)
    everything: Bucket = Bucket(50, 1.0)


_PLENTY = Bucket(1_000_000, 1.0)
UNLIMITED = RateLimits(messages=_PLENTY, edits=_PLENTY, webhooks=_PLENTY, others=_PLENTY, everything=_PLENTY)


class RoleSettings(msgspec.Struct, frozen=True):
    """A role of a server, and what it permits besides what @everyone may."""

    name: str
    permissions: Permission = NOTHING


class GuildSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One server. The first of its members owns it, and may do everything there.

    Attributes:
        name: shown to members.
        channels: names of its text channels; the first is where members land.
        age_restricted: which of these are age-restricted.
        roles: those that permit something; roles that members hold need not be listed here.
        locale: the server's preferred locale, which interactions carry as `guild_locale`.
        premium_tier: boost level 0 to 3; it decides the upload limit as discord.py computes it.
        upload_limit: bytes a file may have here, whatever the boost level says; None keeps the level's own.
    """

    name: str = "Playground"
    channels: tuple[str, ...] = ("general", "animations")
    age_restricted: tuple[str, ...] = ()
    roles: tuple[RoleSettings, ...] = ()
    locale: str = "en-US"
    premium_tier: Literal[0, 1, 2, 3] = 0
    upload_limit: int | None = None


class MemberSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One person.

    Attributes:
        name: display name; the user name is its lower case.
        locale: the language of their client.
        upload_limit: bytes their own subscription lets them upload; an interaction states the larger of this and
            the server's limit.
        guilds: names of the servers they are in; None for every server.
        roles: names of roles they hold in each of these.
        roles_in: names of roles they hold besides, by the name of the server.
        takes_direct_messages: whether the bot may write to them in private.
    """

    name: str
    locale: str = "en-US"
    upload_limit: int = 0
    guilds: tuple[str, ...] | None = None
    roles: tuple[str, ...] = ()
    roles_in: Mapping[str, tuple[str, ...]] = {}
    takes_direct_messages: bool = True

    def is_in(self, guild: str) -> bool:
        """Whether they are a member of the server of that name."""
        return self.guilds is None or guild in self.guilds


class PlaygroundSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A whole playground.

    Attributes:
        port: on loopback; 0 takes a free one.
        token: the bot's token; None invents one.
        bot_name: name of the application and of its bot user.
        guilds, members: who is there; the first member owns the application.
        ack_seconds: how long an interaction waits for its first answer.
        token_seconds: how long an interaction's token lives.
        nonce_seconds: for how long no second message of one nonce is made; 0 makes every one.
        request_limit: bytes of all files of one request together (a larger file limit raises it).
        rate_limits: buckets.
        privileged_intents: those switched on for the application.
        heartbeat_seconds: the interval that the gateway asks for.
        traffic_file: every REST exchange is appended here, one JSON object a line; None keeps them in memory only.
    """

    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    token: str | None = None
    bot_name: str = "Tappa"
    guilds: Annotated[tuple[GuildSettings, ...], Meta(min_length=1)] = (GuildSettings(),)
    members: Annotated[tuple[MemberSettings, ...], Meta(min_length=1)] = (
        MemberSettings(name="Ada"),
        MemberSettings(name="Bruno", locale="it"),
    )
    ack_seconds: Seconds = 3.0
    token_seconds: Seconds = 900.0
    nonce_seconds: Annotated[float, Meta(ge=0)] = 300.0  # "the past few minutes"
    request_limit: int = 25 * MIB
    rate_limits: RateLimits = RateLimits()
    privileged_intents: frozenset[PrivilegedIntent] = frozenset()
    heartbeat_seconds: Seconds = 41.25
    traffic_file: Path | None = None
