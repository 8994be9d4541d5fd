"""The weekly digest: once a week, the best first, and nothing where nothing was shared."""

from __future__ import annotations

import asyncio
import datetime
import functools
import io

import msgspec
import pytest
from discord.ext import tasks
from PIL import Image

import bot as bot_module
from cogs.gallery.digest import LOOK_SECONDS, digest_text, last_due
from cogs.gallery.mosaic import SIDE, Cell, make_mosaic
from cogs.i18n.language import language_of
from playground.faults import Fault
from playground.world.permissions import Permission
from playground.world.settings import GuildSettings
from studio.config.config import CommunityConfig
from studio.store import Member
from studio.store.announcements import Announcements
from studio.store.shares import Shares
from tests.cogs.community import channel_of, hung, in_channel, server
from tests.cogs.gallery.test_gallery import viewer
from tests.cogs.markdown import plain
from tests.fakes.shares import share

NOW = datetime.datetime.now(datetime.UTC)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
JUST_NOW = {"digest_weekday": DAYS[NOW.weekday()], "digest_hour": NOW.hour}
"""Due at the beginning of this hour."""

EARLIER = (NOW.replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=2)).timestamp()


def gif(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "GIF")
    return file.getvalue()


async def digest_in(theatre):
    channel = theatre.playground.channel("animations")
    return await theatre.ada.at(channel).message_where(lambda one: one.author.id == theatre.app_id)


async def posted(theatre):
    """Wait until the digest is written down as posted."""
    await digest_in(theatre)
    written = "SELECT 1 FROM announcements WHERE message IS NOT NULL"
    while not await theatre.store._database.rows(written):  # noqa: ASYNC110  # the store tells nobody when it is
        await asyncio.sleep(0.01)


@pytest.fixture
def _looking_often(monkeypatch):
    loop = tasks.loop
    often = {LOOK_SECONDS: 0.02}
    monkeypatch.setattr(tasks, "loop", lambda *, seconds: loop(seconds=often.get(seconds, seconds)))


@pytest.fixture
def looks(_looking_often, monkeypatch):
    """Wait until the clock has been looked at so many more times."""
    find, looked = Announcements.find, asyncio.Semaphore(0)

    async def counted(*given):
        looked.release()
        return await find(*given)

    async def wait(count):
        while not looked.locked():
            await looked.acquire()  # those of before
        for _ in range(count):
            await looked.acquire()

    monkeypatch.setattr(Announcements, "find", counted)
    return wait


