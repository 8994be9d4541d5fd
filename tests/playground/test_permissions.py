"""Who may: tokens, channels, threads."""

from __future__ import annotations

from typing import Any

import pytest

from playground.client.handle import InteractionHandle
from playground.errors import ClientRefused
from playground.member import Member
from playground.server import Playground
from playground.world.model import ThreadState
from playground.world.permissions import EVERYONE, Identity, Overwrite, Permission, in_channel
from playground.world.settings import UNLIMITED, GuildSettings, MemberSettings, PlaygroundSettings
from tests.playground.rest import Rest

MESSAGE = 4
CLOSED = ThreadState(archived=True, locked=True)


@pytest.mark.parametrize("authorization", [None, "Bot wrong", "Bearer x"])
async def test_without_the_bots_token(rest: Rest, channel_path: str, authorization: str | None) -> None:
    rest.authorization = authorization
    reply = await rest.call("POST", channel_path, {"content": "x"})
    assert (reply.status, reply.body["message"]) == (401, "401: Unauthorized")


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/channels/1", (404, 10003)),
        ("/channels/1/messages", (404, 10003)),
        ("/guilds/1", (404, 10004)),
        ("/users/1", (404, 10013)),
        ("/nowhere", (404, 0)),
    ],
)
async def test_what_is_not_there(rest: Rest, path: str, refusal: tuple[int, int]) -> None:
    assert (await rest.call("GET", path)).refusal == refusal


async def test_a_method_that_a_route_does_not_have(rest: Rest, channel_path: str) -> None:
    assert (await rest.call("PUT", channel_path, {})).status == 405


async def test_another_version(playground: Playground, rest: Rest) -> None:
    assert (await rest.call("GET", "/../v9/gateway")).refusal == (400, 50041)


@pytest.mark.parametrize(
    ("denied", "body", "files", "refusal"),
    [
        (Permission.VIEW_CHANNEL, {"content": "x"}, None, (403, 50001)),
        (Permission.SEND_MESSAGES, {"content": "x"}, None, (403, 50013)),
        (Permission.ATTACH_FILES, {}, {"files[0]": ("a.txt", b"x")}, (403, 50013)),
        (Permission.EMBED_LINKS, {"embeds": [{"title": "x"}]}, None, (403, 50013)),
    ],
)
async def test_what_the_channel_denies(
    playground: Playground,
    rest: Rest,
    channel_path: str,
    denied: Permission,
    body: dict[str, Any],
    files: dict[str, tuple[str, bytes]] | None,
    refusal: tuple[int, int],
) -> None:
    playground.deny_bot(playground.channel("general"), denied)
    assert (await rest.call("POST", channel_path, body, files)).refusal == refusal


async def test_interactions_are_answered_all_the_same(
    playground: Playground, rest: Rest, ping: InteractionHandle
) -> None:
    playground.deny_bot(playground.channel("general"), Permission.VIEW_CHANNEL)
    assert (await rest.answer(ping, MESSAGE, {}, {"files[0]": ("a.txt", b"x")})).status == 200


async def test_a_member_without_the_permission_uses_no_commands(
    playground: Playground, rest: Rest, bruno: Member
) -> None:
    playground.world.deny(bruno.channel, bruno.user, Permission.USE_APPLICATION_COMMANDS)
    with pytest.raises(ClientRefused):
        await bruno.slash("/ping")


