"""An evening on a server: one bot, one engine, several members, and most of what they do."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from tests.scenarios.conftest import PATIENCE, frames_in, gif_of, gifs_posted, house, message_with

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(tmp_path_factory):
    async with house(tmp_path_factory.mktemp("evening")) as server:
        yield server


async def test_three_commands_at_once_become_three_gifs_each_posted_once(server):
    handles = [
        await server.ada.slash("/giro stages:a road by the sea | 3; a town | 3 seed:1"),
        await server.ada.slash("/morph source:sea target:town frames:4 seed:2"),
        await server.bruno.slash("/zoom prompt:a road by the sea frames:5 focus:below seed:3"),
    ]
    gifs = await asyncio.gather(*map(gif_of, handles))
    assert [frames_in(gif) for gif in gifs] == [6, 6, 5]
    assert sorted(gifs_posted(server.playground)) == ["giro-1.gif", "morph-2.gif", "zoom-3.gif"]
    for handle in handles:
        (message,) = handle.messages
        assert not message.mentions
        assert message.content.count("```") == 2


async def test_the_line_under_a_gif_makes_the_very_same_gif_again(server):
    first = await server.ada.slash("/morph source:sea target:town frames:4")
    gif = await gif_of(first)
    line = first.messages[0].content.split("```")[1].strip()
    assert await gif_of(await server.bruno.slash(line)) == gif


async def test_again_makes_another_one(server):
    first = await server.ada.slash("/morph source:sea target:town frames:3 seed:5")
    gif = await gif_of(first)
    again = await gif_of(await server.bruno.click(first.messages[0], "Again"))
    assert again != gif
    assert frames_in(again) == 4


async def test_the_form_takes_what_is_typed_into_it(server):
    modal = await (await server.ada.slash("/giro loop:False seed:6")).modal()
    handle = await server.ada.submit_values(modal, {modal.fields[0].custom_id: "a road | 2\na town | 2"})
    assert frames_in(await gif_of(handle)) == 4
    assert "loop:False seed:6" in handle.messages[0].content


async def test_a_small_upload_limit_is_kept(server):
    limit = 16_000
    handle = await server.ada.stating(limit).slash("/giro stages:a road by the sea | 8; a town | 8 seed:7")
    gif = await gif_of(handle)
    assert len(gif) <= limit


async def test_what_the_model_cannot_take_is_refused_and_nothing_is_queued(server):
    handle = await server.ada.slash(f"/morph source:{'sea ' * 14}x target:town prompt:{'a road by the sea ' * 16} {{}}")
    note = await handle.message_where(lambda message: message.ephemeral and not message.loading, timeout=PATIENCE)
    assert "at most" in note.content
    assert [message.ephemeral for message in handle.messages] == [True]
    queue = await (await server.ada.slash("/queue")).response()
    assert queue.content == "Nothing is running or waiting here."


async def test_a_running_job_can_be_watched_and_called_off(server):
    handle = await server.ada.slash("/zoom prompt:a road frames:300 seed:8")
    running = await message_with(handle, " % · frame ")
    queue = await (await server.bruno.slash("/queue")).response()
    assert "▶ **zoom: a road** · Ada" in queue.content
    await server.ada.click(running, "Cancel")
    cancelled = await message_with(handle, "Cancelled.")
    assert cancelled.attachments == ()
    queue = await (await server.bruno.slash("/queue")).response()
    assert queue.content == "Qui non c'è nulla in lavorazione né in attesa."  # Bruno is Italian


async def test_the_death_of_the_engine_is_said_and_the_job_completes(server):
    handle = await server.ada.slash("/zoom prompt:a road frames:60 seed:10")
    await message_with(handle, " % · frame ")
    server.kill_engine()
    await message_with(handle, "The engine stopped; starting it again, ", " kept.")
    during = await server.bruno.slash("/morph source:sea target:town frames:3 seed:11")
    assert frames_in(await gif_of(handle)) == 60
    assert frames_in(await gif_of(during)) == 4
    assert gifs_posted(server.playground).count("zoom-10.gif") == 1


async def test_commands_are_acknowledged_quickly_while_the_engine_is_busy(server):
    """The 99th percentile over 200 commands; members' own limits turn most of them down after the acknowledgement."""
    busy = await server.ada.slash("/zoom prompt:a road frames:400 seed:9")
    running = await message_with(busy, " % · frame ")
    handles, milliseconds = [], []
    for number in range(200):
        member = (server.ada, server.bruno)[number % 2]
        command = "/queue" if number % 4 == 0 else f"/morph source:sea target:town frames:300 seed:{number}"
        handles.append(await member.slash(command))
        milliseconds.append(await handles[-1].acknowledged())
    assert sorted(milliseconds)[197] < 250
    await asyncio.gather(*(handle.response(timeout=PATIENCE) for handle in handles))
    await server.ada.click(running, "Cancel")
