"""/recipe: out as a file, in as a render, and nothing but a recipe."""

from __future__ import annotations

import json
from unittest import mock

import aiohttp
import msgspec
import pytest

from cogs.i18n.language import language_of
from cogs.renders.recipe_file import MOST_BYTES, file_of, parse_recipe_file, upload_of
from engine.errors import MemberError
from engine.recipe.recipe import Giro, Stage, Zoom, to_json
from engine.recipe.settings import Overrides
from playground.posting.cdn import Upload
from tests.cogs.conftest import has_gif, is_note
from tests.cogs.delivery.test_result import record_of
from tests.cogs.renders.test_remix import rendered
from tests.fakes.shares import share

ZOOM = Zoom(seed=3, prompt="a street at night", negative="cars", frames=30)


class TestFiles:
    def test_what_goes_out_comes_in_with_its_settings(self):
        record = record_of(ZOOM)
        data = upload_of(file_of(record), language_of(None)).data
        assert parse_recipe_file(data).recipe == record.plan.recipe
        assert json.loads(data)["model"] == "fake-model-1"

    def test_a_recipe_alone_is_taken_as_well(self):
        assert parse_recipe_file(to_json(ZOOM).encode()).recipe == ZOOM

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"GIF89a", "no valid JSON"),
            (b"\xff\xfe", "no valid JSON"),
            (b"[]", "must be a table of keys and values"),
            (b'{"recipe": {"kind": "zoom", "seed": 1, "prompt": "a", "colour": "red"}}', "unknown key `colour`"),
            (b'{"recipe": {"kind": "zoom", "seed": 1, "prompt": "a"}, "token": "x"}', "unknown key “token”"),
            (b'{"recipe": {"kind": "zoom", "seed": -1, "prompt": "a"}}', "seed must be between"),
            (b'{"recipe": {"kind": "zoom", "version": 9}}', "version 9"),
            (
                b'{"recipe": {"kind": "zoom", "seed": 1, "prompt": "a"}, "model": {}}',
                "model in the file must be a name",
            ),
            (b"[" * MOST_BYTES, "nested too deeply"),
            (b'{"recipe": ' * 5000 + b"1" + b"}" * 5000, "nested too deeply"),
            (b'{"recipe": {"kind": "zoom", "seed": 1e999, "prompt": "a"}}', "no valid JSON"),
            (b'{"recipe": {"kind": "zoom", "seed": 1, "prompt": "a\\ud800"}}', "no valid JSON"),
            (b'{"recipe": {"kind": "%s", "seed": 1}}' % (b"x" * 60_000), "must be one of giro, morph, zoom"),
            (b'{"recipe": {"version": "%s"}}' % (b"x" * 60_000), "is of version 'x"),
            (b'{"recipe": {"kind": "zoom", "seed": 1, "%s": 1}}' % (b"x" * 60_000), "unknown key `x"),
            (b'{"recipe": {"kind": "variations", "of": {"kind": "variations"}, "seeds": [1, 2, 3, 4]}}', "one of"),
        ],
    )
    def test_anything_else_is_refused_with_what_is_wrong(self, data, sentence):
        with pytest.raises(MemberError) as refusal:
            parse_recipe_file(data)
        assert sentence in str(refusal.value)
        assert len(str(refusal.value)) < 1000

    def test_what_an_editor_has_put_in_front_is_passed_over(self):
        assert parse_recipe_file(b"\xef\xbb\xbf" + to_json(ZOOM).encode()).recipe == ZOOM


class TestCommands:
    async def test_the_last_render_of_the_channel_is_exported_and_can_be_brought_back(self, theatre):
        _, first = await rendered(theatre)
        note = await (await theatre.bruno.slash("/recipe export")).message_where(lambda m: m.attachments)
        (file,) = note.attachments
        assert (note.ephemeral, file.filename) == (True, "morph-1234.json")
        assert parse_recipe_file(file.data).recipe == first.recipe
        handle = await theatre.bruno.slash("/recipe import", {"file": Upload("mine.json", file.data)})
        job = await theatre.engine.wait_next()
        theatre.engine.finish(job.id)
        await handle.message_where(has_gif)
        assert msgspec.structs.replace(job.recipe, settings=first.recipe.settings) == first.recipe

    async def test_settings_of_another_model_are_left_out_and_that_is_said(self, theatre):
        recipe = msgspec.structs.replace(ZOOM, settings=Overrides(steps=77))
        for model, is_kept in (("fake-model-1", True), (None, True), ("another-model", False)):
            file = msgspec.json.encode({"recipe": recipe, "model": model})
            handle = await theatre.bruno.slash("/recipe import", {"file": Upload("mine.json", file)})
            job = await theatre.engine.wait_next()
            assert (job.recipe.settings.steps == 77) == is_kept
            theatre.engine.finish(job.id)
            message = await handle.message_where(has_gif)
            assert ("another-model" in message.content) == (not is_kept)

    async def test_ones_own_renders_are_offered_and_others_are_not(self, theatre):
        _, first = await rendered(theatre)
        assert [choice["value"] for choice in await theatre.ada.autocomplete("/recipe export render:skunk")] == [
            first.id
        ]
        assert await theatre.bruno.autocomplete("/recipe export render:skunk") == []

    async def test_what_is_shared_is_found_by_its_words_however_old(self, theatre):
        old = share(Giro(stages=(Stage("a road", 4), Stage("a zebra", 4)), seed=7), server=theatre.ada.channel.guild_id)
        await theatre.store.shares.add(old)
        for number in range(25):
            await theatre.store.shares.add(share(f"a road {number}", server=theatre.ada.channel.guild_id))
        assert len(await theatre.ada.autocomplete("/recipe export render:")) == 25
        (found,) = await theatre.ada.autocomplete("/recipe export render:a zeb")
        assert (found["value"], found["name"]) == (old.id, f"giro: a road · 7, by {old.member.name}")

    @pytest.mark.parametrize(
        ("command", "sentence"),
        [
            ("/recipe export", "Nothing was rendered in this channel lately"),
            ("/recipe export render:a street", "There is no render “a street”"),
            ("/recipe export render:0123456789abcdef", "not remembered any more"),
        ],
    )
    async def test_what_is_not_there_is_said(self, theatre, command, sentence):
        note = await (await theatre.ada.slash(command)).message_where(is_note)
        assert sentence in note.content

    async def test_too_large_a_file_is_not_even_fetched(self, theatre):
        upload = Upload("large.json", b" " * (MOST_BYTES + 1))
        note = await (await theatre.ada.slash("/recipe import", {"file": upload})).message_where(is_note)
        assert "at most 64 KiB; this one has 65" in note.content

    async def test_a_file_that_the_network_does_not_bring_is_to_be_attached_again(self, theatre, monkeypatch):
        failure = mock.AsyncMock(side_effect=aiohttp.ClientConnectionError())
        monkeypatch.setattr("discord.Attachment.read", failure)
        upload = Upload("mine.json", to_json(ZOOM).encode())
        note = await (await theatre.ada.slash("/recipe import", {"file": upload})).message_where(is_note)
        assert note.content == "Discord did not give the file away; attach it again."

    async def test_what_is_brought_is_held_to_the_limits(self, theatre):
        recipe = msgspec.structs.replace(ZOOM, frames=999)
        await theatre.ada.slash("/recipe import", {"file": Upload("mine.json", to_json(recipe).encode())})
        assert (await theatre.engine.wait_next()).recipe.frames == 400
