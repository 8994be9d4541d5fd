"""The showcase: once what is liked enough, in the server it is of, whatever happens in between."""

from __future__ import annotations

import asyncio
import functools
from contextlib import asynccontextmanager

import pytest

from playground.faults import Fault
from playground.world.permissions import Permission
from playground.world.settings import GuildSettings
from studio.store import Member, Render
from tests.cogs.community import channel_of, hung, in_channel, server, vote
from tests.cogs.markdown import plain
from tests.fakes.engine import GIF
from tests.fakes.shares import share

WRITTEN = "SELECT 1 FROM announcements WHERE message IS NOT NULL"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("cogs.gallery.vote_counts.DELAY_SECONDS", 0.05)


@asynccontextmanager
async def showcase(stage, votes):
    """Run the bot with a showcase that takes what has so many votes."""
    async with (
        server(stage) as (playground, bot),
        bot(showcase_channel=channel_of(playground), showcase_votes=votes) as theatre,
    ):
        yield theatre


async def ready(theatre):
    """Wait until the bot has made up for what was left over at its start: it says then what it is doing."""
    world = theatre.playground.world
    await world.news.until(lambda: world.activity or None, 10)


async def shown(theatre):
    """Return the message in the showcase, once it is there and written down as posted."""
    channel = theatre.playground.channel("animations")
    message = await theatre.ada.at(channel).message_where(lambda one: one.author.id == theatre.app_id)
    announced = functools.partial(theatre.store.announcements.find, "showcase", channel.guild_id, _about(message))
    while (await announced()).message is None:  # noqa: ASYNC110  # the store tells nobody when it is written
        await asyncio.sleep(0.01)
    return message


def _about(message):
    return next(control["custom_id"] for control in message.controls if "vote" in control["custom_id"]).split(":")[-1]


async def test_what_gets_the_votes_is_posted_with_its_picture_and_buttons(stage):
    async with (
        server(stage) as (playground, bot),
        bot(showcase_channel=channel_of(playground), showcase_votes=2) as theatre,
    ):
        one = await hung(theatre, parent="f" * 16, parent_maker="Dora")
        await vote(theatre, one, "Bruno")
        assert in_channel(theatre) == []
        await vote(theatre, one, "Chiara")
        message = await shown(theatre)
        assert "**Zoom** into a road" in message.content
        assert "by Ada" in message.content
        assert "by Dora" in message.content
        assert message.gif is not None
        assert [control["label"] for control in message.controls] == ["Remix", "Again", "Vote · 2", "Save"]


async def test_the_count_there_stays_true_and_it_is_not_posted_again(stage):
    async with (
        server(stage) as (playground, bot),
        bot(showcase_channel=channel_of(playground), showcase_votes=1) as theatre,
    ):
        one = await hung(theatre)
        await vote(theatre, one, "Bruno")
        message = await shown(theatre)
        await vote(theatre, one, "Chiara")
        channel = theatre.playground.channel("animations")
        await theatre.ada.at(channel).message_where(lambda now: now.id == message.id and now.control("Vote · 2"))
        await vote(theatre, one, "Chiara", "Chiara")
        assert len(in_channel(theatre)) == 1


async def test_a_vote_that_a_crash_kept_from_being_posted_is_made_up_for_at_the_start(stage):
    async with server(stage) as (playground, bot):
        async with bot() as theatre:
            one = await hung(theatre)
            await theatre.store.shares.vote(one.id, "1")
        async with bot(showcase_channel=channel_of(playground), showcase_votes=1) as theatre:
            assert _about(await shown(theatre)) == one.id


async def test_one_that_was_posted_but_not_written_down_is_found_again_however_much_was_said_before_it(stage):
    async with server(stage, nonce_seconds=0) as (playground, bot):
        settings = {"showcase_channel": channel_of(playground), "showcase_votes": 1}
        async with bot(**settings) as theatre:
            one = await hung(theatre)
            for number in range(150):
                theatre.bruno.at(playground.channel("animations")).say(f"number {number}")
            await vote(theatre, one, "Bruno")
            message = await shown(theatre)
            await theatre.store._database.rows("UPDATE announcements SET channel = NULL, message = NULL")
        async with bot(**settings) as theatre:
            assert (await shown(theatre)).id == message.id
            assert len(in_channel(theatre)) == 1