class TestPosting:
    async def test_the_best_five_of_the_week_with_a_picture_of_them(self, stage):
        async with server(stage) as (playground, bot):
            async with bot() as theatre:
                for number in range(6):
                    one = await hung(theatre, f"road {number}", picture=gif("red"), shared=EARLIER + number)
                    for voter in range(number):
                        await theatre.store.shares.vote(one.id, str(voter))
            async with bot(digest_channel=channel_of(playground), **JUST_NOW) as theatre:
                message = await digest_in(theatre)
                lines = [line for line in message.content.splitlines() if line.startswith(("1", "2", "3", "4", "5"))]
                assert [line.split("road ")[1][0] for line in lines] == ["5", "4", "3", "2", "1"]
                assert "5 votes" in message.content
                assert "https://discord.com/channels/" in message.content
                (sheet,) = message.attachments
                assert sheet.description.startswith("1: Animation: an endless zoom into road 5; 2: ")
                await posted(theatre)

    async def test_once_however_often_it_is_looked_and_whatever_is_restarted(self, stage, looks):
        async with server(stage, nonce_seconds=0) as (playground, bot):
            settings = {"digest_channel": channel_of(playground), **JUST_NOW}
            async with bot() as theatre:
                await hung(theatre, picture=gif("red"), shared=EARLIER)
            for _ in range(2):
                async with bot(**settings) as theatre:
                    await posted(theatre)
                    await looks(3)  # which begin, so that two are over
            assert len(in_channel(theatre)) == 1

    async def test_one_that_was_posted_but_not_written_down_is_found_again(self, stage):
        async with server(stage, nonce_seconds=0) as (playground, bot):
            settings = {"digest_channel": channel_of(playground), **JUST_NOW}
            async with bot() as theatre:
                await hung(theatre, picture=gif("red"), shared=EARLIER)
            for _ in range(2):
                async with bot(**settings) as theatre:
                    await posted(theatre)
                    assert len(in_channel(theatre)) == 1
                    await theatre.store._database.rows("UPDATE announcements SET channel = NULL, message = NULL")

    async def test_each_server_has_its_own_at_the_same_hour(self, stage):
        guilds = (GuildSettings(name="One"), GuildSettings(name="Two"))
        async with server(stage, guilds=guilds) as (playground, bot):
            places = [playground.channel("animations", playground.guild(name)) for name in ("One", "Two")]
            async with bot() as theatre:
                for place in places:
                    one = share("a road", member=Member(id="1", name="Ada"), server=place.guild_id, shared=EARLIER)
                    await theatre.store.shares.add(one)
            tables = {place.guild_id: {"community": {"digest_channel": place.id, **JUST_NOW}} for place in places}
            async with bot(servers=tables) as theatre:
                for place in places:
                    await theatre.ada.at(place).message_where(lambda one: one.author.id == theatre.app_id)

    @pytest.mark.parametrize(
        "trouble",
        [{"status": None, "delay_seconds": 3.0}, {"status": 429, "retry_after": 3.0}],
        ids=["slow upload", "rate limit"],
    )
    async def test_a_server_that_is_slow_to_take_it_holds_up_no_other(self, stage, trouble):
        guilds = (GuildSettings(name="One"), GuildSettings(name="Two"))
        async with server(stage, guilds=guilds) as (playground, bot):
            slow, quick = (playground.channel("animations", playground.guild(name)) for name in ("One", "Two"))
            async with bot() as theatre:
                for place in (slow, quick):
                    one = share("a road", member=Member(id="1", name="Ada"), server=place.guild_id, shared=EARLIER)
                    await theatre.store.shares.add(one)
            playground.backend.faults.order(Fault(method="POST", path=f"/channels/{slow.id}/messages$", **trouble))
            tables = {place.guild_id: {"community": {"digest_channel": place.id}} for place in (slow, quick)}
            async with bot(servers=tables, **JUST_NOW) as theatre:
                await theatre.ada.at(quick).message_where(lambda one: one.author.id == theatre.app_id)
                assert not any(message.author.id == theatre.app_id for message in theatre.ada.at(slow).messages)
                await theatre.ada.at(slow).message_where(lambda one: one.author.id == theatre.app_id)

    @pytest.mark.parametrize(
        "shared", [None, EARLIER - 8 * 24 * 3600, NOW.timestamp()], ids=["nothing", "before it", "after it"]
    )
    async def test_nothing_where_nothing_was_shared_in_that_week(self, stage, shared):
        async with server(stage) as (playground, bot):
            async with bot() as theatre:
                if shared is not None:
                    await hung(theatre, shared=shared)
            async with bot(digest_channel=channel_of(playground), **JUST_NOW) as theatre:
                await (await theatre.ada.slash("/queue")).message_where(lambda one: one.ephemeral)
                assert in_channel(theatre) == []
                assert await theatre.store._database.rows("SELECT * FROM announcements") == []

    async def test_what_is_deleted_leaves_it_and_with_the_last_it_goes(self, stage):
        async with server(stage) as (playground, bot):
            async with bot() as theatre:
                good = await hung(theatre, "a hill", picture=gif("red"), shared=EARLIER, message="901")
                bad = await hung(theatre, "a villain", picture=gif("blue"), shared=EARLIER + 1, message="902")
                await theatre.store.shares.vote(bad.id, "1")
            async with bot(digest_channel=channel_of(playground), **JUST_NOW) as theatre:
                await posted(theatre)
                before = await digest_in(theatre)
                assert "villain" in before.content and before.attachments[0].description.startswith("1: ")
                admin = viewer(theatre, is_moderator=True)
                await theatre.studio.gallery.delete(bad.id, admin)
                after = await theatre.ada.at(playground.channel("animations")).message_where(
                    lambda one: one.id == before.id and "villain" not in one.content
                )
                assert "1\\. **zoom: a hill**" in after.content
                (sheet,) = after.attachments
                assert "villain" not in sheet.description
                assert Image.open(io.BytesIO(sheet.data)).size == (SIDE + 16, SIDE + 16)
                await theatre.studio.gallery.delete(good.id, admin)
                await playground.world.news.until(lambda: True if not in_channel(theatre) else None, 10)

    async def test_what_expires_before_the_bot_is_online_leaves_it_too(self, stage, monkeypatch):
        stay_online = bot_module._stay_online

        async def late(*given):
            await asyncio.sleep(0.3)
            await stay_online(*given)

        async with server(stage) as (playground, bot):
            settings = {"digest_channel": channel_of(playground), **JUST_NOW}
            async with bot() as theatre:
                await hung(theatre, "an old hill", picture=gif("red"), shared=EARLIER - 4 * 24 * 3600)
                await hung(theatre, "a new hill", picture=gif("red"), shared=EARLIER)
            async with bot(**settings) as theatre:
                await posted(theatre)
                assert "an old hill" in (await digest_in(theatre)).content
            monkeypatch.setattr(bot_module, "_stay_online", late)
            async with bot(keep_shared_days=3, **settings) as theatre:
                channel = theatre.ada.at(playground.channel("animations"))
                after = await channel.message_where(lambda one: "hill" in one.content and "old" not in one.content)
                assert "1\\. **zoom: a new hill**" in after.content

    async def test_what_could_not_be_taken_out_is_taken_out_at_the_next_start(self, stage, caplog):
        async with server(stage) as (playground, bot):
            settings = {"digest_channel": channel_of(playground), **JUST_NOW}
            async with bot() as theatre:
                one = await hung(theatre, picture=gif("red"), shared=EARLIER)
            async with bot(**settings) as theatre:
                await posted(theatre)
                playground.backend.faults.order(Fault(method="DELETE", path="/messages/", status=403))
                await theatre.studio.gallery.delete(one.id, viewer(theatre))
                while "not taken out of the digest" not in caplog.text:  # noqa: ASYNC110  # a log tells nobody
                    await asyncio.sleep(0.01)
                assert len(in_channel(theatre)) == 1
            async with bot(**settings) as theatre:
                await playground.world.news.until(lambda: True if not in_channel(theatre) else None, 10)

    async def test_what_is_deleted_while_it_is_posted_leaves_it_at_once(self, stage):
        async with server(stage) as (playground, bot):
            async with bot() as theatre:
                one = await hung(theatre, picture=gif("red"), shared=EARLIER)
            slow = Fault(method="POST", path="/messages", status=None, delay_seconds=0.5)
            playground.backend.faults.order(slow)
            async with bot(digest_channel=channel_of(playground), **JUST_NOW) as theatre:
                sending = "SELECT 1 FROM announcements WHERE about <> '[]'"
                while not await theatre.store._database.rows(sending):  # noqa: ASYNC110  # nobody is told
                    await asyncio.sleep(0.01)
                await theatre.studio.gallery.delete(one.id, viewer(theatre))
                await digest_in(theatre)
                await playground.world.news.until(lambda: True if not in_channel(theatre) else None, 10)

    async def test_the_best_are_not_looked_for_any_more_once_it_is_posted(self, stage, looks, monkeypatch):
        best, asked = Shares.best, []

        async def counted(*given):
            asked.append(given)
            return await best(*given)

        monkeypatch.setattr(Shares, "best", counted)
        async with server(stage) as (playground, bot):
            async with bot() as theatre:
                await hung(theatre, picture=gif("red"), shared=EARLIER)
            async with bot(digest_channel=channel_of(playground), **JUST_NOW) as theatre:
                await posted(theatre)
                await looks(3)
        assert len(asked) == 1

    async def test_where_its_channel_is_out_of_reach_nothing_is_tried(self, stage, caplog):
        async with server(stage) as (playground, bot):
            settings = {"digest_channel": channel_of(playground), **JUST_NOW}
            async with bot() as theatre:
                one = await hung(theatre, picture=gif("red"), shared=EARLIER)
            async with bot(**settings) as theatre:
                await posted(theatre)
            playground.deny_bot(playground.channel("animations"), Permission.VIEW_CHANNEL)
            async with bot(**settings) as theatre:
                await theatre.studio.gallery.delete(one.id, viewer(theatre))
                while "out of the bot's reach" not in caplog.text:  # noqa: ASYNC110  # a log tells nobody
                    await asyncio.sleep(0.01)
        assert playground.backend.traffic.requests("DELETE", "/channels/{channel_id}/messages/{message_id}") == []

    async def test_two_of_one_title_are_told_apart(self, stage):
        async with server(stage) as (playground, bot):
            async with bot() as theatre:
                shares = [await hung(theatre, picture=gif("red"), shared=EARLIER + n, message=None) for n in range(3)]
                for voters, share in enumerate(shares):
                    for voter in range(voters):
                        await theatre.store.shares.vote(share.id, str(voter))
            async with bot(digest_channel=channel_of(playground), **JUST_NOW) as theatre:
                await posted(theatre)
                await theatre.studio.gallery.delete(shares[1].id, viewer(theatre))
                channel = theatre.ada.at(playground.channel("animations"))
                after = await channel.message_where(lambda one: "1\\. " in one.content and "3\\. " not in one.content)
                assert [line.split(" · ")[1] for line in after.content.splitlines() if "by Ada" in line] == [
                    "2 votes",
                    "0 votes",
                ]


