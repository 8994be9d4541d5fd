"""The record of REST exchanges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playground.faults import Fault
from playground.server import Playground
from playground.world.settings import UNLIMITED, PlaygroundSettings
from tests.playground.rest import Rest
from tests.playground.specification import AMENDMENTS, Specification, specification


@pytest.fixture
def settings(tmp_path: Path) -> PlaygroundSettings:
    return PlaygroundSettings(rate_limits=UNLIMITED, traffic_file=tmp_path / "deep" / "traffic.jsonl")


def lines(settings: PlaygroundSettings) -> list[dict[str, Any]]:
    assert settings.traffic_file is not None
    return [json.loads(line) for line in settings.traffic_file.read_text().splitlines()]


async def test_every_exchange_is_a_line(settings: PlaygroundSettings, rest: Rest, channel_path: str) -> None:
    await rest.call("POST", channel_path, {"content": "x" * 2001})
    await rest.call("GET", f"{channel_path}?limit=5")
    line, other = lines(settings)[-2:]
    assert list(line) == ["method", "path", "query", "ct", "auth", "req", "status", "resp"]
    assert (line["method"], line["path"]) == ("POST", channel_path)
    assert (line["ct"], line["auth"]) == ("application/json", True)
    assert (line["req"], line["status"]) == ({"content": "x" * 2001}, 400)
    assert line["resp"]["code"] == 50035
    assert (other["query"], other["ct"], other["req"]) == ({"limit": "5"}, None, None)


async def test_of_a_form_it_keeps_the_json(
    settings: PlaygroundSettings, rest: Rest, channel_path: str, playground: Playground
) -> None:
    await rest.call("POST", channel_path, {"content": "x"}, {"files[0]": ("a.txt", b"abc")})
    line = lines(settings)[-1]
    assert (line["ct"], line["req"]) == ("multipart/form-data", {"content": "x"})
    (exchange,) = playground.backend.traffic.requests("POST", "/channels/{channel_id}/messages")
    assert exchange.files == (("a.txt", 3),)


async def test_also_of_what_failed(settings: PlaygroundSettings, rest: Rest) -> None:
    rest.authorization = None
    await rest.call("GET", "/users/@me")
    await rest.call("GET", "/nowhere")
    unauthorized, nowhere = lines(settings)[-2:]
    assert (unauthorized["status"], unauthorized["auth"], unauthorized["ct"]) == (401, False, None)
    assert (nowhere["status"], nowhere["req"]) == (404, None)


class TestSpecification:
    """The judge itself: it must notice, and it must not be more lenient than it has to be."""

    async def test_it_notices_unknown_keys(self, rest: Rest, channel_path: str, playground: Playground) -> None:
        await rest.call("POST", channel_path, {"content": "x"})
        (exchange,) = playground.backend.traffic.requests("POST", "/channels/{channel_id}/messages")
        exchange.req["colour"] = "red"
        assert specification().faults(exchange) != []
        del exchange.req["colour"]
        exchange.resp["author"]["height"] = 3
        assert specification().faults(exchange) != []
        del exchange.resp["author"]["height"]
        assert specification().faults(exchange) == []

    @pytest.mark.parametrize("amendment", AMENDMENTS, ids=lambda amendment: amendment.__name__)
    async def test_no_amendment_is_idle(
        self, amendment: Any, rest: Rest, playground: Playground, channel_path: str
    ) -> None:
        """With any one left out, something that discord.py or Discord does is called a fault."""
        await _what_discord_py_says(rest, playground, channel_path)
        strict = Specification(tuple(one for one in AMENDMENTS if one is not amendment))
        assert [exchange for exchange in playground.backend.traffic if strict.faults(exchange)]


async def _what_discord_py_says(rest: Rest, playground: Playground, channel_path: str) -> None:
    await rest.register({"name": "ping", "description": "x", "nsfw": False})
    handle = await playground.member("Ada").slash("/ping")
    await rest.answer(handle, 5)
    embed = {"title": "x", "flags": 0}
    body = {"attachments": [{"id": 0}], "embeds": [embed]}
    files = {"files[0]": ("a.txt", b"x")}
    path = rest.webhook(handle, "/messages/@original")
    await rest.call("PATCH", path, body | {"tts": False}, files)
    await rest.call("POST", channel_path, {"content": 5})
    await rest.call("POST", "/users/@me/channels", {"recipient_id": int(playground.member("Ada").user.id)})
    playground.backend.faults.order(Fault(status=502))
    await rest.call("GET", "/users/@me")