async def test_a_server_that_is_slow_to_take_what_was_missed_holds_up_no_other(stage):
    guilds = tuple(GuildSettings(name=name) for name in ("One", "Two"))
    async with server(stage, guilds=guilds) as (playground, bot):
        slow, quick = (playground.channel("animations", playground.guild(name)) for name in ("One", "Two"))
        async with bot() as theatre:
            for place in (slow, quick):
                one = share("a road", member=Member(id="1", name="Ada"), server=place.guild_id)
                await theatre.store.shares.add(one)
                await theatre.store.renders.save(one.id, Render(GIF, ".gif"))
                await theatre.store.shares.vote(one.id, "2")
        wait = Fault(method="POST", path=f"/channels/{slow.id}/messages$", status=None, delay_seconds=3.0)
        playground.backend.faults.order(wait)
        tables = {place.guild_id: {"community": {"showcase_channel": place.id}} for place in (slow, quick)}
        async with bot(servers=tables, showcase_votes=1) as theatre:
            await theatre.ada.at(quick).message_where(lambda one: one.author.id == theatre.app_id)
            assert not any(message.author.id == theatre.app_id for message in theatre.ada.at(slow).messages)
            await theatre.ada.at(slow).message_where(lambda one: one.author.id == theatre.app_id)


async def test_a_deleted_share_leaves_the_showcase(stage):
    async with (
        server(stage) as (playground, bot),
        bot(showcase_channel=channel_of(playground), showcase_votes=1) as theatre,
    ):
        one = await hung(theatre)
        await vote(theatre, one, "Bruno")
        await shown(theatre)
        page = await (await theatre.ada.slash("/gallery")).message_where(lambda message: message.control("Delete"))
        await theatre.ada.click(page, "Delete")
        page = await theatre.ada.message_where(lambda now: now.id == page.id and now.control("Delete it for good"))
        await theatre.ada.click(page, "Delete it for good")
        await theatre.playground.world.news.until(lambda: True if not in_channel(theatre) else None, 10)


async def test_one_that_could_not_be_taken_out_is_taken_out_at_the_next_start(stage):
    async with server(stage) as (playground, bot):
        settings = {"showcase_channel": channel_of(playground), "showcase_votes": 1}
        async with bot(**settings) as theatre:
            one = await hung(theatre)
            await vote(theatre, one, "Bruno")
            await shown(theatre)
            await theatre.store.shares.delete(one.id)  # and nobody has heard of it
        async with bot(**settings):
            await playground.world.news.until(lambda: True if not in_channel(theatre) else None, 10)


async def test_what_is_deleted_while_it_is_posted_leaves_at_once(stage):
    async with showcase(stage, votes=1) as theatre:
        await ready(theatre)
        slow = Fault(method="POST", path="/messages", status=None, delay_seconds=0.5)
        theatre.playground.backend.faults.order(slow)
        one = await hung(theatre)
        await vote(theatre, one, "Bruno")
        while not await theatre.store._database.rows("SELECT 1 FROM announcements"):  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.01)
        await theatre.studio.gallery.purge(one.server, one.member.id)
        world = theatre.playground.world
        await world.news.until(lambda: True if in_channel(theatre) else None, 10)
        await world.news.until(lambda: True if not in_channel(theatre) else None, 10)


