"""What is registered with Discord, exactly as it goes over the wire: valid, within the sizes, in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from playground.traffic import Exchange
from tests.playground.specification import specification

Json = dict[str, Any]
EVERYWHERE = "/applications/{application_id}/commands"
CHAT_INPUT, ON_MEMBERS, ON_MESSAGES = 1, 2, 3
LANGUAGES = ("it",)
MOST_CHARACTERS = 8000
MOST_OF_A_KIND = {CHAT_INPUT: 100, ON_MEMBERS: 5, ON_MESSAGES: 5}
NAME = re.compile(r"[-_'\w]{1,32}")


@pytest.fixture
async def exchange(stage) -> Exchange:
    """How the bot registered its commands."""
    async with stage.playground() as playground, stage.bot(playground):
        (sent,) = playground.backend.traffic.requests("PUT", EVERYWHERE)
    return sent


@pytest.fixture
def commands(exchange: Exchange) -> list[Json]:
    return exchange.req


def kind_of(command: Json) -> int:
    return command.get("type") or CHAT_INPUT


def parts_of(node: Json) -> Iterator[Json]:
    """Yield a command, its options at any depth, and their choices."""
    yield node
    for inner in (*(node.get("options") or ()), *(node.get("choices") or ())):
        yield from parts_of(inner)


def translations(part: Json, key: str) -> dict[str, str]:
    return part.get(f"{key}_localizations") or {}


def text_in(part: Json, key: str, language: str) -> str:
    """Return a name or description as a member of that language reads it; "" where there is none."""
    return translations(part, key).get(language) or part.get(key) or ""


def characters_in(command: Json) -> int:
    """Count as Discord does: names, descriptions and values, each in the language where it is longest."""
    size = 0
    for part in parts_of(command):
        for key in ("name", "description"):
            size += max(len(text) for text in (part.get(key) or "", *translations(part, key).values()))
        size += len(str(part.get("value", "")))
    return size


async def test_they_are_what_discords_own_specification_describes(exchange):
    assert exchange.status == 200
    assert specification().faults(exchange) == []


async def test_there_are_no_more_of_a_kind_than_discord_takes(commands):
    for kind, most in MOST_OF_A_KIND.items():
        assert sum(kind_of(command) == kind for command in commands) <= most


async def test_each_has_at_most_so_many_characters_in_its_longest_language(commands):
    sizes = {command["name"]: characters_in(command) for command in commands}
    assert {name: size for name, size in sizes.items() if size > MOST_CHARACTERS} == {}


async def test_nothing_has_more_than_twenty_five_options_or_choices(commands):
    for command in commands:
        for part in parts_of(command):
            assert len(part.get("options") or ()) <= 25
            assert len(part.get("choices") or ()) <= 25


@pytest.mark.parametrize("language", ["en-US", *LANGUAGES])
async def test_names_are_names_in_every_language_and_no_two_are_the_same(commands, language):
    for command in commands:
        if kind_of(command) != CHAT_INPUT:
            assert 1 <= len(text_in(command, "name", language)) <= 32
            continue
        for part in parts_of(command):
            if "type" not in part and part is not command:
                assert 1 <= len(text_in(part, "name", language)) <= 100  # a choice, which is called anything
                continue
            name = text_in(part, "name", language)
            assert NAME.fullmatch(name)
            assert name == name.lower()
            inner = [text_in(one, "name", language) for one in part.get("options") or ()]
            assert len(set(inner)) == len(inner), f"{command['name']}: {inner}"
    for kind in MOST_OF_A_KIND:
        names = [text_in(command, "name", language) for command in commands if kind_of(command) == kind]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("language", ["en-US", *LANGUAGES])
async def test_everything_is_described_in_every_language(commands, language):
    for command in commands:
        if kind_of(command) != CHAT_INPUT:
            assert not command.get("description")
            continue
        for part in parts_of(command):
            if "type" in part or part is command:
                assert 1 <= len(text_in(part, "description", language)) <= 100
                assert text_in(part, "description", language) != "…"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_description_and_no_menu_was_left_untranslated(commands, language):
    missing = []
    for command in commands:
        if kind_of(command) != CHAT_INPUT:
            missing += [command["name"]] * (language not in translations(command, "name"))
            continue
        for part in parts_of(command):
            is_described = bool(part.get("description"))
            if is_described and language not in translations(part, "description"):
                missing.append(f"{command['name']}: {part['description']}")
    assert missing == []


def test_a_limit_can_be_set_for_a_text_channel_a_voice_channels_chat_or_a_forums_posts(commands: list[Json]) -> None:
    (admin,) = (command for command in commands if command["name"] == "admin")
    (change,) = (option for option in admin["options"] if option["name"] == "set")
    (channel,) = (option for option in change["options"] if option["name"] == "channel")
    assert set(channel["channel_types"]) >= {0, 2, 15}
