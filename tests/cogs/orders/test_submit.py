"""Where one may order: a button makes nothing where whoever presses it may not write."""

from __future__ import annotations

import pytest

from playground.world.permissions import Permission
from tests.cogs.community import EVERYBODY
from tests.cogs.conftest import is_note
from tests.cogs.renders.test_remix import GIRO, MORPH, delivered, rendered

REFUSAL = "In this channel you may not write"


@pytest.fixture
async def theatre(stage):
    async with stage.playground(members=EVERYBODY) as playground, stage.bot(playground) as theatre:
        yield theatre


def silence(theatre, permission=Permission.SEND_MESSAGES):
    """Let Bruno read in the first channel, and press what stands there, but not write."""
    theatre.playground.world.deny(theatre.bruno.channel, theatre.bruno.user, permission)


class TestWhereOneMayOnlyRead:
    @pytest.mark.parametrize("label", ["Again", "Variations", "Remix", "Extend"])
    async def test_a_button_makes_nothing_and_says_where_to_go(self, theatre, label):
        message, _ = await rendered(theatre, GIRO)
        silence(theatre)
        handle = await theatre.bruno.click(message, label)
        note = await handle.message_where(is_note)
        assert note.content.startswith(REFUSAL)
        assert "/gallery" in note.content
        assert all(one.ephemeral for one in handle.messages)
        assert len(theatre.engine.added) == 1

    async def test_nor_does_one_on_a_note_that_only_they_see(self, theatre):
        message, job = await rendered(theatre)
        await (await theatre.ada.click(message, "Share")).message_where(is_note)
        silence(theatre)
        page = await (await theatre.bruno.slash("/gallery")).message_where(lambda m: m.control("Variations"))
        note = await (await theatre.bruno.click(page, "Variations")).message_where(is_note)
        assert note.content.startswith(REFUSAL)
        assert [one.id for one in theatre.engine.added] == [job.id]

    async def test_a_messages_own_menu_opens_no_form_either(self, theatre):
        message, _ = await rendered(theatre)
        silence(theatre)
        note = await (await theatre.bruno.context("Remix this render", message)).message_where(is_note)
        assert note.content.startswith(REFUSAL)

    async def test_a_form_that_was_open_when_the_channel_was_closed_is_refused_and_kept(self, theatre):
        message, _ = await rendered(theatre, MORPH)
        form = await (await theatre.bruno.click(message, "Remix")).modal()
        silence(theatre)
        note = await (await theatre.bruno.submit(form, words="frog → prince")).message_where(is_note)
        assert note.content.startswith(REFUSAL)
        assert len(theatre.engine.added) == 1
        theatre.playground.world.allow(theatre.bruno.channel, theatre.bruno.user)
        again = await (await theatre.bruno.click(note, "Correct it")).modal()
        assert again.field("words").value == "frog → prince"

    async def test_a_command_is_the_servers_to_allow(self, theatre):
        silence(theatre)
        await theatre.bruno.slash(MORPH)
        assert (await theatre.engine.wait_added(1)).recipe.target == "puppy"


class TestWhereOneMayWrite:
    @pytest.mark.parametrize(
        ("denied", "is_made"),
        [(Permission.SEND_MESSAGES, True), (Permission.SEND_MESSAGES_IN_THREADS, False)],
    )
    async def test_a_thread_has_a_permission_of_its_own(self, theatre, denied, is_made):
        thread = theatre.playground.open_thread(theatre.ada.channel, "talk")
        message, _ = await rendered(theatre, MORPH, theatre.ada.at(thread))
        silence(theatre, denied)
        handle = await theatre.bruno.at(thread).click(message, "Again")
        if is_made:
            await delivered(theatre, handle)
        else:
            assert (await handle.message_where(is_note)).content.startswith(REFUSAL)

    async def test_in_private_nobody_gives_permissions(self, theatre):
        message, _ = await rendered(theatre, MORPH, theatre.bruno.in_private)
        await delivered(theatre, await theatre.bruno.in_private.click(message, "Again"))