class TestManyAtOnce:
    """A purge, or the first `keep_shared_days` of an old server, deletes hundreds of shares within a second."""

    MESSAGE = "/channels/{channel_id}/messages/{message_id}"

    @pytest.fixture
    async def house(self, stage):
        """A playground with five shares in the showcase, and the bot to be started again."""
        async with server(stage) as (playground, bot):
            again = functools.partial(bot, showcase_channel=channel_of(playground), showcase_votes=1)
            async with bot() as theatre:
                for _ in range(5):
                    one = await hung(theatre, message=None)
                    await theatre.store.shares.vote(one.id, "1")
            async with again() as theatre:
                while len(await theatre.store._database.rows(WRITTEN)) < 5:  # noqa: ASYNC110  # nobody is told
                    await asyncio.sleep(0.01)
            playground.world.activity = ""  # that bot's
            yield playground, again

    async def purge(self, theatre):
        await theatre.studio.gallery.purge(theatre.ada.channel.guild_id, theatre.ada.user.id)

    async def test_each_is_taken_out_with_one_request(self, house):
        playground, bot = house
        async with bot() as theatre:
            slow = Fault(method="DELETE", path="/messages/", status=None, delay_seconds=0.05, times=100)
            playground.backend.faults.order(slow)
            await self.purge(theatre)
            await playground.world.news.until(lambda: True if not in_channel(theatre) else None, 10)
        assert len(playground.backend.traffic.requests("DELETE", self.MESSAGE)) == 5

    async def test_a_channel_that_refuses_one_is_not_asked_for_the_others(self, house, caplog):
        playground, bot = house
        async with bot() as theatre:
            playground.backend.faults.order(Fault(method="DELETE", path="/messages/", status=403, times=100))
            await self.purge(theatre)
            await asyncio.sleep(1)
            assert len(in_channel(theatre)) == 5
        assert [one.status for one in playground.backend.traffic.requests("DELETE", self.MESSAGE)] == [403]
        assert "is left alone for 10 minutes" in caplog.text

    async def test_nothing_is_tried_where_permissions_are_missing_and_it_is_made_up_for_with_them(self, house, caplog):
        playground, bot = house
        channel = playground.channel("animations")
        playground.deny_bot(channel, Permission.VIEW_CHANNEL)
        async with bot() as theatre:
            await self.purge(theatre)
            while "5 messages in the showcase" not in caplog.text:  # noqa: ASYNC110  # a log tells nobody
                await asyncio.sleep(0.01)
        assert playground.backend.traffic.requests("DELETE", self.MESSAGE) == []
        playground.world.allow(channel, playground.world.bot)
        async with bot() as theatre:
            await playground.world.news.until(lambda: True if not in_channel(theatre) else None, 10)

    async def test_where_history_cannot_be_read_no_votes_are_looked_for(self, house):
        playground, bot = house
        playground.deny_bot(playground.channel("animations"), Permission.READ_MESSAGE_HISTORY)
        async with bot() as theatre:
            await ready(theatre)
            await vote(theatre, (await theatre.store.shares.search(theatre.ada.channel.guild_id, "", 1))[0], "Bruno")
            await asyncio.sleep(0.5)
        assert playground.backend.traffic.requests("GET", self.MESSAGE) == []

    async def test_where_the_votes_of_one_are_refused_those_of_the_others_are_not_looked_for(self, stage, caplog):
        async with server(stage) as (playground, bot), bot() as theatre:
            for message in ("901", "902", "903"):
                await hung(theatre, message=message)
            playground.backend.faults.order(Fault(method="GET", path="/messages/", status=403, times=100))
            await self.purge(theatre)
            while "is left alone" not in caplog.text:  # noqa: ASYNC110  # a log tells nobody
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
        assert len(playground.backend.traffic.requests("GET", self.MESSAGE)) == 1


async def test_a_message_that_was_deleted_is_not_linked_any_more(stage):
    async with server(stage) as (_, bot), bot() as theatre:
        one = await hung(theatre)  # its message never was
        page = await (await theatre.bruno.slash("/gallery")).message_where(lambda m: m.controls)
        assert "where it was posted" in page.content
        await vote(theatre, one, "Bruno")
        while (await theatre.store.shares.get(one.id)).message is not None:  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.01)
        page = await (await theatre.bruno.slash("/gallery")).message_where(lambda m: m.controls)
        assert "where it was posted" not in page.content
        assert page.control("Vote · 1")


async def test_what_is_for_adults_is_not_shown_to_everybody(stage):
    async with showcase(stage, votes=1) as theatre:
        await vote(theatre, await hung(theatre, adults_only=True, nsfw=True), "Bruno")
        await vote(theatre, await hung(theatre, "a house"), "Bruno")
        assert "a house" in (await shown(theatre)).content
        assert len(in_channel(theatre)) == 1


async def test_a_channel_of_another_server_shows_nothing_and_the_admins_are_told_once(stage):
    guilds = tuple(GuildSettings(name=name, channels=("general", "animations", "log")) for name in ("One", "Two"))
    async with server(stage, guilds=guilds) as (playground, bot):
        foreign, log = playground.channel("animations", playground.guild("Two")), channel_of(playground, "log")
        async with bot(showcase_channel=foreign.id, showcase_votes=1, log_channel=log) as theatre:
            one = await hung(theatre)
            await vote(theatre, one, "Bruno")
            here = theatre.ada.at(playground.channel("log"))
            told = await here.message_where(lambda message: message.author.id == theatre.app_id)
            assert plain(told.content) == f"⚠️ showcase_channel: {foreign.id} is no text channel of this server."
            await vote(theatre, await hung(theatre), "Bruno")
            assert len(in_channel(theatre, "log")) == 1
            assert not any(message.author.id == theatre.app_id for message in theatre.ada.at(foreign).messages)
