"""An Italian member is spoken to in Italian, whoever else reads along, and copies commands as everybody does."""

from __future__ import annotations

import pytest

from playground.world.settings import MemberSettings
from tests.cogs.conftest import has_gif, is_note, says

MEMBERS = (MemberSettings(name="Ada"), MemberSettings(name="Bruno", locale="it"))


@pytest.fixture
async def italy(stage):
    async with stage.playground(members=MEMBERS) as playground, stage.bot(playground) as theatre:
        yield theatre


async def test_progress_and_result_are_in_the_language_of_whoever_asked(italy):
    handle = await italy.bruno.slash("/morph source:skunk target:puppy frames:9 seed:1234")
    job = await italy.engine.wait_added(1)
    italy.engine.progress(job.id, 3)
    running = await handle.message_where(says("fotogramma 3 di 9"))
    assert [control["label"] for control in running.controls] == ["Annulla"]
    italy.engine.finish(job.id)
    done = await handle.message_where(has_gif)
    assert "**Metamorfosi** skunk → puppy" in done.content
    assert "9 fotogrammi · creata in" in done.content
    assert done.content.split("```")[1].strip() == "/morph source:skunk target:puppy frames:9 seed:1234"


async def test_a_refusal_is_translated_to_its_last_part(italy):
    handle = await italy.bruno.slash("/morph source:skunk target:puppy prompt:nothing")
    note = await handle.message_where(is_note)
    assert note.content.startswith("Il prompt deve contenere {} esattamente una volta")


async def test_the_form_is_in_italian(italy):
    modal = await (await italy.bruno.slash("/giro")).modal()
    assert modal.title == "Le tappe del tuo giro"


async def test_an_english_member_beside_them_reads_english(italy):
    await italy.bruno.slash("/morph skunk puppy")
    await italy.engine.wait_added(1)
    note = await (await italy.ada.slash("/queue")).message_where(is_note)
    assert "morph: skunk → puppy" in note.content
    assert note.content.endswith("time left: measuring")


async def test_the_language_of_an_answer_outlives_a_restart(stage):
    async with stage.playground(members=MEMBERS) as playground:
        async with stage.bot(playground) as before:
            handle = await before.bruno.slash("/morph skunk puppy")
            await before.engine.wait_added(1)
        async with stage.bot(playground) as after:
            job = await after.engine.wait_added(1)
            after.engine.fail(job.id, "The engine is not available at the moment.")
            await handle.message_where(says("Al momento il motore non è disponibile."))
