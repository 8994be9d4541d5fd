"""Remix, extend, variations and origins: for whoever may see a render, also after a restart."""

from __future__ import annotations

import time

import msgspec
import pytest

from engine.errors import StorageError
from engine.recipe.recipe import Giro, Morph, Stage, Variations
from playground.world.settings import GuildSettings
from studio.gallery.history import MAX_LINEAGE
from tests.cogs.conftest import has_gif, is_note, says

MORPH = "/morph source:skunk target:puppy frames:9 seed:1234"
GIRO = "/giro stages:a road | 6; a hill | 6 seed:7"


async def rendered(theatre, command=MORPH, member=None, picture=b"GIF89a-of-a-test"):
    """Order, render and deliver; return the message and its job."""
    handle = await (member or theatre.ada).slash(command)
    return await delivered(theatre, handle, picture)


async def delivered(theatre, handle, picture=b"GIF89a-of-a-test"):
    job = await theatre.engine.wait_next()
    theatre.engine.finish(job.id, picture)
    message = await handle.message_where(lambda message: message.control("Remix") is not None)
    await theatre.engine.wait_forgotten(job.id)
    return message, job


class TestRow:
    @pytest.mark.parametrize(
        ("command", "labels"),
        [(GIRO, ["Again", "Remix", "Extend", "Variations"]), (MORPH, ["Again", "Remix", "Variations"])],
    )
    async def test_a_result_offers_what_can_be_done_with_it(self, theatre, command, labels):
        message, _ = await rendered(theatre, command)
        assert [control["label"] for control in message.controls][: len(labels)] == labels

    async def test_a_failed_one_can_be_tried_again_or_changed(self, theatre):
        handle = await theatre.ada.slash(MORPH)
        theatre.engine.fail((await theatre.engine.wait_next()).id, "It broke.")
        message = await handle.message_where(says("It broke."))
        assert [control["label"] for control in message.controls] == ["Again", "Remix"]


