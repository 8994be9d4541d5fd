"""Commands: what may be registered, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from playground.server import Playground
from playground.world.news import CommandsRegistered, News
from tests.playground.rest import Rest

Json = dict[str, Any]


def command(name: str = "draw", **changes: Any) -> Json:
    return {"name": name, "description": "Draw", **changes}


def option(name: str = "prompt", **changes: Any) -> Json:
    return {"type": 3, "name": name, "description": "what", **changes}


def choices(count: int) -> list[Json]:
    return [{"name": str(n), "value": str(n)} for n in range(count)]


def long_choices(count: int) -> list[Json]:
    return [{"name": "x" * 99, "value": str(n)} for n in range(count)]


@pytest.mark.parametrize("name", ["draw", "zeichne-etwas", "disegnà", "描く", "จัดเก็บ"])
async def test_names_of_any_script(rest: Rest, name: str) -> None:
    assert (await rest.register(command(name))).status == 200


async def test_everything_an_option_can_say(rest: Rest) -> None:
    options = [
        option(required=True, min_length=1, max_length=300),
        option("frames", type=4, min_value=2, max_value=1000),
        option("style", choices=choices(25)),
        option("preset", autocomplete=True),
    ]
    reply = await rest.register(command(options=options, name_localizations={"it": "disegna"}))
    assert reply.status == 200
    assert [one["name"] for one in reply.body[0]["options"]] == ["prompt", "frames", "style", "preset"]


@pytest.mark.parametrize(
    "bad",
    [
        command(""),
        command("x" * 33),
        command("Draw"),
        command("draw me"),
        command("draw!"),
        command(description=""),
        command(description="x" * 101),
        command(options=[option(f"o{n}") for n in range(26)]),
        command(options=[option(), option("seed", required=True)]),
        command(options=[option(), option()]),
        command(options=[option("Prompt")]),
        command(options=[option(description="x" * 101)]),
        command(options=[option(choices=choices(26))]),
        command(options=[option(choices=choices(2), autocomplete=True)]),
        command(options=[option(choices=[{"name": "x" * 101, "value": "x"}])]),
        command(options=[option(type=4, choices=choices(1))]),
        command(options=[option(type=5, autocomplete=True)]),
        command(options=[option(type=4, min_value=9, max_value=1)]),
        command(options=[option(max_length=6001)]),
        command(options=[option(type=12)]),
        command(options=[option("sub", type=1), option()]),
        command(options=[option(f"o{n}", choices=long_choices(5)) for n in range(25)]),
    ],
)
async def test_what_does_not_fit(rest: Rest, bad: Json) -> None:
    assert (await rest.register(bad)).refusal == (400, 50035)


async def test_two_of_a_name(rest: Rest) -> None:
    assert (await rest.register(command(), command())).refusal == (400, 50035)


async def test_more_than_a_hundred(rest: Rest) -> None:
    assert (await rest.register(*(command(f"c{n}") for n in range(101)))).refusal == (400, 30032)


async def test_the_eight_thousand_characters_are_those_of_one_command(rest: Rest) -> None:
    long = [option(f"o{n}", description="x" * 100) for n in range(25)]
    assert (await rest.register(*(command(f"c{n}", options=long) for n in range(4)))).status == 200


async def test_a_refused_list_leaves_the_old_one(playground: Playground, rest: Rest) -> None:
    await rest.register(command("Bad"))
    assert [one["name"] for one in playground.world.commands[None]] == ["ping"]


async def test_a_command_keeps_its_id(rest: Rest) -> None:
    first = await rest.register(command())
    second = await rest.register(command(description="Draw again"))
    assert first.body[0]["id"] == second.body[0]["id"]
    assert first.body[0]["version"] != second.body[0]["version"]


async def test_members_are_told(playground: Playground, rest: Rest) -> None:
    heard: list[News] = []
    with playground.world.news.listening(heard.append):
        await rest.register(command())
    assert heard == [CommandsRegistered()]


async def test_one_by_one(playground: Playground, rest: Rest) -> None:
    path = f"/applications/{playground.world.application_id}/commands"
    created = await rest.call("POST", path, command())
    assert created.status == 201
    assert (await rest.call("POST", path, command(description="Anew"))).status == 200
    one = f"{path}/{created.body['id']}"
    assert (await rest.call("PATCH", one, {"description": "Better"})).body["description"] == "Better"
    assert (await rest.call("GET", one)).body["description"] == "Better"
    assert (await rest.call("DELETE", one)).status == 204
    assert (await rest.call("GET", one)).refusal == (404, 10063)
    assert [one["name"] for one in (await rest.call("GET", path)).body] == ["ping"]


async def test_a_servers_command_hides_the_global_one(playground: Playground, rest: Rest) -> None:
    guild = playground.guild("Playground")
    path = f"/applications/{playground.world.application_id}/guilds/{guild.id}/commands"
    await rest.call("PUT", path, [command("ping", description="Ours")])
    assert [one["description"] for one in playground.member("Ada").commands] == ["Ours"]
