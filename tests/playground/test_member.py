"""Members' clients: what they read from what is typed, and what they refuse to send."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

from playground.client.handle import InteractionHandle
from playground.errors import ClientRefused
from playground.member import Member
from playground.posting.cdn import Upload
from playground.server import Playground
from playground.world.model import EPHEMERAL
from tests.playground.rest import Rest

Json = dict[str, Any]
MESSAGE, MODAL = 4, 9
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)


def option(name: str, kind: int = STRING, **more: Any) -> Json:
    return {"type": kind, "name": name, "description": "x", **more}


COMMANDS: tuple[Json, ...] = (
    {
        "name": "morph",
        "description": "Morph",
        "name_localizations": {"it": "trasforma"},
        "options": [
            option("source", required=True, name_localizations={"it": "da"}),
            option("target", required=True, max_length=20),
            option("prompt"),
            option("frames", INTEGER, min_value=2, max_value=99),
            option("style", choices=[{"name": "Slow", "value": "s"}, {"name": "Fast", "value": "f"}]),
            option("strength", NUMBER, max_value=1),
            option("loop", BOOLEAN),
        ],
    },
    {"name": "giro", "description": "Giro", "options": [option("stages"), option("preset", autocomplete=True)]},
    {
        "name": "show",
        "description": "Show",
        "options": [
            option("who", USER),
            option("where", CHANNEL),
            option("rank", ROLE),
            option("anyone", MENTIONABLE),
            option("picture", ATTACHMENT),
        ],
    },
    {
        "name": "preset",
        "description": "Presets",
        "options": [
            option("save", 1, options=[option("name", required=True)]),
            option("admin", 2, options=[option("remove", 1, options=[option("name", autocomplete=True)])]),
        ],
    },
    {"name": "queue", "description": "Queue"},
)


@pytest.fixture(autouse=True)
async def registered(rest: Rest) -> None:
    assert (await rest.register(*COMMANDS)).status == 200


def given(handle: InteractionHandle) -> Json:
    """The options that the bot is told, by name."""
    return {one["name"]: one["value"] for one in handle.interaction.request.data["options"]}


class TestReading:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("/morph source:skunk target:puppy", {"source": "skunk", "target": "puppy"}),
            ("/morph skunk puppy", {"source": "skunk", "target": "puppy"}),
            ("/morph skunk a small puppy", {"source": "skunk", "target": "a small puppy"}),
            ("/morph skunk target:a puppy", {"source": "skunk", "target": "a puppy"}),
            (
                "/morph skunk puppy prompt:a picture: {}, at noon frames:9",
                {"source": "skunk", "target": "puppy", "prompt": "a picture: {}, at noon", "frames": 9},
            ),
            ("/morph a b style:Fast", {"source": "a", "target": "b", "style": "f"}),
            ("/morph a b style:s", {"source": "a", "target": "b", "style": "s"}),
            ("/morph a b loop:True", {"source": "a", "target": "b", "loop": True}),
            ("/morph a b strength:0.25", {"source": "a", "target": "b", "strength": 0.25}),
            ("/giro a road | 50; a sea | 25", {"stages": "a road | 50; a sea | 25"}),
            ("/giro stages:[‘a, b’, 25],\n[‘c’,25]", {"stages": "[‘a, b’, 25],\n[‘c’,25]"}),
            ("/queue", {}),
        ],
    )
    async def test_what_is_typed(self, ada: Member, text: str, values: Json) -> None:
        assert given(await ada.slash(text)) == values

    async def test_in_the_members_language(self, bruno: Member) -> None:
        handle = await bruno.slash("/trasforma da:skunk target:puppy")
        assert given(handle) == {"source": "skunk", "target": "puppy"}
        assert handle.interaction.request.data["name"] == "morph"

    async def test_sub_commands(self, ada: Member) -> None:
        handle = await ada.slash("/preset save name:mine")
        (save,) = handle.interaction.request.data["options"]
        assert (save["name"], save["type"]) == ("save", 1)
        handle = await ada.slash("/preset admin remove name:mine")
        (admin,) = handle.interaction.request.data["options"]
        assert (admin["name"], admin["type"], admin["options"][0]["name"]) == ("admin", 2, "remove")

    async def test_people_channels_and_roles(self, ada: Member, playground: Playground) -> None:
        handle = await ada.slash("/show who:@Bruno where:#animations rank:@Tappa anyone:@Ada")
        resolved = handle.interaction.request.data["resolved"]
        assert {user["username"] for user in resolved["users"].values()} == {"ada", "bruno"}
        assert [channel["name"] for channel in resolved["channels"].values()] == ["animations"]
        assert [role["name"] for role in resolved["roles"].values()] == ["Tappa"]

    async def test_a_file(self, ada: Member, gif: bytes) -> None:
        handle = await ada.slash("/show", {"picture": Upload("a.gif", gif)})
        (attachment,) = handle.interaction.request.data["resolved"]["attachments"].values()
        assert (attachment["filename"], attachment["width"]) == ("a.gif", 12)


class TestRefusing:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("hello", "no command"),
            ("/nothing", "no command /nothing"),
            ("/morph skunk", "target is required"),
            ("/morph a b frames:many", "whole number"),
            ("/morph a b frames:1", "at least 2"),
            ("/morph a b frames:100", "at most 99"),
            ("/morph a b strength:1.5", "at most 1"),
            ("/morph a b strength:much", "a number"),
            ("/morph a b loop:maybe", "true or false"),
            ("/morph a b style:other", "one of: Slow, Fast"),
            ("/morph a b prompt:", "empty"),
            (f"/morph a {'b' * 21}", "at most 20 characters"),
            ("/queue now", "no options"),
            ("/preset drop", "one of: save, admin"),
            ("/show who:@Nobody", "nobody and nothing"),
        ],
    )
    async def test_what_a_client_would_not_send(self, ada: Member, text: str, why: str) -> None:
        with pytest.raises(ClientRefused, match=why):
            await ada.slash(text)

    async def test_sent_all_the_same_when_asked_to(self, ada: Member) -> None:
        handle = await ada.invoke("morph", {"frames": -5, "target": ""})
        assert given(handle) == {"frames": -5, "target": ""}

    async def test_but_not_what_the_command_does_not_know(self, ada: Member) -> None:
        with pytest.raises(ClientRefused):
            await ada.invoke("morph", {"colour": "red"})


class TestAutocomplete:
    async def test_the_last_option_is_the_one_being_typed(self, ada: Member) -> None:
        handle = await ada.type_ahead(ada.read("/giro stages:a preset:se"))
        assert handle.interaction.request.data["options"] == [
            {"name": "stages", "type": STRING, "value": "a"},
            {"name": "preset", "type": STRING, "value": "se", "focused": True},
        ]

    async def test_within_a_sub_command(self, ada: Member) -> None:
        handle = await ada.type_ahead(ada.read("/preset admin remove name:"))
        remove = handle.interaction.request.data["options"][0]["options"][0]
        assert remove["options"] == [{"name": "name", "type": STRING, "value": "", "focused": True}]

    async def test_an_option_that_offers_nothing(self, ada: Member) -> None:
        with pytest.raises(ClientRefused):
            await ada.type_ahead(ada.read("/giro stages:a"))


BUTTONS = {
    "type": 1,
    "components": [
        {"type": 2, "style": 1, "label": "Again", "custom_id": "again"},
        {"type": 2, "style": 2, "label": "Stop", "custom_id": "stop", "disabled": True},
        {"type": 2, "style": 5, "label": "Docs", "url": "https://example.org"},
    ],
}
SELECT = {
    "type": 1,
    "components": [
        {
            "type": 3,
            "custom_id": "pick",
            "placeholder": "Pick",
            "options": [{"label": "One", "value": "1"}, {"label": "Two", "value": "2"}],
        }
    ],
}


class TestPressing:
    @pytest.fixture
    async def handle(self, rest: Rest, ada: Member) -> InteractionHandle:
        handle = await ada.slash("/queue")
        data = {"content": "x", "components": [BUTTONS, SELECT], "flags": EPHEMERAL}
        await rest.answer(handle, MESSAGE, data)
        return handle

    @pytest.mark.parametrize("name", ["Again", "again"])
    async def test_a_button(self, ada: Member, handle: InteractionHandle, name: str) -> None:
        pressed = await ada.click(handle.messages[0], name)
        assert pressed.interaction.request.data["custom_id"] == "again"

    @pytest.mark.parametrize(
        ("name", "why"), [("Stop", "disabled"), ("Docs", "no button"), ("Pick", "no button"), ("Go", "it has: Again")]
    )
    async def test_what_cannot_be_pressed(self, ada: Member, handle: InteractionHandle, name: str, why: str) -> None:
        with pytest.raises(ClientRefused, match=why):
            await ada.click(handle.messages[0], name)

    async def test_by_somebody_who_does_not_see_it(self, bruno: Member, handle: InteractionHandle) -> None:
        with pytest.raises(ClientRefused):
            await bruno.click(handle.messages[0], "Again")

    async def test_a_select(self, ada: Member, handle: InteractionHandle) -> None:
        chosen = await ada.select(handle.messages[0], "Pick", "Two")
        assert chosen.interaction.request.data["values"] == ["2"]

    @pytest.mark.parametrize("values", [(), ("One", "Two"), ("Three",)])
    async def test_what_cannot_be_selected(
        self, ada: Member, handle: InteractionHandle, values: tuple[str, ...]
    ) -> None:
        with pytest.raises(ClientRefused):
            await ada.select(handle.messages[0], "pick", *values)


class TestForms:
    FORM: ClassVar[Json] = {
        "title": "Form",
        "custom_id": "form",
        "components": [
            {
                "type": 18,
                "label": "Stages",
                "component": {"type": 4, "style": 2, "custom_id": "stages", "max_length": 9},
            },
            {
                "type": 1,
                "components": [{"type": 4, "style": 1, "custom_id": "note", "label": "Note", "required": False}],
            },
            {"type": 18, "label": "Pick", "component": SELECT["components"][0]},
        ],
    }

    @pytest.fixture
    async def handle(self, rest: Rest, ada: Member) -> InteractionHandle:
        handle = await ada.slash("/giro")
        await rest.answer(handle, MODAL, self.FORM)
        return handle

    async def test_by_label_or_custom_id(self, ada: Member, handle: InteractionHandle) -> None:
        modal = await handle.modal()
        assert modal.field("Stages").multiline
        sent = await ada.submit_values(modal, {"Stages": "a | 5", "note": "hi", "Pick": ["2"]})
        first, second, third = sent.interaction.request.data["components"]
        assert first["component"]["value"] == "a | 5"
        assert second["components"][0]["value"] == "hi"
        assert third["component"]["values"] == ["2"]

    @pytest.mark.parametrize(
        ("values", "why"),
        [({}, "filled in"), ({"stages": "x" * 10}, "0 to 9"), ({"stages": "x", "other": "y"}, "no input")],
    )
    async def test_what_it_does_not_take(self, ada: Member, handle: InteractionHandle, values: Json, why: str) -> None:
        with pytest.raises(ClientRefused, match=why):
            await ada.submit(await handle.modal(), **values)


class TestFollowing:
    async def test_every_version_of_a_message(self, rest: Rest, ada: Member) -> None:
        handle = await ada.slash("/queue")
        await rest.answer(handle, MESSAGE, {"content": "10 %"})
        for percent in (50, 100):
            path = rest.webhook(handle, "/messages/@original")
            await rest.call("PATCH", path, {"content": f"{percent} %"})
        assert [version.content for version in handle.versions] == ["10 %", "50 %", "100 %"]

    async def test_a_version_that_fits_is_not_missed(self, rest: Rest, ada: Member) -> None:
        handle = await ada.slash("/queue")
        await rest.answer(handle, MESSAGE, {"content": "waiting"})

        async def move_on() -> None:
            for content in ("half way", "done"):
                await rest.call("PATCH", rest.webhook(handle, "/messages/@original"), {"content": content})

        moving = asyncio.create_task(move_on())
        seen = await handle.message_where(lambda message: "half" in message.content)
        await moving
        assert (seen.content, handle.messages[0].content) == ("half way", "done")

    async def test_what_does_not_come_times_out(self, ada: Member) -> None:
        handle = await ada.slash("/queue")
        with pytest.raises(TimeoutError):
            await handle.message_where(lambda message: True, timeout=0.01)

    async def test_a_mistaken_question_is_the_askers_error(self, rest: Rest, ada: Member) -> None:
        handle = await ada.slash("/queue")
        await rest.answer(handle, MESSAGE, {"content": "x"})
        with pytest.raises(ZeroDivisionError):
            await handle.message_where(lambda message: 1 / 0 > 1)

    async def test_elsewhere(self, playground: Playground, rest: Rest, ada: Member) -> None:
        there = ada.at(playground.channel("animations"))
        handle = await there.slash("/queue")
        await rest.answer(handle, MESSAGE, {"content": "x"})
        assert [message.content for message in there.messages] == ["x"]
        assert ada.messages == ()