class TestRemix:
    async def test_the_form_holds_the_recipe_and_what_is_changed_is_made_for_whoever_sends_it(self, theatre):
        message, first = await rendered(theatre)
        modal = await (await theatre.bruno.click(message, "Remix")).modal()
        assert {field.custom_id: field.value for field in modal.fields} == {
            "words": "skunk → puppy",
            "prompt": "a picture of a {}",
            "frames": "9, andata e ritorno",
            "negative": "",
            "seed": "1234",
        }
        handle = await theatre.bruno.submit(modal, words="frog → prince", negative="crown")
        second, job = await delivered(theatre, handle)
        assert isinstance(job.recipe, Morph)
        assert (job.recipe.source, job.recipe.target, job.recipe.negative) == ("frog", "prince", "crown")
        assert (job.owner, job.base) == (theatre.bruno.user.id, first.id)
        (lineage,) = (line for line in second.content.splitlines() if line.startswith("-# ↳"))
        assert "remix di" in lineage and "skunk → puppy" in lineage and "**Ada**" in lineage, "Bruno speaks Italian"
        assert lineage.endswith(f"/{message.channel_id}/{message.id})")
        assert (await theatre.studio.history.record(job.id)).parent == first.id

    async def test_how_a_giro_goes_is_chosen_from_a_list(self, theatre):
        message, first = await rendered(theatre, GIRO)
        modal = await (await theatre.ada.click(message, "Remix")).modal()
        handle = await theatre.ada.submit(modal, course=["parallel once"], stages="a road | none")
        note = await handle.message_where(is_note)
        again = await (await theatre.ada.click(note, "Correct it")).modal()
        await theatre.ada.submit(again, stages="a road | 4")
        recipe = (await theatre.engine.wait_next()).recipe
        assert (recipe.loop, recipe.mode) == (False, "parallel")
        assert (first.recipe.loop, first.recipe.mode) == (True, "chain")

    async def test_a_form_with_something_wrong_is_corrected_rather_than_typed_again(self, theatre):
        message, _ = await rendered(theatre)
        modal = await (await theatre.ada.click(message, "Remix")).modal()
        note = await (await theatre.ada.submit(modal, words="frog", negative="crown")).message_where(is_note)
        assert "Say what it becomes" in note.content
        again = await (await theatre.ada.click(note, "Correct it")).modal()
        assert (again.field("words").value, again.field("negative").value) == ("frog", "crown")
        handle = await theatre.ada.submit(again, words="frog → prince")
        assert (await delivered(theatre, handle))[1].recipe.target == "prince"

    async def test_a_form_that_is_open_while_the_bot_restarts_is_taken_after_it(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                message, first = await rendered(before)
                modal = await (await before.ada.click(message, "Remix")).modal()
            async with stage.bot(playground) as after:
                await after.ada.submit(modal, words="frog → prince")
                job = await after.engine.wait_added(1)
                assert (job.recipe.source, job.base) == ("frog", first.id)

    async def test_what_a_refused_form_held_is_there_after_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                message, _ = await rendered(before)
                modal = await (await before.ada.click(message, "Remix")).modal()
                note = await (await before.ada.submit(modal, frames="many", negative="crown")).message_where(is_note)
            async with stage.bot(playground) as after:
                again = await (await after.ada.click(note, "Correct it")).modal()
                assert (again.field("frames").value, again.field("negative").value) == ("many", "crown")

    async def test_each_member_corrects_their_own(self, theatre):
        message, _ = await rendered(theatre)
        notes = {}
        for who in (theatre.ada, theatre.bruno):
            modal = await (await who.click(message, "Remix")).modal()
            refused = await who.submit(modal, words=f"frog of {who.user.name}")
            notes[who.user.name] = (who, await refused.message_where(is_note))
        for name, (who, note) in notes.items():
            button = next(control["label"] for control in note.controls)
            again = await (await who.click(note, button)).modal()
            assert again.field("words").value == f"frog of {name}"

    async def test_once_it_is_not_kept_any_more_a_correction_begins_with_the_recipe(self, theatre):
        message, _ = await rendered(theatre)
        modal = await (await theatre.ada.click(message, "Remix")).modal()
        note = await (await theatre.ada.submit(modal, frames="many")).message_where(is_note)
        await theatre.store.forms.prune(time.time() + 1)
        again = await (await theatre.ada.click(note, "Correct it")).modal()
        assert again.field("frames").value == "9, there and back"

    async def test_what_is_wrong_is_said_although_nothing_can_be_kept(self, theatre, monkeypatch, caplog):
        async def full(*given):
            raise StorageError("The disk is full.")

        message, _ = await rendered(theatre)
        modal = await (await theatre.ada.click(message, "Remix")).modal()
        monkeypatch.setattr(theatre.store.forms, "keep", full)
        note = await (await theatre.ada.submit(modal, words="frog")).message_where(is_note)
        assert "Say what it becomes" in note.content
        assert not note.controls
        assert "The disk is full." in caplog.text

    async def test_of_a_render_from_another_server_nothing_is_said(self, stage):
        guilds = (GuildSettings(name="One"), GuildSettings(name="Two"))
        async with stage.playground(guilds=guilds) as playground, stage.bot(playground) as theatre:
            bruno = playground.member("Bruno").at(_channel(playground, playground.guild("One")))
            ada = playground.member("Ada").at(_channel(playground, playground.guild("Two")))
            _, secret = await rendered(theatre, "/morph source:a target:b frames:9 seed:1", bruno)
            message, own = await rendered(theatre, MORPH, ada)
            modal = await (await ada.click(message, "Remix")).modal()
            modal.data["custom_id"] = modal.data["custom_id"].replace(own.id, secret.id)
            note = await (await ada.submit(modal)).message_where(is_note)
            assert "not remembered any more" in note.content
            assert len(theatre.engine.added) == 2


def _channel(playground, guild):
    return next(channel for channel in playground.world.channels.values() if channel.guild_id == guild.id)


class TestExtend:
    async def test_the_next_stage_is_asked_for_and_rendering_goes_on_from_what_exists(self, theatre):
        message, first = await rendered(theatre, GIRO)
        modal = await (await theatre.ada.click(message, "Extend")).modal()
        handle = await theatre.ada.submit(modal, stage="a town | 5")
        _, job = await delivered(theatre, handle)
        assert isinstance(job.recipe, Giro)
        assert job.recipe.stages == (Stage("a road", 6), Stage("a hill", 6), Stage("a town", 5))
        assert (job.base, job.recipe.seed, job.recipe.settings) == (first.id, 7, first.recipe.settings)

    async def test_a_stage_that_cannot_be_read_is_corrected(self, theatre):
        message, _ = await rendered(theatre, GIRO)
        modal = await (await theatre.ada.click(message, "Extend")).modal()
        note = await (await theatre.ada.submit(modal, stage="a town | none")).message_where(is_note)
        again = await (await theatre.ada.click(note, "Correct it")).modal()
        assert again.field("stage").value == "a town | none"


class TestVariations:
    async def test_four_seeds_come_as_a_sheet_and_one_of_them_in_full(self, theatre):
        message, first = await rendered(theatre)
        sheet, job = await delivered(theatre, await theatre.ada.click(message, "Variations"), b"\x89PNG-of-a-test")
        assert isinstance(job.recipe, Variations) and job.recipe.of == first.recipe
        assert len(set(job.recipe.seeds)) == 4
        (attachment,) = sheet.attachments
        assert attachment.filename == f"variations-{job.recipe.seed}.png"
        assert "Contact sheet" in attachment.description
        assert all(f"{number}: {seed}" in sheet.content for number, seed in enumerate(job.recipe.seeds, 1))
        assert [control["label"] for control in sheet.controls] == ["1", "2", "3", "4", "Four others", "Remix", "Share"]
        _, full = await delivered(theatre, await theatre.ada.click(sheet, "3"))
        assert full.recipe == msgspec.structs.replace(first.recipe, seed=job.recipe.seeds[2])
        assert full.base == job.id

    async def test_four_others_are_of_the_same(self, theatre):
        message, _ = await rendered(theatre)
        sheet, job = await delivered(theatre, await theatre.ada.click(message, "Variations"))
        _, other = await delivered(theatre, await theatre.ada.click(sheet, "Four others"))
        assert isinstance(other.recipe, Variations) and other.recipe.of == job.recipe.of
        assert not set(other.recipe.seeds) & set(job.recipe.seeds)

    async def test_the_numbers_work_after_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                message, _ = await rendered(before)
                sheet, job = await delivered(before, await before.ada.click(message, "Variations"))
            async with stage.bot(playground) as after:
                await after.ada.click(sheet, "4")
                assert (await after.engine.wait_added(1)).recipe.seed == job.recipe.seeds[3]


class TestMenus:
    async def test_a_render_is_remixed_from_its_messages_menu(self, theatre):
        message, first = await rendered(theatre)
        modal = await (await theatre.bruno.context("Remix this render", message)).modal()
        await theatre.bruno.submit(modal, words="frog → prince")
        assert (await theatre.engine.wait_next()).base == first.id

    async def test_who_made_it_when_how_and_from_what(self, theatre):
        message, _ = await rendered(theatre)
        modal = await (await theatre.bruno.click(message, "Remix")).modal()
        second, _ = await delivered(theatre, await theatre.bruno.submit(modal, seed="77", negative="crown"))
        note = await (await theatre.ada.context("Who made this?", second)).message_where(is_note)
        said = note.content.replace("\\", "")
        for part in (
            "**Bruno**",
            "<t:",
            "seed 77",
            "fake-model-1",
            "crown",
            "remixed from morph: skunk → puppy by **Ada**",
        ):
            assert part in said

    async def test_of_a_long_line_as_much_is_told_as_there_is_room_for(self, theatre):
        message, _ = await rendered(
            theatre, f"/morph source:{'*' * 60} target:{'_' * 60} prompt:{'~' * 298}{{}} seed:1"
        )
        for _ in range(MAX_LINEAGE - 1):
            message, _ = await delivered(theatre, await theatre.ada.click(message, "Again"))
        note = await (await theatre.ada.context("Who made this?", message)).message_where(is_note)
        *told, last = [line for line in note.content.splitlines() if line.startswith("-# ↳")]
        assert told and all("another seed of" in line for line in told)
        assert last == f"-# ↳ and {MAX_LINEAGE - 1 - len(told)} more before that"
        message, _ = await delivered(theatre, await theatre.ada.click(message, "Again"))
        note = await (await theatre.ada.context("Who made this?", message)).message_where(is_note)
        assert note.content.splitlines()[-1] == "-# ↳ and more before that"

    async def test_another_seed_of_the_same_is_no_remix(self, theatre):
        message, _ = await rendered(theatre)
        again, _ = await delivered(theatre, await theatre.bruno.click(message, "Again"))
        note = await (await theatre.ada.context("Who made this?", again)).message_where(is_note)
        assert "another seed of morph: skunk → puppy by **Ada**" in note.content.replace("\\", "")

    async def test_a_preview_knows_its_maker_too(self, theatre):
        handle = await theatre.ada.slash(MORPH)
        message = await handle.message_where(lambda message: message.control("Cancel") is not None)
        note = await (await theatre.bruno.context("Who made this?", message)).message_where(is_note)
        assert "**Ada**" in note.content

    @pytest.mark.parametrize("menu", ["Remix this render", "Who made this?"])
    async def test_of_a_message_without_a_render_it_says_so(self, theatre, menu):
        message = theatre.ada.say("tappa:remix:0123456789abcdef")
        note = await (await theatre.ada.context(menu, message)).message_where(is_note)
        assert note.content == "There is no render of mine in this message; try it on one that I posted."


async def test_again_makes_lineage_too(theatre):
    message, first = await rendered(theatre)
    _, job = await delivered(theatre, await theatre.bruno.click(message, "Again"))
    assert job.base == first.id
    assert has_gif(theatre.playground.world.messages[message.id])