class TestThreads:
    @pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
    async def test_a_closed_one(self, playground: Playground, rest: Rest, method: str) -> None:
        thread = playground.open_thread(playground.channel("general"), "old")
        path = f"/channels/{thread.id}/messages"
        posted = await rest.call("POST", path, {"content": "x"})
        thread.thread = CLOSED
        path = path if method == "POST" else f"{path}/{posted.body['id']}"
        body = None if method == "DELETE" else {"content": "y"}
        assert (await rest.call(method, path, body)).refusal == (400, 50083)

    async def test_an_archived_one_that_is_not_locked_opens_by_itself(self, playground: Playground, rest: Rest) -> None:
        thread = playground.open_thread(playground.channel("general"), "old", ThreadState(archived=True))
        reply = await rest.call("POST", f"/channels/{thread.id}/messages", {"content": "x"})
        assert reply.status == 200

    async def test_it_has_a_permission_of_its_own(self, playground: Playground, rest: Rest) -> None:
        general = playground.channel("general")
        thread = playground.open_thread(general, "talk")
        playground.deny_bot(general, Permission.SEND_MESSAGES_IN_THREADS)
        reply = await rest.call("POST", f"/channels/{thread.id}/messages", {"content": "x"})
        assert reply.refusal == (403, 50013)

    async def test_it_is_a_channel_of_its_kind(self, playground: Playground, rest: Rest) -> None:
        thread = playground.open_thread(playground.channel("general"), "talk")
        reply = await rest.call("GET", f"/channels/{thread.id}")
        assert reply.body["thread_metadata"]["archived"] is False


class TestOverwrites:
    IDENTITY = Identity(member="1", everyone="2", roles=frozenset({"3"}))

    def may(self, *overwrites: Overwrite) -> bool:
        return Permission.SEND_MESSAGES in in_channel(EVERYONE, overwrites, self.IDENTITY)

    def test_a_role_overrides_everyone_and_the_member_overrides_roles(self) -> None:
        send = Permission.SEND_MESSAGES
        assert self.may()
        assert not self.may(Overwrite("2", 0, deny=send))
        assert self.may(Overwrite("2", 0, deny=send), Overwrite("3", 0, allow=send))
        assert not self.may(Overwrite("3", 0, allow=send), Overwrite("1", 1, deny=send))

    def test_who_sees_nothing_does_nothing(self) -> None:
        assert not self.may(Overwrite("1", 1, deny=Permission.VIEW_CHANNEL))

    def test_an_administrator_is_not_held_back(self) -> None:
        nothing = Overwrite("1", 1, deny=Permission.VIEW_CHANNEL)
        granted = in_channel(Permission.ADMINISTRATOR, [nothing], self.IDENTITY)
        assert Permission.SEND_MESSAGES in granted


class TestSettings:
    @pytest.fixture
    def settings(self) -> PlaygroundSettings:
        members = (MemberSettings(name="Ada"), MemberSettings(name="Carla", roles=("patron",)))
        guilds = (GuildSettings(name="One"), GuildSettings(name="Two", locale="it", channels=("sala",)))
        return PlaygroundSettings(rate_limits=UNLIMITED, guilds=guilds, members=members)

    async def test_roles_are_held_in_every_server(self, playground: Playground, rest: Rest) -> None:
        carla = playground.member("Carla").user
        for guild in playground.world.guilds.values():
            member = await rest.call("GET", f"/guilds/{guild.id}/members/{carla.id}")
            roles = (await rest.call("GET", f"/guilds/{guild.id}")).body["roles"]
            assert [role["name"] for role in roles if role["id"] in member.body["roles"]] == ["patron"]

    async def test_the_bot_is_in_every_server(self, playground: Playground, rest: Rest) -> None:
        guilds = (await rest.call("GET", "/users/@me/guilds")).body
        assert [guild["name"] for guild in guilds] == ["One", "Two"]
        two = playground.guild("Two")
        channels = (await rest.call("GET", f"/guilds/{two.id}/channels")).body
        assert [channel["name"] for channel in channels] == ["sala"]
        assert (await rest.call("GET", f"/guilds/{two.id}")).body["preferred_locale"] == "it"

    async def test_the_bot_knows_itself(self, playground: Playground, rest: Rest) -> None:
        for path in ("/users/@me", "/applications/@me", "/oauth2/applications/@me"):
            assert (await rest.call("GET", path)).body["id"] == playground.world.application_id
        gateway = (await rest.call("GET", "/gateway/bot")).body["url"]
        assert gateway == (await rest.call("GET", "/gateway")).body["url"]
