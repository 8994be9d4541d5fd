"""Who the bot is and where it is: gateway, application, users, servers, channels."""

from __future__ import annotations

from playground import errors
from playground.rest.call import Answer, Call
from playground.rest.router import Route
from playground.world import wire
from playground.world.model import Channel
from playground.world.permissions import Permission


def readable_channel(call: Call) -> Channel:
    """Return the channel in the path.

    Raises:
        ApiError: 10003 unknown, 50001 the bot may not see it.
    """
    world = call.backend.world
    channel = world.channel(call.params["channel_id"])
    if Permission.VIEW_CHANNEL not in world.permissions(channel, world.bot):
        raise errors.missing_access()
    return channel


def _gateway(call: Call) -> Answer:
    return Answer(200, {"url": call.backend.gateway_url})


def _gateway_for_bots(call: Call) -> Answer:
    limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    return Answer(200, {"url": call.backend.gateway_url, "shards": 1, "session_start_limit": limit})


def _application(call: Call) -> Answer:
    return Answer(200, wire.application(call.backend.world))


def _current_user(call: Call) -> Answer:
    return Answer(200, wire.current_user(call.backend.world.bot))


def _user(call: Call) -> Answer:
    return Answer(200, wire.user(call.backend.world.user(call.params["user_id"])))


def _own_guilds(call: Call) -> Answer:
    world = call.backend.world
    return Answer(200, [wire.own_guild(guild, world) for guild in world.guilds.values()])


def _guild(call: Call) -> Answer:
    return Answer(200, wire.guild(call.backend.world.guild(call.params["guild_id"])))


def _guild_channels(call: Call) -> Answer:
    guild = call.backend.world.guild(call.params["guild_id"])
    return Answer(200, [wire.channel(one) for one in guild.channels.values() if one.thread is None])


def _guild_member(call: Call) -> Answer:
    guild = call.backend.world.guild(call.params["guild_id"])
    member = guild.members.get(call.params["user_id"])
    if member is None:
        raise errors.unknown_member()
    return Answer(200, wire.member(member))


def _channel(call: Call) -> Answer:
    return Answer(200, wire.channel(readable_channel(call)))


def _open_direct_messages(call: Call) -> Answer:
    """Opening always succeeds; whether they take a message shows when one is posted."""
    world = call.backend.world
    return Answer(200, wire.channel(world.direct_channel(world.user(str(call.table.get("recipient_id"))))))


ROUTES = (
    Route("GET", "/gateway", _gateway),
    Route("GET", "/gateway/bot", _gateway_for_bots),
    Route("GET", "/applications/@me", _application),
    Route("GET", "/oauth2/applications/@me", _application),
    Route("GET", "/users/@me", _current_user),
    Route("GET", "/users/@me/guilds", _own_guilds),
    Route("POST", "/users/@me/channels", _open_direct_messages),
    Route("GET", "/users/{user_id}", _user),
    Route("GET", "/guilds/{guild_id}", _guild),
    Route("GET", "/guilds/{guild_id}/channels", _guild_channels),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", _guild_member),
    Route("GET", "/channels/{channel_id}", _channel),
)