class TestWhereItCannotBePosted:
    """The admins read why in their log, once, and the bot does not make it anew every minute."""

    @pytest.fixture
    async def house(self, stage, _looking_often):
        """A server with a digest that is due and a log; the bot is started by the test."""
        guilds = (GuildSettings(channels=("general", "animations", "log")),)
        async with server(stage, guilds=guilds) as (playground, bot):
            async with bot() as theatre:
                await hung(theatre, picture=gif("red"), shared=EARLIER)
            settings = {"digest_channel": channel_of(playground), "log_channel": channel_of(playground, "log")}
            yield playground, functools.partial(bot, **settings, **JUST_NOW)

    async def told(self, theatre):
        """Return what the log says, once many more looks at the clock have had time to add to it."""
        log = theatre.ada.at(theatre.playground.channel("log"))
        await log.message_where(lambda one: one.author.id == theatre.app_id)
        await asyncio.sleep(0.5)
        return [message.content for message in in_channel(theatre, "log")]

    async def test_a_missing_permission_is_told_without_trying(self, house):
        playground, bot = house
        playground.deny_bot(playground.channel("animations"), Permission.ATTACH_FILES)
        async with bot() as theatre:
            (told,) = await self.told(theatre)
            assert plain(told) == (
                "⚠️ digest_channel: this bot cannot post in #animations. It needs View Channel, Send Messages, Attach"
                " Files and Read Message History there."
            )
            assert len(self.posts(playground)) == 1  # the log

    async def test_what_discord_refuses_is_told_and_not_tried_again_at_once(self, house):
        playground, bot = house
        path = f"/channels/{channel_of(playground)}/messages"
        playground.backend.faults.order(Fault(method="POST", path=path, status=403, code=50013, times=1000))
        async with bot() as theatre:
            (told,) = await self.told(theatre)
            assert "Discord refuses what this bot posts there (403 Forbidden (error code: 50013)" in plain(told)
            assert [post.status for post in self.posts(playground)] == [403, 200]

    async def test_it_is_tried_again_after_a_pause(self, house, monkeypatch):
        monkeypatch.setattr("cogs.gallery.announcer._PAUSE", 0.05)
        playground, bot = house
        path = f"/channels/{channel_of(playground)}/messages"
        playground.backend.faults.order(Fault(method="POST", path=path, status=403, code=50013, times=2))
        async with bot() as theatre:
            await posted(theatre)
            assert len(await self.told(theatre)) == 1

    def posts(self, playground):
        return playground.backend.traffic.requests("POST", "/channels/{channel_id}/messages")


