"""The world: who and what exists right now."""

from __future__ import annotations

import base64
import secrets
from collections import deque
from collections.abc import Iterable

from playground import errors
from playground.errors import Json
from playground.world.model import (
    TIER_UPLOAD_LIMITS,
    Channel,
    Guild,
    GuildMember,
    Message,
    Role,
    ThreadState,
    User,
)
from playground.world.news import MessageCreated, MessageDeleted, MessageUpdated, Newsroom, PresenceChanged
from playground.world.permissions import (
    DIRECT,
    EVERYONE,
    EVERYTHING,
    NOTHING,
    Identity,
    Overwrite,
    Permission,
    in_channel,
    suffices,
)
from playground.world.settings import GuildSettings, MemberSettings, PlaygroundSettings
from playground.world.snowflake import Snowflakes

_HISTORY = 20_000
_DIRECT_CONTEXT = 1


class World:
    """Servers, people, messages and commands, and the only place that changes them.

    Attributes:
        messages: the newest version of each, by id.
        history: versions of messages in the order they appeared, the newest few thousand.
        activity: what the bot says it is doing; empty when it says nothing.
    """

    def __init__(self, settings: PlaygroundSettings) -> None:
        self.ids = Snowflakes()
        self.news = Newsroom()
        self.bot = User(id=self.ids.new(), name=settings.bot_name, display_name=None, bot=True)
        self.token = settings.token or _invented_token(self.bot.id)
        self.people = tuple(self._person(member) for member in settings.members)
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, Message] = {}
        self.history: deque[Message] = deque(maxlen=_HISTORY)
        self.commands: dict[str | None, list[Json]] = {None: []}
        self.activity = ""
        for guild in settings.guilds:
            self._found(guild, settings.members)
        for person in self.people:
            private = Channel(id=self.ids.new(), guild_id=None, name=person.shown, position=0, recipient=person)
            self.channels[private.id] = private

    @property
    def application_id(self) -> str:
        """Discord gives an application and its bot user the same id."""
        return self.bot.id

    # Who and where

    def user(self, user_id: str) -> User:
        """Return a user, the bot included.

        Raises:
            ApiError: 10013.
        """
        for user in (self.bot, *self.people):
            if user.id == user_id:
                return user
        raise errors.unknown_user()

    def guild(self, guild_id: str) -> Guild:
        """Return a server.

        Raises:
            ApiError: 10004.
        """
        if guild_id not in self.guilds:
            raise errors.unknown_guild()
        return self.guilds[guild_id]

    def guild_of(self, channel: Channel) -> Guild | None:
        """Return the server that a channel belongs to; None for direct messages."""
        return None if channel.guild_id is None else self.guilds[channel.guild_id]

    def membership(self, channel: Channel, user: User) -> GuildMember:
        """Return `user` as a member of the channel's server; in direct messages nobody has roles.

        Raises:
            ApiError: 10007, they are not in that server.
        """
        guild = self.guild_of(channel)
        if guild is None:
            return GuildMember(user)
        if user.id not in guild.members:
            raise errors.unknown_member()
        return guild.members[user.id]

    def direct_channel(self, user: User) -> Channel:
        """Return where the bot and `user` write to each other in private.

        Raises:
            ApiError: 50007, the bot cannot write to itself.
        """
        for channel in self.channels.values():
            if channel.recipient == user:
                return channel
        raise errors.no_direct_messages()

    def is_reachable(self, user: User) -> bool:
        """Whether the bot may write to `user` in private: they let it, and are in a server with it."""
        return user.takes_direct_messages and any(user.id in guild.members for guild in self.guilds.values())

    def upload_limit(self, channel: Channel) -> int:
        """Return the bytes a file may have in `channel`."""
        guild = self.guild_of(channel)
        return TIER_UPLOAD_LIMITS[0] if guild is None else guild.upload_limit

    def channel(self, channel_id: str) -> Channel:
        """Return a channel or thread.

        Raises:
            ApiError: 10003.
        """
        if channel_id not in self.channels:
            raise errors.unknown_channel()
        return self.channels[channel_id]

    def message(self, channel_id: str, message_id: str) -> Message:
        """Return the newest version of a message.

        Raises:
            ApiError: 10008, also where the message stands in another channel.
        """
        message = self.messages.get(message_id)
        if message is None or message.channel_id != channel_id:
            raise errors.unknown_message()
        return message

    def open_thread(self, parent: Channel, name: str, state: ThreadState) -> Channel:
        """Add a thread below `parent`."""
        guild = self.guild_of(parent)
        assert guild is not None  # there are no threads in direct messages
        thread = Channel(id=self.ids.new(), guild_id=guild.id, name=name, position=0, parent_id=parent.id, thread=state)
        guild.channels[thread.id] = self.channels[thread.id] = thread
        return thread

    # Permissions

    def base_permissions(self, guild: Guild, user: User) -> Permission:
        """Return what `user` may do in `guild` where a channel says nothing else."""
        if user.id == guild.owner_id:
            return EVERYTHING
        base = guild.roles[guild.id].permissions
        for role in guild.members[user.id].roles:
            base |= guild.roles[role].permissions
        return base

    def permissions(self, channel: Channel, user: User) -> Permission:
        """Return what `user` may do in `channel`, which is nothing for who is not there; a thread takes its parent's
        overwrites."""
        guild = self.guild_of(channel)
        if guild is None:
            return DIRECT if user in (self.bot, channel.recipient) else NOTHING
        if user.id not in guild.members:
            return NOTHING
        base = self.base_permissions(guild, user)
        if user.id == guild.owner_id:
            return base
        place = self.channels[channel.parent_id] if channel.parent_id else channel
        roles = frozenset(guild.members[user.id].roles)
        identity = Identity(member=user.id, everyone=guild.id, roles=roles)
        return in_channel(base, place.overwrites, identity)

    def deny(self, channel: Channel, user: User, permission: Permission) -> None:
        """Take `permission` away from `user` in `channel`."""
        self._overwrite(channel, Overwrite(user.id, 1, deny=permission))

    def allow(self, channel: Channel, user: User) -> None:
        """Take back every denial of `user` in `channel`."""
        self._overwrite(channel, Overwrite(user.id, 1))

    def _overwrite(self, channel: Channel, overwrite: Overwrite) -> None:
        others = tuple(one for one in channel.overwrites if one.id != overwrite.id)
        empty = overwrite.allow == overwrite.deny == NOTHING
        channel.overwrites = others if empty else (*others, overwrite)

    # Messages

    def post(self, message: Message) -> Message:
        """Add a new message and tell everybody."""
        self._keep(message)
        self.channels[message.channel_id].last_message_id = message.id
        self.news.publish(MessageCreated(message))
        return message

    def replace(self, message: Message) -> Message:
        """Put a new version in place of the message with the same id and tell everybody."""
        self._keep(message)
        self.news.publish(MessageUpdated(message))
        return message

    def _keep(self, message: Message) -> None:
        self.messages[message.id] = message
        self.history.append(message)

    def remove(self, message: Message) -> None:
        """Delete a message and tell everybody."""
        del self.messages[message.id]
        self.news.publish(MessageDeleted(message))

    def visible_messages(self, channel_id: str, user_id: str) -> tuple[Message, ...]:
        """Return the channel's messages that `user_id` sees, oldest first."""
        return tuple(
            message
            for message in self.messages.values()
            if message.channel_id == channel_id and message.visible_to in (None, user_id)
        )

    # The bot

    def show_activity(self, activity: str) -> None:
        """Note what the bot says it is doing, and tell everybody."""
        self.activity = activity
        self.news.publish(PresenceChanged(activity))

    def commands_for(self, channel: Channel, user: User) -> list[Json]:
        """Return the commands that `user` sees in `channel`: those that are offered there and permitted to them."""
        if channel.guild_id is None:
            return [one for one in self.commands[None] if _is_for_direct_messages(one)]
        granted = self.permissions(channel, user)
        place = self.channels[channel.parent_id] if channel.parent_id else channel
        return [
            one
            for one in self.commands_in(channel.guild_id)
            if suffices(granted, one["default_member_permissions"]) and (place.age_restricted or not one["nsfw"])
        ]

    def commands_in(self, guild_id: str) -> Iterable[Json]:
        """Return the commands there are in a server: its own, then the global ones they do not replace."""
        own = self.commands.get(guild_id, [])
        names = {(command["type"], command["name"]) for command in own}
        everywhere = [one for one in self.commands[None] if one["contexts"] is None or 0 in one["contexts"]]
        return [*own, *(one for one in everywhere if (one["type"], one["name"]) not in names)]

    # Founding

    def _person(self, member: MemberSettings) -> User:
        return User(
            id=self.ids.new(),
            name=member.name.lower().replace(" ", "."),
            display_name=member.name,
            locale=member.locale,
            upload_limit=member.upload_limit,
            takes_direct_messages=member.takes_direct_messages,
        )

    def _found(self, settings: GuildSettings, members: Iterable[MemberSettings]) -> None:
        here = [(person, one) for person, one in zip(self.people, members, strict=True) if one.is_in(settings.name)]
        if not here:
            raise ValueError(f"The server {settings.name} has no member, so nobody owns it.")
        guild = Guild(
            id=self.ids.new(),
            name=settings.name,
            owner_id=here[0][0].id,
            locale=settings.locale,
            premium_tier=settings.premium_tier,
            own_upload_limit=settings.upload_limit,
        )
        self.guilds[guild.id] = guild
        guild.roles[guild.id] = Role(id=guild.id, name="@everyone", permissions=EVERYONE, position=0)
        self._add_bot(guild)
        for role in settings.roles:
            self._add_role(guild, role.name, role.permissions)
        for person, member in here:
            names = (*member.roles, *member.roles_in.get(settings.name, ()))
            roles = tuple(self._role_named(guild, name).id for name in names)
            guild.members[person.id] = GuildMember(person, roles)
        for position, name in enumerate(settings.channels):
            restricted = name in settings.age_restricted
            channel = Channel(
                id=self.ids.new(), guild_id=guild.id, name=name, position=position, age_restricted=restricted
            )
            guild.channels[channel.id] = self.channels[channel.id] = channel

    def _add_bot(self, guild: Guild) -> None:
        granted = EVERYONE | Permission.MANAGE_MESSAGES | Permission.MENTION_EVERYONE
        role = Role(id=self.ids.new(), name=self.bot.name, permissions=granted, position=1, bot_id=self.bot.id)
        guild.roles[role.id] = role
        guild.members[self.bot.id] = GuildMember(self.bot, (role.id,))

    def _role_named(self, guild: Guild, name: str) -> Role:
        for role in guild.roles.values():
            if role.name == name:
                return role
        return self._add_role(guild, name, NOTHING)

    def _add_role(self, guild: Guild, name: str, permissions: Permission) -> Role:
        role = Role(id=self.ids.new(), name=name, permissions=permissions, position=len(guild.roles))
        guild.roles[role.id] = role
        return role


def _is_for_direct_messages(command: Json) -> bool:
    """Whether a global command is offered in private: by its contexts, or by the older switch where it has none."""
    contexts = command["contexts"]
    return command["dm_permission"] if contexts is None else _DIRECT_CONTEXT in contexts


def _invented_token(bot_id: str) -> str:
    """Return a token of the real one's three parts: the bot's id in base64, then two of random characters."""
    first = base64.b64encode(bot_id.encode()).decode().rstrip("=")
    return f"{first}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
