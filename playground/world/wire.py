"""The JSON of things, as REST and the gateway send it."""

from __future__ import annotations

from playground.errors import Json
from playground.plain import without_nulls
from playground.world.model import (
    DIRECT_MESSAGES,
    PUBLIC_THREAD,
    REPLY,
    TEXT_CHANNEL,
    Attachment,
    Channel,
    Guild,
    GuildMember,
    Message,
    Role,
    ThreadState,
    User,
)
from playground.world.permissions import Overwrite
from playground.world.snowflake import timestamp
from playground.world.world import World

_LONG_AGO = "2024-01-01T00:00:00+00:00"


def user(one: User) -> Json:
    return {
        "id": one.id,
        "username": one.name,
        "global_name": one.display_name,
        "discriminator": "0",
        "avatar": None,
        "bot": one.bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def current_user(one: User) -> Json:
    """The bot as it sees itself."""
    return {**user(one), "mfa_enabled": False, "locale": one.locale, "verified": True, "email": None}


def member(one: GuildMember) -> Json:
    return {
        "user": user(one.user),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": list(one.roles),
        "joined_at": _LONG_AGO,
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def role(one: Role) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "permissions": str(int(one.permissions)),
        "position": one.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "managed": one.bot_id is not None,
        "mentionable": False,
        "flags": 0,
        **({"tags": {"bot_id": one.bot_id}} if one.bot_id else {}),
    }


def channel(one: Channel) -> Json:
    """A text channel, a thread or a private channel."""
    if one.recipient is not None:
        return {
            "id": one.id,
            "type": DIRECT_MESSAGES,
            "last_message_id": one.last_message_id,
            "flags": 0,
            "recipients": [user(one.recipient)],
        }
    common: Json = {
        "id": one.id,
        "guild_id": one.guild_id,
        "name": one.name,
        "parent_id": one.parent_id,
        "last_message_id": one.last_message_id,
        "rate_limit_per_user": 0,
        "flags": 0,
    }
    if one.thread is not None:
        assert one.guild_id is not None
        return common | _thread(one.thread, owner_id=one.guild_id)
    return common | {
        "type": TEXT_CHANNEL,
        "position": one.position,
        "permission_overwrites": [_overwrite(overwrite) for overwrite in one.overwrites],
        "nsfw": one.age_restricted,
        "topic": None,
    }


def _thread(state: ThreadState, owner_id: str) -> Json:
    return {
        "type": PUBLIC_THREAD,
        "owner_id": owner_id,
        "thread_metadata": {
            "archived": state.archived,
            "locked": state.locked,
            "auto_archive_duration": 1440,
            "archive_timestamp": _LONG_AGO,
            "create_timestamp": _LONG_AGO,
        },
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
    }


def _overwrite(one: Overwrite) -> Json:
    return {
        "id": one.id,
        "type": one.type,
        "allow": str(int(one.allow)),
        "deny": str(int(one.deny)),
    }


def _guild_base(one: Guild) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "icon": None,
        "description": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "features": [],
        "owner_id": one.owner_id,
        "application_id": None,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "verification_level": 0,
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_members": 250_000,
        "vanity_url_code": None,
        "premium_tier": one.premium_tier,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": one.locale,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "nsfw_level": 0,
        "roles": [role(each) for each in one.roles.values()],
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild(one: Guild) -> Json:
    """A server as REST answers it."""
    return _guild_base(one) | {
        "home_header": None,
        "region": "us-east",
        "widget_enabled": False,
        "widget_channel_id": None,
        "max_presences": None,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "nsfw": False,
    }


def guild_create(one: Guild, bot: User) -> Json:
    """A server as the gateway announces it; like Discord, it lists the bot and nobody else as a member."""
    channels = [each for each in one.channels.values() if each.thread is None]
    threads = [each for each in one.channels.values() if each.thread and not each.thread.archived]
    return _guild_base(one) | {
        "joined_at": _LONG_AGO,
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "members": [member(one.members[bot.id])],
        "channels": [channel(each) for each in channels],
        "threads": [channel(each) for each in threads],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "hub_type": None,
    }


def own_guild(one: Guild, world: World) -> Json:
    """A server in the list of those the bot is in."""
    return {
        "id": one.id,
        "name": one.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(int(world.base_permissions(one, world.bot))),
        "features": [],
    }


def application(world: World) -> Json:
    return {
        "id": world.application_id,
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(world.people[0]),
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "rpc_origins": [],
        "eligible_oauth2_scopes": [],
    }


def attachment(one: Attachment) -> Json:
    answer: Json = without_nulls(
        {
            "id": one.id,
            "filename": one.filename,
            "size": len(one.data),
            "url": one.url,
            "proxy_url": one.url,
            "content_type": one.content_type,
            "width": one.width,
            "height": one.height,
            "description": one.description,
            "ephemeral": one.ephemeral or None,
        }
    )
    return answer


def message(one: Message, world: World) -> Json:
    """A message as REST answers it. A file shown inside an embed is left out of the list, as Discord does."""
    embedded = {embed[place]["url"] for embed in one.embeds for place in ("image", "thumbnail") if place in embed}
    answer: Json = {
        "id": one.id,
        "type": one.type,
        "channel_id": one.channel_id,
        "author": user(one.author),
        "content": one.content,
        "embeds": list(one.embeds),
        "components": list(one.components),
        "attachments": [attachment(each) for each in one.attachments if each.url not in embedded],
        "flags": one.flags,
        "timestamp": timestamp(one.created_at),
        "edited_timestamp": timestamp(one.edited_at) if one.edited_at else None,
        "mentions": [user(each) for each in one.mentions.users],
        "mention_roles": list(one.mentions.roles),
        "mention_everyone": one.mentions.everyone,
        "pinned": False,
        "tts": False,
    }
    if one.interaction is not None:
        answer |= {
            "application_id": world.application_id,
            "webhook_id": world.application_id,
            "interaction_metadata": one.interaction,
        }
    if one.nonce is not None:
        answer["nonce"] = one.nonce
    if one.reference_id is not None:
        answer["message_reference"] = {
            "type": 0,
            "channel_id": one.channel_id,
            "message_id": one.reference_id,
            **_whereabouts(one),
        }
        if one.type == REPLY:
            answer["referenced_message"] = _referenced(one.reference_id, world)
    return answer


def _referenced(message_id: str, world: World) -> Json | None:
    """The message replied to, without the one that it replies to in turn; None once deleted."""
    found = world.messages.get(message_id)
    if found is None:
        return None
    return {key: value for key, value in message(found, world).items() if key != "referenced_message"}


def _whereabouts(one: Message) -> Json:
    """The server a message is in; nothing for a direct message."""
    return {} if one.guild_id is None else {"guild_id": one.guild_id}


def message_event(one: Message, world: World) -> Json:
    """A message as the gateway sends it: with its server and its author's membership, where it is in a server."""
    channel = world.channels[one.channel_id]
    if channel.guild_id is None:
        return message(one, world)
    author = world.membership(channel, one.author)
    membership = {key: value for key, value in member(author).items() if key != "user"}
    return message(one, world) | {"guild_id": one.guild_id, "member": membership}
