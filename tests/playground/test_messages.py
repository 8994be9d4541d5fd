"""Messages: what may be in them, which files they keep, and whom they notify."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from playground.client.handle import InteractionHandle
from playground.member import Member
from playground.server import Playground
from playground.world.model import COMPONENTS_V2, Message
from playground.world.settings import UNLIMITED, GuildSettings, MemberSettings, PlaygroundSettings
from tests.playground.rest import Reply, Rest

MESSAGE, DEFERRED = 4, 5
NO_MENTIONS: dict[str, Any] = {"parse": []}


class TestContent:
    async def test_it_is_posted_and_seen(self, rest: Rest, channel_path: str, ada: Member) -> None:
        reply = await rest.call("POST", channel_path, {"content": "hello"})
        assert reply.status == 200
        assert [message.content for message in ada.messages] == ["hello"]

    @pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": None}, {"embeds": []}])
    async def test_an_empty_message(self, rest: Rest, channel_path: str, body: dict[str, Any]) -> None:
        assert (await rest.call("POST", channel_path, body)).refusal == (400, 50006)

    async def test_bad_json(self, rest: Rest, channel_path: str) -> None:
        assert (await rest.call("POST", channel_path, b"{")).refusal == (400, 50109)

    async def test_a_list_instead_of_an_object(self, rest: Rest, channel_path: str) -> None:
        assert (await rest.call("POST", channel_path, [])).refusal == (400, 50035)

    @pytest.mark.parametrize(
        ("body", "place"),
        [
            ({"content": "x" * 2001}, ("content",)),
            ({"content": 5}, ("content",)),
            ({"embeds": [{"title": "x"}] * 11}, ("embeds",)),
            ({"embeds": [{"title": "x" * 257}]}, ("embeds", "0", "title")),
            ({"embeds": [{"description": "x" * 4097}]}, ("embeds", "0", "description")),
            ({"embeds": [{"footer": {"text": "x" * 2049}}]}, ("embeds", "0", "footer", "text")),
            ({"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]}, ("embeds", "0", "fields")),
            (
                {"embeds": [{"fields": [{"name": "n", "value": "x" * 1025}]}]},
                ("embeds", "0", "fields", "0", "value"),
            ),
            ({"embeds": [{"fields": [{"name": "n"}]}]}, ("embeds", "0", "fields", "0", "value")),
            ({"embeds": [{"description": "x" * 3001}] * 2}, ("embeds",)),
            ({"embeds": [{"image": {"url": "file:///etc/hosts"}}]}, ("embeds", "0", "image", "url")),
            ({"embeds": [{"color": 1 << 24}]}, ("embeds", "0", "color")),
            ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, ("allowed_mentions", "parse", "0")),
            (
                {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
                ("allowed_mentions",),
            ),
            ({"content": "x", "flags": "64"}, ("flags",)),
            ({"content": "x", "tts": "yes"}, ("tts",)),
            ({"content": "x", "nonce": "x" * 26}, ("nonce",)),
        ],
    )
    async def test_what_does_not_fit(
        self, rest: Rest, channel_path: str, body: dict[str, Any], place: tuple[str, ...]
    ) -> None:
        reply = await rest.call("POST", channel_path, body)
        assert reply.refusal == (400, 50035)
        assert reply.problems(*place)

    async def test_an_edit_that_leaves_nothing(self, rest: Rest, channel_path: str) -> None:
        posted = await rest.call("POST", channel_path, {"content": "hello"})
        path = f"{channel_path}/{posted.body['id']}"
        assert (await rest.call("PATCH", path, {"content": ""})).refusal == (400, 50006)

    async def test_a_deleted_message(self, rest: Rest, channel_path: str) -> None:
        posted = await rest.call("POST", channel_path, {"content": "hello"})
        path = f"{channel_path}/{posted.body['id']}"
        assert (await rest.call("DELETE", path)).status == 204
        for method in ("GET", "PATCH", "DELETE"):
            body = {"content": "x"} if method == "PATCH" else None
            assert (await rest.call(method, path, body)).refusal == (404, 10008)

    async def test_somebody_elses_message_is_not_edited(self, rest: Rest, channel_path: str, ada: Member) -> None:
        said = ada.say("mine")
        reply = await rest.call("PATCH", f"{channel_path}/{said.id}", {"content": "x"})
        assert reply.refusal == (403, 50005)

    async def test_a_reply_to_nothing(self, rest: Rest, channel_path: str) -> None:
        body = {"content": "x", "message_reference": {"message_id": "1"}}
        assert (await rest.call("POST", channel_path, body)).refusal == (400, 50035)

    async def test_a_reply_that_may_stand_alone(self, rest: Rest, channel_path: str) -> None:
        body = {"content": "x", "message_reference": {"message_id": "1", "fail_if_not_exists": False}}
        assert (await rest.call("POST", channel_path, body)).status == 200

    async def test_with_an_enforced_nonce_it_is_sent_once(self, rest: Rest, channel_path: str, ada: Member) -> None:
        body = {"content": "x", "nonce": "abc", "enforce_nonce": True}
        first, second = [await rest.call("POST", channel_path, body) for _ in range(2)]
        assert first.body["id"] == second.body["id"]
        assert len(ada.messages) == 1
        del body["enforce_nonce"]
        await rest.call("POST", channel_path, body)
        assert len(ada.messages) == 2

    async def test_an_enforced_nonce_counts_in_every_channel_and_after_a_deletion(
        self, playground: Playground, rest: Rest, channel_path: str
    ) -> None:
        body = {"content": "x", "nonce": "abc", "enforce_nonce": True}
        first = await rest.call("POST", channel_path, body)
        elsewhere = f"/channels/{playground.channel('animations').id}/messages"
        assert (await rest.call("POST", elsewhere, body)).body["id"] == first.body["id"]
        await rest.call("DELETE", f"{channel_path}/{first.body['id']}")
        assert (await rest.call("POST", channel_path, body)).body["id"] == first.body["id"]
        assert playground.world.messages == {}

    async def test_after_an_id_come_the_messages_next_to_it(self, rest: Rest, channel_path: str) -> None:
        first, *_ = [await rest.call("POST", channel_path, {"content": content}) for content in "abcd"]
        reply = await rest.call("GET", f"{channel_path}?limit=2&after={first.body['id']}")
        assert [message["content"] for message in reply.body] == ["c", "b"]

    async def test_a_channel_is_read_newest_first(self, rest: Rest, channel_path: str) -> None:
        for content in ("one", "two", "three"):
            await rest.call("POST", channel_path, {"content": content})
        reply = await rest.call("GET", f"{channel_path}?limit=2")
        assert [message["content"] for message in reply.body] == ["three", "two"]


class TestWithoutNonces:
    @pytest.fixture
    def settings(self) -> PlaygroundSettings:
        return PlaygroundSettings(rate_limits=UNLIMITED, nonce_seconds=0)

    async def test_every_message_is_a_new_one(self, rest: Rest, channel_path: str, ada: Member) -> None:
        body = {"content": "x", "nonce": "abc", "enforce_nonce": True}
        for _ in range(2):
            await rest.call("POST", channel_path, body)
        assert len(ada.messages) == 2


class TestFiles:
    @pytest.fixture
    def settings(self) -> PlaygroundSettings:
        return PlaygroundSettings(
            rate_limits=UNLIMITED,
            guilds=(GuildSettings(upload_limit=1000), GuildSettings(name="Boosted", premium_tier=2)),
            members=(MemberSettings(name="Ada"), MemberSettings(name="Nitro", upload_limit=5000)),
            request_limit=2500,
        )

    async def test_a_picture_is_kept_with_its_size(
        self, playground: Playground, rest: Rest, channel_path: str, gif: bytes
    ) -> None:
        body = {"attachments": [{"id": 0, "description": "three colours"}]}
        reply = await rest.call("POST", channel_path, body, {"files[0]": ("a b.gif", gif)})
        (attachment,) = reply.body["attachments"]
        assert attachment["filename"] == "a_b.gif"
        assert (attachment["width"], attachment["height"]) == (12, 8)
        assert (attachment["content_type"], attachment["size"]) == ("image/gif", len(gif))
        assert attachment["description"] == "three colours"

    async def test_it_is_served_under_its_signed_address_only(self, rest: Rest, channel_path: str, gif: bytes) -> None:
        reply = await rest.call("POST", channel_path, {}, {"files[0]": ("a.gif", gif)})
        url = reply.body["attachments"][0]["url"]
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as response:
                assert (response.status, await response.read()) == (200, gif)
            async with session.get(url.split("?")[0]) as response:
                assert response.status == 404

    async def test_a_file_over_the_limit(self, rest: Rest, channel_path: str) -> None:
        reply = await rest.call("POST", channel_path, {}, {"files[0]": ("a.bin", bytes(1001))})
        assert reply.refusal == (413, 40005)

    async def test_a_file_at_the_limit(self, rest: Rest, channel_path: str) -> None:
        reply = await rest.call("POST", channel_path, {}, {"files[0]": ("a.bin", bytes(1000))})
        assert reply.status == 200

    async def test_a_request_over_the_limit(self, rest: Rest, channel_path: str) -> None:
        files = {f"files[{n}]": ("a.bin", bytes(900)) for n in range(3)}
        assert (await rest.call("POST", channel_path, {}, files)).refusal == (413, 40005)

    async def test_an_interaction_states_the_larger_of_both_limits(self, playground: Playground, rest: Rest) -> None:
        boosted = playground.channel("general", playground.guild("Boosted"))
        limits = [
            (await member.slash("/ping")).interaction.upload_limit
            for member in (
                playground.member("Ada"),
                playground.member("Nitro"),
                playground.member("Nitro").at(boosted),
                playground.member("Nitro").stating(10),
            )
        ]
        assert limits == [1000, 5000, 52_428_800, 10]

    async def test_what_an_interaction_states_is_what_it_takes(self, playground: Playground, rest: Rest) -> None:
        handle = await playground.member("Nitro").slash("/ping")
        files = {"files[0]": ("a.bin", bytes(5000))}
        assert (await rest.answer(handle, MESSAGE, {}, files)).status == 200
        files = {"files[0]": ("a.bin", bytes(5001))}
        assert (await rest.call("POST", rest.webhook(handle), {}, files)).refusal == (413, 40005)

    async def test_an_entry_without_a_file(self, rest: Rest, channel_path: str) -> None:
        reply = await rest.call("POST", channel_path, {"content": "x", "attachments": [{"id": 0}]})
        assert reply.problems("attachments", "0", "id") == ["ATTACHMENT_NOT_FOUND"]

    async def test_more_than_ten(self, rest: Rest, channel_path: str) -> None:
        files = {f"files[{n}]": ("a.bin", b"x") for n in range(11)}
        assert (await rest.call("POST", channel_path, {}, files)).refusal == (400, 50035)

    async def test_a_form_field_that_nobody_knows(self, rest: Rest, channel_path: str) -> None:
        reply = await rest.call("POST", channel_path, {}, {"picture": ("a.bin", b"x")})
        assert reply.refusal == (400, 50035)


class TestFilesOnEdit:
    @pytest.fixture
    async def posted(self, rest: Rest, channel_path: str) -> Reply:
        """A message with two files, a and b."""
        files = {f"files[{n}]": (f"{name}.txt", b"x") for n, name in enumerate("ab")}
        return await rest.call("POST", channel_path, {"content": "files"}, files)

    def names(self, reply: Reply) -> list[str]:
        return [attachment["filename"] for attachment in reply.body["attachments"]]

    async def test_without_a_list_they_all_stay(self, rest: Rest, channel_path: str, posted: Reply) -> None:
        edited = await rest.call("PATCH", f"{channel_path}/{posted.body['id']}", {"content": "same"})
        assert self.names(edited) == ["a.txt", "b.txt"]

    async def test_those_left_out_are_dropped(self, rest: Rest, channel_path: str, posted: Reply) -> None:
        keep = {"attachments": [{"id": posted.body["attachments"][1]["id"]}]}
        edited = await rest.call("PATCH", f"{channel_path}/{posted.body['id']}", keep)
        assert self.names(edited) == ["b.txt"]

    async def test_an_empty_list_drops_all(self, rest: Rest, channel_path: str, posted: Reply) -> None:
        edited = await rest.call("PATCH", f"{channel_path}/{posted.body['id']}", {"attachments": []})
        assert self.names(edited) == []

    async def test_new_ones_take_their_place(self, rest: Rest, channel_path: str, posted: Reply) -> None:
        body = {"attachments": [{"id": 0, "filename": "c.txt"}]}
        path = f"{channel_path}/{posted.body['id']}"
        edited = await rest.call("PATCH", path, body, {"files[0]": ("blob", b"x")})
        assert self.names(edited) == ["c.txt"]

    async def test_an_id_of_another_message(self, rest: Rest, channel_path: str, posted: Reply) -> None:
        path = f"{channel_path}/{posted.body['id']}"
        reply = await rest.call("PATCH", path, {"attachments": [{"id": "12345"}]})
        assert reply.refusal == (400, 50035)


class TestEmbeds:
    async def test_a_file_shown_in_an_embed_is_no_attachment(
        self, rest: Rest, channel_path: str, ada: Member, gif: bytes
    ) -> None:
        body = {"embeds": [{"title": "A picture", "image": {"url": "attachment://a.gif"}}]}
        reply = await rest.call("POST", channel_path, body, {"files[0]": ("a.gif", gif)})
        assert reply.body["attachments"] == []
        assert reply.body["embeds"][0]["image"]["width"] == 12
        assert ada.messages[0].gif is not None

    async def test_without_its_embed_it_is_one_again(self, rest: Rest, channel_path: str, gif: bytes) -> None:
        body = {"content": "x", "embeds": [{"image": {"url": "attachment://a.gif"}}]}
        posted = await rest.call("POST", channel_path, body, {"files[0]": ("a.gif", gif)})
        edited = await rest.call("PATCH", f"{channel_path}/{posted.body['id']}", {"embeds": []})
        assert len(edited.body["attachments"]) == 1

    async def test_a_picture_that_was_not_uploaded(self, rest: Rest, channel_path: str) -> None:
        body = {"embeds": [{"title": "x", "image": {"url": "attachment://a.gif"}}]}
        reply = await rest.call("POST", channel_path, body)
        assert "image" not in reply.body["embeds"][0]


class TestMentions:
    async def pinged(self, message: Message) -> tuple[list[str], bool]:
        return [user.shown for user in message.mentions.users], message.mentions.everyone

    async def test_without_a_word_about_it_everyone_is_notified(
        self, rest: Rest, channel_path: str, ada: Member
    ) -> None:
        await rest.call("POST", channel_path, {"content": f"@everyone and <@{ada.user.id}>"})
        assert await self.pinged(ada.messages[0]) == (["Ada"], True)

    async def test_also_in_answers_to_interactions(self, rest: Rest, ping: InteractionHandle, ada: Member) -> None:
        await rest.answer(ping, MESSAGE, {"content": "@here"})
        assert await self.pinged(ada.messages[0]) == ([], True)

    async def test_nobody_is_when_nobody_is_allowed(self, rest: Rest, channel_path: str, ada: Member) -> None:
        content = f"@everyone and <@{ada.user.id}>"
        await rest.call("POST", channel_path, {"content": content, "allowed_mentions": NO_MENTIONS})
        assert not ada.messages[0].mentions

    async def test_those_named_are(self, rest: Rest, channel_path: str, ada: Member, bruno: Member) -> None:
        allowed = {"parse": [], "users": [bruno.user.id]}
        content = f"<@{ada.user.id}> <@{bruno.user.id}>"
        await rest.call("POST", channel_path, {"content": content, "allowed_mentions": allowed})
        assert await self.pinged(ada.messages[0]) == (["Bruno"], False)

    async def test_an_edit_is_read_anew(self, rest: Rest, channel_path: str, ada: Member) -> None:
        posted = await rest.call("POST", channel_path, {"content": "@everyone", "allowed_mentions": NO_MENTIONS})
        path = f"{channel_path}/{posted.body['id']}"
        await rest.call("PATCH", path, {"embeds": [{"title": "x"}]})
        assert not ada.messages[0].mentions
        await rest.call("PATCH", path, {"content": "@everyone again"})
        assert ada.messages[0].mentions.everyone

    async def test_text_components_count(self, rest: Rest, channel_path: str, ada: Member) -> None:
        components = [{"type": 10, "content": "@everyone"}]
        await rest.call("POST", channel_path, {"components": components, "flags": COMPONENTS_V2})
        assert ada.messages[0].mentions.everyone
