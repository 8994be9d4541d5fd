"""The things of the world as records. Their JSON is made in `wire`, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from playground.errors import Json
from playground.world.permissions import Overwrite, Permission

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15

TEXT_CHANNEL = 0
DIRECT_MESSAGES = 1
PUBLIC_THREAD = 11

SPOILER_PREFIX = "SPOILER_"

DEFAULT_MESSAGE = 0
REPLY = 19
COMMAND_RESPONSE = 20

TIER_UPLOAD_LIMITS = {0: 10_485_760, 1: 10_485_760, 2: 52_428_800, 3: 104_857_600}


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person, or the bot. `takes_direct_messages` says whether others may write to them in private."""

    id: str
    name: str
    display_name: str | None
    bot: bool = False
    locale: str = "en-US"
    upload_limit: int = 0
    takes_direct_messages: bool = True

    @property
    def shown(self) -> str:
        """The name others read."""
        return self.display_name or self.name


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role of one server; `bot_id` marks the role that came with an application."""

    id: str
    name: str
    permissions: Permission
    position: int
    bot_id: str | None = None


class GuildMember(msgspec.Struct, frozen=True):
    """A user in one server, with the ids of the roles held."""

    user: User
    roles: tuple[str, ...] = ()


class ThreadState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a thread is closed, and to whom."""

    archived: bool = False
    locked: bool = False


@dataclass(kw_only=True)
class Channel:
    """A text channel, a thread below one (`parent_id`, `thread`), or where the bot and one person write in private.

    The last has a `recipient` and belongs to no server.
    """

    id: str
    guild_id: str | None
    name: str
    position: int
    overwrites: tuple[Overwrite, ...] = ()
    parent_id: str | None = None
    thread: ThreadState | None = None
    recipient: User | None = None
    age_restricted: bool = False
    last_message_id: str | None = None


@dataclass(kw_only=True)
class Guild:
    """A server. The role whose id is the server's own is @everyone."""

    id: str
    name: str
    owner_id: str
    locale: str
    premium_tier: int
    own_upload_limit: int | None
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, GuildMember] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    @property
    def upload_limit(self) -> int:
        """Bytes a file may have in this server."""
        if self.own_upload_limit is not None:
            return self.own_upload_limit
        return TIER_UPLOAD_LIMITS[self.premium_tier]


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file on the CDN, its bytes included. Width and height are known for pictures only."""

    id: str
    filename: str
    url: str
    data: bytes
    content_type: str
    description: str | None = None
    width: int | None = None
    height: int | None = None
    ephemeral: bool = False

    @property
    def spoiler(self) -> bool:
        """Whether it is covered until a member asks to see it: Discord goes by the name alone."""
        return self.filename.startswith(SPOILER_PREFIX)


class Mentions(msgspec.Struct, frozen=True, kw_only=True):
    """Who a message notifies."""

    users: tuple[User, ...] = ()
    roles: tuple[str, ...] = ()
    everyone: bool = False

    def __bool__(self) -> bool:
        return bool(self.users or self.roles or self.everyone)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a message. An edit makes a new version with the same id.

    Attributes:
        embeds, components: in their answered form, as JSON.
        attachments: every file it holds, those shown inside an embed included.
        visible_to: id of the only person who sees it (ephemeral), None for everybody.
        interaction_id, interaction: which interaction it came from, and Discord's metadata about that.
        reference_id: id of the message in the same channel that it replies to.
        nonce: what its author marked it with, to know it again.
    """

    id: str
    channel_id: str
    guild_id: str | None
    author: User
    created_at: datetime
    type: int = DEFAULT_MESSAGE
    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0
    edited_at: datetime | None = None
    mentions: Mentions = Mentions()
    visible_to: str | None = None
    interaction_id: str | None = None
    interaction: Json | None = None
    reference_id: str | None = None
    nonce: str | int | None = None

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it still says that the application is thinking."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """Everything a member reads in it: content, embeds and text components, a part a line."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title", ""), embed.get("description", "")]
            for entry in embed.get("fields", ()):
                parts += [entry["name"], entry["value"]]
            parts.append(embed.get("footer", {}).get("text", ""))
        parts += [part["content"] for part in walk(self.components) if "content" in part]
        return "\n".join(part for part in parts if part)

    @property
    def gif(self) -> Attachment | None:
        """The first attachment that is a GIF."""
        return next((one for one in self.attachments if one.filename.lower().endswith(".gif")), None)

    @property
    def picture(self) -> Attachment | None:
        """The first attachment that is a picture of any kind."""
        return next((one for one in self.attachments if one.width is not None), None)

    @property
    def controls(self) -> tuple[Json, ...]:
        """Buttons and selects, in the order shown."""
        return tuple(part for part in walk(self.components) if "custom_id" in part or "url" in part)

    def control(self, label_or_custom_id: str) -> Json | None:
        """Return the button or select with that label, placeholder or custom_id."""
        for part in self.controls:
            if label_or_custom_id in (part.get("label"), part.get("placeholder"), part.get("custom_id")):
                return part
        return None


def walk(components: tuple[Json, ...] | list[Json]) -> Iterator[Json]:
    """Yield every component, outer before inner, in the order shown."""
    for component in components:
        yield component
        yield from walk(component.get("components") or ())
        for inner in ("accessory", "component"):
            if component.get(inner):
                yield from walk([component[inner]])
