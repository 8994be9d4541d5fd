"""What a community needs: menus, groups, moderators, several servers, age-restricted channels, private messages."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from playground.client.handle import InteractionHandle
from playground.errors import ClientRefused
from playground.interaction import interaction_event
from playground.member import Member
from playground.posting.cdn import Upload
from playground.server import Playground
from playground.world.interaction import Kind
from playground.world.model import Message
from playground.world.permissions import Permission
from playground.world.settings import UNLIMITED, GuildSettings, MemberSettings, PlaygroundSettings, RoleSettings
from tests.playground.rest import Rest
from tests.playground.sample_bot import SampleBot
from tests.playground.test_discord_py import bot, pointed

__all__ = ["bot", "pointed"]

Json = dict[str, Any]
MESSAGE = 4


@pytest.fixture
def settings() -> PlaygroundSettings:
    """Ada owns the first server, Carla the second; Bruno moderates the first; Dino is in the second only."""
    return PlaygroundSettings(
        rate_limits=UNLIMITED,
        guilds=(
            GuildSettings(
                name="One",
                channels=("general", "night"),
                age_restricted=("night",),
                roles=(RoleSettings("moderator", Permission.MANAGE_MESSAGES), RoleSettings("chief")),
            ),
            GuildSettings(name="Two", locale="it", channels=("sala",)),
        ),
        members=(
            MemberSettings(name="Ada", guilds=("One",)),
            MemberSettings(name="Bruno", locale="it", guilds=("One",), roles=("moderator",)),
            MemberSettings(name="Carla", roles_in={"One": ("chief",)}, takes_direct_messages=False),
            MemberSettings(name="Dino", guilds=("Two",)),
        ),
    )


@pytest.fixture
def carla(playground: Playground) -> Member:
    return playground.member("Carla")


@pytest.fixture
def dino(playground: Playground) -> Member:
    return playground.member("Dino")


async def said(handle: InteractionHandle) -> str:
    return (await handle.response()).content


class TestMenus:
    async def test_of_a_message(self, bot: SampleBot, ada: Member, bruno: Member) -> None:
        message = bruno.say("a road by the sea")
        modal = await (await ada.context("Remix this", message)).modal()
        assert [(one.label, one.value, one.required) for one in modal.fields] == [
            ("Prompt", "a road by the sea", True),
            ("Negative prompt", "", False),
            ("Seed", "7", True),
        ]
        assert await said(await ada.submit(modal)) == "a road by the sea//7/Amber"
        modal = await (await ada.context("Remix this", message)).modal()
        changed = await ada.submit_values(modal, {"Seed": "8", "Style": ["Azure"], "Negative prompt": "fog"})
        assert await said(changed) == "a road by the sea/fog/8/Azure"
        with pytest.raises(ClientRefused, match="Prompt must be filled in"):
            await ada.submit_values(modal, {"Prompt": ""})

    async def test_of_a_person(self, bot: SampleBot, ada: Member, bruno: Member) -> None:
        assert await said(await ada.context("Who is this?", bruno.user)) == "Member Bruno"

    async def test_in_private_there_are_users_and_no_members(self, bot: SampleBot, ada: Member) -> None:
        handle = await ada.in_private.context("Who is this?", ada.user)
        assert await said(handle) == "User Ada"

    async def test_what_is_not_in_the_menu(self, bot: SampleBot, ada: Member, bruno: Member, dino: Member) -> None:
        message = bruno.say("a road")
        with pytest.raises(ClientRefused, match="it has: Who is this"):
            await ada.context("Remix this", bruno.user)
        with pytest.raises(ClientRefused, match="Dino is not here"):
            await ada.context("Who is this?", dino.user)
        with pytest.raises(ClientRefused, match="where you cannot look"):
            await dino.context("Remix this", message)
        bruno.delete(message)
        with pytest.raises(ClientRefused, match="not there any more"):
            await ada.context("Remix this", message)

    async def test_in_the_members_language(self, rest: Rest, bruno: Member, ada: Member) -> None:
        await rest.register({"type": 3, "name": "Remix this", "name_localizations": {"it": "Rielabora"}})
        message = ada.say("a road")
        handle = await bruno.context("Rielabora", message)
        assert handle.interaction.request.data["name"] == "Remix this"
        answer = await rest.answer(handle, MESSAGE, {"content": "x"})
        told = answer.body["resource"]["message"]["interaction_metadata"]
        assert told["target_message_id"] == message.id
        with pytest.raises(ClientRefused):
            await ada.context("Rielabora", message)

    @pytest.mark.parametrize(
        "bad", [{"description": "x"}, {"name": "x" * 33}, {"name_localizations": {"it": ""}}, {"options": [{}]}]
    )
    async def test_what_does_not_fit(self, rest: Rest, bad: Json) -> None:
        assert (await rest.register({"type": 3, "name": "Remix this", **bad})).refusal == (400, 50035)


async def test_a_command_in_a_group_and_its_suggestions(bot: SampleBot, bruno: Member) -> None:
    offered = await bruno.autocomplete("/preset shared remove name:cr")
    assert offered == [{"name": "crimson (it)", "value": "crimson"}]
    assert await said(await bruno.slash("/preset shared remove name:crimson")) == "removed crimson"


async def test_a_translated_name_must_be_a_name(rest: Rest) -> None:
    command = {"name": "preset", "description": "x", "name_localizations": {"it": "Preset mio"}}
    assert (await rest.register(command)).refusal == (400, 50035)


class TestWhoMay:
    async def test_a_command_for_moderators(self, bot: SampleBot, ada: Member, bruno: Member, carla: Member) -> None:
        assert await said(await bruno.slash("/purge")) == "emptied: True"
        assert await said(await ada.slash("/purge")) == "emptied: True"  # she owns the server
        assert "purge" not in [one["name"] for one in carla.commands]
        for use in (carla.slash("/purge"), carla.invoke("purge", {})):
            with pytest.raises(ClientRefused, match="no command /purge"):
                await use

    async def test_the_bot_is_told_what_the_member_may(self, rest: Rest, bruno: Member, carla: Member) -> None:
        for member, may in ((bruno, True), (carla, False)):
            interaction = (await member.slash("/ping")).interaction
            told = interaction_event(interaction, member.backend.world)["member"]["permissions"]
            assert (Permission.MANAGE_MESSAGES in Permission(int(told))) is may

    async def test_zero_is_for_administrators(self, rest: Rest, ada: Member, bruno: Member) -> None:
        await rest.register({"name": "admin", "description": "x", "default_member_permissions": 0})
        assert (len(ada.commands), len(bruno.commands)) == (1, 0)

    async def test_an_age_restricted_command(self, playground: Playground, bot: SampleBot, ada: Member) -> None:
        with pytest.raises(ClientRefused):
            await ada.slash("/night")
        assert await said(await ada.at(playground.channel("night")).slash("/night")) == "night: True"


class TestServers:
    async def test_who_is_where(self, playground: Playground, rest: Rest, dino: Member, carla: Member) -> None:
        one, two = playground.guild("One"), playground.guild("Two")
        assert dino.channel.name == "sala"
        assert (await rest.call("GET", f"/guilds/{one.id}/members/{dino.user.id}")).refusal == (404, 10007)
        chief = next(role.id for role in one.roles.values() if role.name == "chief")
        assert one.members[carla.user.id].roles == (chief,)
        assert two.members[carla.user.id].roles == ()
        assert (one.owner_id, two.owner_id) == (playground.member("Ada").user.id, carla.user.id)

    async def test_elsewhere_is_closed(self, playground: Playground, ada: Member, dino: Member) -> None:
        posted = ada.say("a road")
        with pytest.raises(ClientRefused, match="does not see"):
            dino.at(ada.channel)
        with pytest.raises(ClientRefused, match="cannot look"):
            await dino.click(posted, "Again")

    def test_a_server_without_members(self) -> None:
        members = (MemberSettings(name="Ada", guilds=()),)
        with pytest.raises(ValueError, match="no member"):
            Playground(PlaygroundSettings(members=members))


class TestDeleting:
    async def test_who_may_delete_what(self, bot: SampleBot, ada: Member, bruno: Member, carla: Member) -> None:
        mine, answer = carla.say("mine"), await (await carla.slash("/echo hello")).response()
        for message in (ada.say("hers"), answer):
            with pytest.raises(ClientRefused, match="may not delete"):
                carla.delete(message)
        carla.delete(mine)
        bruno.delete(answer)
        assert [message.content for message in ada.messages] == ["hers"]

    async def test_the_bot_learns_of_it_when_it_edits(self, rest: Rest, bruno: Member, ping: InteractionHandle) -> None:
        await rest.answer(ping, MESSAGE, {"content": "x"})
        bruno.delete(await ping.response())
        reply = await rest.call("PATCH", rest.webhook(ping, "/messages/@original"), {"content": "y"})
        assert reply.refusal == (404, 10008)


class TestInPrivate:
    async def test_the_bot_writes_and_the_member_answers(self, bot: SampleBot, ada: Member, bruno: Member) -> None:
        assert await said(await ada.slash("/tell hello")) == "told"
        (message,) = ada.in_private.messages
        assert (message.content, message.guild_id) == ("hello", None)
        assert bruno.messages == ()
        assert await said(await ada.click(message, "Again")) == "once more"
        assert await said(await ada.in_private.slash("/echo here")) == "here"
        assert [one.content for one in ada.in_private.messages] == ["hello", "once more", "here"]
        ada.in_private.say("thanks")
        await bot.wait_for("message", check=lambda heard: heard.content == "thanks", timeout=5)

    async def test_who_takes_none(self, bot: SampleBot, playground: Playground, carla: Member) -> None:
        assert await said(await carla.slash("/tell hello")) == "refused: 50007"
        assert carla.in_private.messages == ()

    async def test_only_the_two_of_them_look(self, ada: Member, bruno: Member) -> None:
        with pytest.raises(ClientRefused):
            bruno.at(ada.in_private.channel)

    async def test_a_members_words_stay(self, rest: Rest, ada: Member) -> None:
        words = ada.in_private.say("mine")
        reply = await rest.call("DELETE", f"/channels/{words.channel_id}/messages/{words.id}")
        assert reply.refusal == (403, 50003)

    async def test_commands_for_servers_only(self, rest: Rest, ada: Member) -> None:
        await rest.register(
            {"name": "here", "description": "x", "contexts": [0]},
            {"name": "there", "description": "x", "contexts": [1]},
            {"name": "old", "description": "x", "dm_permission": False},
        )
        assert [one["name"] for one in ada.commands] == ["here", "old"]
        assert [one["name"] for one in ada.in_private.commands] == ["there"]

    async def test_a_channel_of_its_kind(self, rest: Rest, ada: Member) -> None:
        opened = await rest.call("POST", "/users/@me/channels", {"recipient_id": ada.user.id})
        assert opened.body["recipients"][0]["username"] == "ada"
        assert (await rest.call("GET", f"/channels/{opened.body['id']}")).body == opened.body


class TestSelects:
    async def test_of_people(self, bot: SampleBot, ada: Member, bruno: Member) -> None:
        offered = await (await ada.slash("/choose")).response()
        handle = await ada.select(offered, "Who", "@Bruno", ada.user.id)
        assert await said(handle) == "chosen: Member Bruno, Member Ada"
        with pytest.raises(ClientRefused, match="no '@Dino'"):
            await ada.select(offered, "Who", "@Dino")


async def test_what_an_honest_client_would_not_send(rest: Rest, ada: Member, dino: Member) -> None:
    message = ada.say("a road")
    handle = await ada.forge(Kind.COMPONENT, {"custom_id": "guessed", "component_type": 2, "id": 1}, message)
    assert handle.interaction.request.data["custom_id"] == "guessed"
    assert (await rest.answer(handle, MESSAGE, {"content": "no"})).status == 200


class TestPictures:
    async def posted(self, rest: Rest, channel_path: str, gif: bytes) -> Message:
        body = {
            "embeds": [{"title": "x", "image": {"url": "attachment://a.gif"}}],
            "attachments": [{"id": 0, "description": "red"}, {"id": 1, "description": "blue"}],
        }
        files = {"files[0]": ("a.gif", gif), "files[1]": ("SPOILER_b.gif", gif)}
        reply = await rest.call("POST", channel_path, body, files)
        assert reply.status == 200
        read = await rest.call("GET", f"{channel_path}/{reply.body['id']}")
        assert read.body == reply.body
        assert [one["filename"] for one in read.body["attachments"]] == ["SPOILER_b.gif"]
        return rest.message(reply.body["id"])

    async def test_covered_ones_embedded_ones_and_their_addresses(
        self, rest: Rest, channel_path: str, gif: bytes
    ) -> None:
        message = await self.posted(rest, channel_path, gif)
        shown, covered = message.attachments
        assert (shown.spoiler, covered.spoiler) == (False, True)
        assert message.picture == shown
        assert message.embeds[0]["image"]["url"] == shown.url
        async with aiohttp.ClientSession() as session, session.get(covered.url) as response:
            assert await response.read() == gif

    async def test_one_that_is_handed_in(self, bot: SampleBot, ada: Member, gif: bytes) -> None:
        handle = await ada.slash("/look", files={"picture": Upload("drawing.gif", gif)})
        assert await said(handle) == f"drawing.gif 12 {len(gif)}"
