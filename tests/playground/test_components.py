"""Components: rows of buttons and selects, and the layouts of version 2."""

from __future__ import annotations

from typing import Any

import pytest

from playground.world.model import COMPONENTS_V2
from tests.playground.rest import Rest

Json = dict[str, Any]
DISPLAY = {"type": 10, "content": "text"}


def button(custom_id: str = "a", **changes: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": custom_id} | changes


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def select(**changes: Any) -> Json:
    options = [{"label": "One", "value": "1"}]
    return {"type": 3, "custom_id": "s", "options": options} | changes


def rows(count: int, width: int = 1) -> list[Json]:
    return [row(*(button(f"{line}.{place}") for place in range(width))) for line in range(count)]


async def test_five_rows_of_five(rest: Rest, channel_path: str) -> None:
    reply = await rest.call("POST", channel_path, {"content": "x", "components": rows(5, 5)})
    assert reply.status == 200
    ids = [one["id"] for line in reply.body["components"] for one in (line, *line["components"])]
    assert sorted(ids) == list(range(1, 31))


@pytest.mark.parametrize(
    "components",
    [
        rows(6),
        rows(1, 6),
        [row()],
        [button()],
        [row(button("same"), button("same"))],
        [row(button("x" * 101))],
        [row(button(""))],
        [row({"type": 2, "style": 1, "label": "x"})],
        [row(button(label="x" * 81))],
        [row(button(label=None))],
        [row(button(style=7))],
        [row({"type": 2, "style": 5, "label": "no address"})],
        [row({"type": 2, "style": 5, "label": "x", "url": "javascript:alert(1)"})],
        [row(button(style=5, url="https://example.org"))],
        [row(button(url="https://example.org"))],
        [row(select(), button())],
        [row(select(options=[]))],
        [row(select(options=[{"label": "x", "value": str(n)} for n in range(26)]))],
        [row(select(options=[{"label": "x", "value": "same"}] * 2))],
        [row(select(placeholder="x" * 151))],
        [row({"type": 4, "style": 1, "custom_id": "t", "label": "only in modals"})],
        [DISPLAY],
        "text",
    ],
)
async def test_what_does_not_fit(rest: Rest, channel_path: str, components: Any) -> None:
    reply = await rest.call("POST", channel_path, {"content": "x", "components": components})
    assert reply.refusal == (400, 50035)


class TestVersionTwo:
    async def post(self, rest: Rest, path: str, *components: Json, **more: Any) -> Any:
        return await rest.call("POST", path, {"flags": COMPONENTS_V2, "components": components, **more})

    async def test_a_whole_layout(self, rest: Rest, channel_path: str, gif: bytes) -> None:
        media = {"url": "attachment://a.gif"}
        layout = {
            "type": 17,
            "components": [
                DISPLAY,
                {"type": 14},
                {"type": 12, "items": [{"media": media, "description": "a picture"}]},
                {"type": 9, "components": [DISPLAY], "accessory": {"type": 11, "media": media}},
                {"type": 13, "file": media},
                row(button()),
            ],
        }
        body = {"flags": COMPONENTS_V2, "components": [layout]}
        reply = await rest.call("POST", channel_path, body, {"files[0]": ("a.gif", gif)})
        assert reply.status == 200
        (container,) = reply.body["components"]
        assert container["components"][2]["items"][0]["media"]["width"] == 12

    @pytest.mark.parametrize("legacy", [{"content": "x"}, {"embeds": [{"title": "x"}]}])
    async def test_it_replaces_content_and_embeds(self, rest: Rest, channel_path: str, legacy: Json) -> None:
        reply = await self.post(rest, channel_path, DISPLAY, **legacy)
        assert reply.refusal == (400, 50035)

    async def test_a_message_stays_what_it_is(self, rest: Rest, channel_path: str) -> None:
        posted = await self.post(rest, channel_path, DISPLAY)
        path = f"{channel_path}/{posted.body['id']}"
        assert (await rest.call("PATCH", path, {"content": "x"})).refusal == (400, 50035)

    @pytest.mark.parametrize(
        "components",
        [
            [DISPLAY] * 41,
            [{"type": 17, "components": [DISPLAY] * 40}],
            [{"type": 10, "content": "x" * 4001}],
            [{"type": 10, "content": "x" * 2500}] * 2,
            [{"type": 10, "content": ""}],
            [{"type": 17, "components": [{"type": 17, "components": [DISPLAY]}]}],
            [{"type": 9, "components": [DISPLAY]}],
            [{"type": 12, "items": []}],
            [{"type": 13, "file": {"url": "https://example.org/a.gif"}}],
            [DISPLAY | {"id": 3}, DISPLAY | {"id": 3}],
            [button()],
        ],
    )
    async def test_what_does_not_fit(self, rest: Rest, channel_path: str, components: list[Json]) -> None:
        assert (await self.post(rest, channel_path, *components)).refusal == (400, 50035)
