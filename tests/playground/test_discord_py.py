"""A real discord.py client over real sockets: commands, modals, buttons, files, and its return after a cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import discord
import pytest
import yarl

from playground.faults import Fault
from playground.member import Member
from playground.posting.cdn import Upload
from playground.server import Playground
from tests.playground.sample_bot import SampleBot


@contextlib.asynccontextmanager
async def running(bot: SampleBot, playground: Playground) -> AsyncIterator[None]:
    """Run `bot` against `playground` until the context ends."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bot.start(playground.token))
        await bot.online.wait()
        yield
        await bot.close()


@pytest.fixture
def pointed(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point discord.py at the playground by its three public class attributes."""
    monkeypatch.setattr(discord.http.Route, "BASE", f"{playground.url}/api/v10")
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(playground.backend.gateway_url))
    monkeypatch.setattr(discord.asset.Asset, "BASE", playground.url)


@pytest.fixture
async def bot(playground: Playground, pointed: None, gif: bytes) -> AsyncIterator[SampleBot]:
    bot = SampleBot(gif)
    async with running(bot, playground):
        yield bot


async def test_a_command_is_answered(bot: SampleBot, ada: Member) -> None:
    handle = await ada.slash("/echo text:hello, world: it works")
    message = await handle.response()
    assert message.content == "hello, world: it works"
    assert await handle.acknowledged() < 3000


async def test_options_of_every_kind_arrive(bot: SampleBot, ada: Member, bruno: Member) -> None:
    handle = await ada.slash("/whisper number:3 style:bold loud:True")
    assert (await handle.response()).content == "3 bold True"
    assert [message.content for message in ada.messages] == ["3 bold True"]
    assert bruno.messages == ()


async def test_progress_then_a_picture_then_a_word_in_private(
    bot: SampleBot, ada: Member, bruno: Member, gif: bytes
) -> None:
    handle = await bruno.slash("/draw prompt:a cat")
    drawn = await handle.message_where(lambda message: message.gif is not None)
    await handle.message_where(lambda message: message.ephemeral)
    assert drawn.content == "a cat in it within 10485760"
    assert drawn.gif is not None
    assert (drawn.gif.data, drawn.gif.description) == (gif, "three colours")
    assert [version.content for version in handle.versions][:3] == ["", "a cat 10 %", "a cat 60 %"]
    assert [message.ephemeral for message in bruno.messages] == [False, True]
    assert len(ada.messages) == 1


async def test_buttons_and_selects(bot: SampleBot, ada: Member) -> None:
    handle = await ada.slash("/draw prompt:a cat")
    drawn = await handle.message_where(lambda message: message.gif is not None)
    again = await ada.click(drawn, "Again")
    assert (await again.response()).content == "once more"
    await ada.select(drawn, "Colour", "Coral")
    await handle.message_where(lambda message: message.content == "chosen: coral")
    await ada.click(drawn, "Done")
    done = await handle.message_where(lambda message: message.content == "done")
    assert done.controls == ()


async def test_a_form(bot: SampleBot, ada: Member) -> None:
    modal = await (await ada.slash("/note")).modal()
    assert modal.field("Subject").value == "none"
    sent = await ada.submit_values(modal, {"Subject": "cats", "Body": "two\nlines"})
    message = await sent.response()
    assert (message.content, message.ephemeral) == ("cats/two\nlines", True)


async def test_a_form_opened_by_a_button(bot: SampleBot, ada: Member) -> None:
    handle = await ada.slash("/draw prompt:a cat")
    drawn = await handle.message_where(lambda message: message.gif is not None)
    modal = await (await ada.click(drawn, "Note")).modal()
    assert (await (await ada.submit(modal)).response()).content == "none/"


async def test_autocomplete(bot: SampleBot, ada: Member) -> None:
    choices = await ada.autocomplete("/paint colour:c")
    assert [choice["name"] for choice in choices] == ["Coral", "Crimson"]


async def test_a_picture_in_an_embed(bot: SampleBot, ada: Member) -> None:
    message = await (await ada.slash("/paint coral")).response()
    assert message.gif is not None
    assert message.embeds[0]["image"]["url"] == message.gif.url


async def test_a_file_from_a_member(bot: SampleBot, ada: Member, gif: bytes) -> None:
    handle = await ada.slash("/look", {"picture": Upload("photo.gif", gif)})
    assert (await handle.response()).content == f"photo.gif 12 {len(gif)}"


async def test_a_message_in_the_bots_own_name(bot: SampleBot, playground: Playground, ada: Member) -> None:
    handle = await ada.slash("/post hello")
    message = await ada.message_where(lambda message: message.content == "hello, edited")
    assert message.gif is not None
    assert message.interaction is None
    await playground.world.news.until(lambda: None if handle.messages else True, 5)


async def test_a_layout(bot: SampleBot, ada: Member) -> None:
    message = await (await ada.slash("/layout")).response()
    assert "# Laid out" in message.text


async def test_what_people_write(bot: SampleBot, ada: Member) -> None:
    ada.say("hello, bot")
    await (await ada.slash("/echo x")).response()
    assert bot.heard[0] == ""  # it did not ask to read what others write


class TestAfterACut:
    async def test_the_session_is_resumed_and_nothing_is_lost(
        self, bot: SampleBot, playground: Playground, ada: Member
    ) -> None:
        playground.gateway.kick(4000)
        await playground.world.news.until(lambda: None if playground.gateway.connected else True, 5)
        handle = await ada.slash("/echo text:while you were away")
        assert (await handle.response()).content == "while you were away"
        assert bot.resumed.is_set()

    async def test_op_7(self, bot: SampleBot, playground: Playground, ada: Member) -> None:
        playground.gateway.ask_to_reconnect()
        await asyncio.wait_for(bot.resumed.wait(), 5)
        assert (await (await ada.slash("/echo x")).response()).content == "x"


class TestThroughTrouble:
    async def test_a_rate_limit_is_waited_out(self, bot: SampleBot, playground: Playground, ada: Member) -> None:
        fault = Fault(method="PATCH", path="/webhooks/", status=429, retry_after=0.05)
        playground.backend.faults.order(fault)
        handle = await ada.slash("/draw prompt:a cat")
        await handle.message_where(lambda message: message.gif is not None)


async def test_a_wrong_token_is_refused(playground: Playground, pointed: None, gif: bytes) -> None:
    async with SampleBot(gif) as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")


async def test_a_privileged_intent_is_refused(playground: Playground, pointed: None, gif: bytes) -> None:
    async with SampleBot(gif, discord.Intents(message_content=True)) as bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(playground.token)