class TestWhen:
    @pytest.mark.parametrize(
        ("now", "due"),
        [
            ("2026-08-09T18:00", "2026-08-09T18:00"),
            ("2026-08-09T17:59", "2026-08-02T18:00"),
            ("2026-08-12T03:00", "2026-08-09T18:00"),
        ],
    )
    def test_it_is_the_last_weekday_at_that_hour(self, now, due):
        community = CommunityConfig(digest_weekday="sunday", digest_hour=18)
        at, expected = (datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC) for text in (now, due))
        assert last_due(community, at) == expected


class TestWhatItSays:
    def test_five_of_the_longest_fit_a_message_and_nothing_in_them_is_interpreted(self):
        shares = [msgspec.structs.replace(share("*" * 300), votes=10**6) for _ in range(5)]
        text = digest_text("2026-08-09", shares, language_of("it"))
        assert len(text) <= 2000
        assert "***" not in text

    def test_the_mosaic_shows_each_and_blurs_what_is_not_for_everybody(self):
        stripes = Image.new("RGB", (SIDE, SIDE), "black")
        stripes.paste("white", (0, 0, SIDE // 8, SIDE))
        file = io.BytesIO()
        stripes.save(file, "GIF")
        picture = Image.open(io.BytesIO(make_mosaic([Cell(file.getvalue()), Cell(file.getvalue(), is_blurred=True)])))
        assert picture.size == (2 * SIDE + 24, SIDE + 16)
        clear, blurred = (picture.crop((x, 20, x + SIDE, 21)).getextrema()[0] for x in (8, SIDE + 16))
        assert clear == (0, 255)
        assert blurred[1] < 255

    def test_a_file_that_is_no_picture_leaves_an_empty_cell(self):
        picture = Image.open(io.BytesIO(make_mosaic([Cell(b"GIF89a-of-a-test")])))
        assert picture.getextrema() == ((24, 24), (25, 25), (28, 28))

    def test_a_damaged_sheet_or_animation_costs_its_own_cell_and_no_other(self):
        png, gif = (self.encoded(kind) for kind in ("PNG", "GIF"))
        last = png.rindex(b"IDAT")
        damaged = png[:last] + b"IDA\x00" + png[last + 4 :]  # a SyntaxError, says Pillow
        huge = gif[:6] + b"\xff" * 4 + gif[10:]  # a DecompressionBombError
        sheet = Image.open(io.BytesIO(make_mosaic([Cell(damaged), Cell(huge), Cell(png)])))
        cells = [sheet.crop((x, 8, x + SIDE, 8 + SIDE)) for x in (8, SIDE + 16, 2 * SIDE + 24)]
        assert [cell.getcolors(1) is None for cell in cells] == [False, False, True]

    def encoded(self, kind):
        file = io.BytesIO()
        Image.effect_noise((400, 400), 90).save(file, kind)
        return file.getvalue()
