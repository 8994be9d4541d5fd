"""/queue: positions, honest estimates, and buttons for one's own jobs."""

from __future__ import annotations

import re
from unittest import mock

import discord
import msgspec
import pytest

from cogs.context.places import may_see
from cogs.i18n.language import language_of
from cogs.info.queue import PER_PAGE, queue_text
from cogs.ui.paging import cut_page
from engine.protocol.messages import Standing
from engine.recipe.recipe import Zoom
from playground.world.permissions import Permission
from playground.world.settings import GuildSettings, MemberSettings
from studio.config.config import Config, LimitsConfig
from studio.store import Member
from studio.store.records import JobRecord
from studio.studio import QueueEntry
from tests.cogs.community import EVERYBODY
from tests.cogs.conftest import BRISK, is_note, says
from tests.fakes.orders import ADA, BOB, MORPH, answer

ENGLISH = language_of(None)
MEMBERS = (MemberSettings(name="Olga"), MemberSettings(name="Ada"), MemberSettings(name="Bruno", locale="it"))


def everything(record):
    return True


def entry(number, member=BOB, standing=None, recipe=MORPH):
    record = JobRecord(
        id=f"{number:016x}", recipe=recipe, member=member, answer=answer(), limit_bytes=1000, created=float(number)
    )
    return QueueEntry(record, standing)


@pytest.fixture
async def theatre(stage):
    """A server that neither Ada nor Bruno owns."""
    async with stage.playground(members=MEMBERS) as playground, stage.bot(playground) as theatre:
        yield theatre


class TestTheNote:
    async def test_an_empty_queue_says_so_to_the_member_alone(self, theatre):
        note = await (await theatre.ada.slash("/queue")).message_where(is_note)
        assert note.content == "Nothing is running or waiting here."

    async def test_positions_times_and_cancel_buttons_for_ones_own(self, theatre):
        await theatre.ada.slash("/morph skunk puppy")
        await theatre.bruno.slash("/zoom prompt:a road")
        first, second = [(await theatre.engine.wait_added(number)).id for number in (1, 2)]
        theatre.engine.stand(first, 0, 20.0)
        theatre.engine.stand(second, 1, 200.0)
        note = await (await theatre.ada.slash("/queue")).message_where(is_note)
        assert note.content.splitlines() == [
            "▶ **morph: skunk → puppy** · yours · about 20 s left",
            "1\\. **zoom: a road** · Bruno · about 3 min left",
        ]
        assert [control["label"] for control in note.controls] == ["Cancel morph: skunk → puppy", "Refresh"]

    async def test_a_button_there_calls_the_job_off_and_the_list_follows(self, theatre):
        handle = await theatre.ada.slash("/morph skunk puppy")
        job = await theatre.engine.wait_added(1)
        note = await (await theatre.ada.slash("/queue")).message_where(is_note)
        await theatre.ada.click(note, "Cancel morph: skunk → puppy")
        await theatre.ada.message_where(
            lambda message: message.id == note.id and message.content == "Nothing is running or waiting here."
        )
        assert theatre.engine.cancelled == [job.id]
        await handle.message_where(says("Cancelled."))

    async def test_a_long_queue_turns_its_pages(self, theatre):
        for number in range(PER_PAGE + 2):
            await (theatre.ada if number % 2 else theatre.bruno).slash(f"/zoom prompt:road {number}")
            job = await theatre.engine.wait_added(number + 1)
            theatre.engine.stand(job.id, number, 60.0 * number)
        note = await (await theatre.ada.slash("/queue")).message_where(is_note)
        assert note.content.splitlines()[-1] == "-# Page 1 of 2"
        assert [control.get("label") for control in note.controls][-2:] == ["Refresh", "More"]
        await theatre.ada.click(note, "More")
        second = await theatre.ada.message_where(lambda now: now.id == note.id and "Page 2 of 2" in now.content)
        assert "zoom: road 9" in second.content
        assert "zoom: road 7" not in second.content
        assert [control.get("label") for control in second.controls][-2:] == ["Back", "Refresh"]

    async def test_of_many_of_ones_own_one_is_chosen_from_a_menu(self, theatre):
        for number in range(3):
            await theatre.ada.slash(f"/zoom prompt:road {number}")
            await theatre.engine.wait_added(number + 1)
        note = await (await theatre.ada.slash("/queue")).message_where(is_note)
        await theatre.ada.select(note, "Cancel one of yours…", "zoom: road 1")
        left = await theatre.ada.message_where(lambda now: now.id == note.id and "road 1" not in now.content)
        assert "zoom: road 0" in left.content
        assert theatre.engine.cancelled == [job.id for job in theatre.engine.added if job.recipe.prompt == "road 1"]

    async def test_a_moderator_finds_a_menu_of_the_others_below_their_own(self, theatre):
        olga = theatre.playground.member("Olga")
        await olga.slash("/zoom prompt:road 0")
        for number, member in enumerate((theatre.ada, theatre.bruno), 1):
            await theatre.engine.wait_added(number)
            handle = await member.slash(f"/zoom prompt:road {number}")
        bruno = await theatre.engine.wait_added(3)
        note = await (await olga.slash("/queue")).message_where(is_note)
        own, menu, _ = note.controls
        assert own["label"] == "Cancel zoom: road 0"
        assert [option["label"] for option in menu["options"]] == ["Ada: zoom: road 1", "Bruno: zoom: road 2"]
        await olga.select(note, "As a moderator: cancel another's…", "Bruno: zoom: road 2")
        left = await olga.message_where(lambda now: now.id == note.id and "road 2" not in now.content)
        assert "zoom: road 1" in left.content
        assert theatre.engine.cancelled == [bruno.id]
        await handle.message_where(says("Annullata da un moderatore."))

    async def test_others_find_no_such_menu(self, theatre):
        await theatre.ada.slash("/zoom prompt:a road")
        await theatre.engine.wait_added(1)
        note = await (await theatre.bruno.slash("/queue")).message_where(is_note)
        assert [control.get("label") for control in note.controls] == ["Aggiorna"]

    async def test_a_quota_is_said_with_what_is_left(self, stage):
        config = Config(delivery=BRISK, limits=LimitsConfig(daily_seconds=600))
        async with stage.playground() as playground, stage.bot(playground, config=config) as theatre:
            await theatre.ada.slash("/morph skunk puppy")
            await theatre.engine.wait_added(1)
            note = await (await theatre.ada.slash("/queue")).message_where(is_note)
            assert re.search(r"-# Your quota: \d+ minutes of 10 minutes of the engine's time are left", note.content)


class TestWhatOthersMayKnow:
    """Staff may render where others cannot look; that they do is all that the queue says there."""

    @pytest.fixture
    async def house(self, stage):
        guild = GuildSettings(channels=("general", "staff", "adults"), age_restricted=("adults",))
        async with stage.playground(guilds=(guild,), members=EVERYBODY) as playground:
            world, staff = playground.world, playground.channel("staff")
            for name in ("Bruno", "Chiara"):
                world.deny(staff, playground.member(name).user, Permission.VIEW_CHANNEL)
            playground.open_thread(staff, "plans")
            playground.open_thread(playground.channel("general"), "talk")
            async with stage.bot(playground) as theatre:
                yield theatre

    async def lines(self, theatre, channel, reader, *, place="general"):
        """Let Ada, whose server it is, render in a channel, and return what somebody reads of it elsewhere."""
        await theatre.ada.at(theatre.playground.channel(channel)).slash("/zoom prompt:a secret road")
        theatre.engine.stand((await theatre.engine.wait_added(1)).id, 0, 20.0)
        member = theatre.playground.member(reader).at(theatre.playground.channel(place))
        return (await (await member.slash("/queue")).message_where(is_note)).content

    @pytest.mark.parametrize("channel", ["staff", "plans", "adults"])
    async def test_a_job_in_a_channel_that_is_not_for_them_is_there_and_no_more(self, house, channel):
        assert await self.lines(house, channel, "Bruno") == "▶ an animation in another channel · about 20 s left"

    @pytest.mark.parametrize(
        ("channel", "place"), [("general", "general"), ("talk", "general"), ("general", "talk"), ("adults", "adults")]
    )
    async def test_one_in_a_channel_that_is_shows_what_and_whose(self, house, channel, place):
        content = await self.lines(house, channel, "Bruno", place=place)
        assert content == "▶ **zoom: a secret road** · Ada · about 20 s left"

    async def test_ones_own_is_shown_wherever_it_is(self, house):
        assert "a secret road** · yours" in await self.lines(house, "adults", "Ada")

    @pytest.mark.parametrize(("looks_after", "is_seen"), [(True, True), (False, False)])
    def test_a_private_thread_is_for_those_in_it_and_those_who_look_after_threads(self, looks_after, is_seen):
        thread, member, guild = (mock.Mock(spec=kind) for kind in (discord.Thread, discord.Member, discord.Guild))
        thread.is_private.return_value, thread.is_nsfw.return_value = True, False
        thread.permissions_for.return_value = discord.Permissions(view_channel=True, manage_threads=looks_after)
        guild.get_channel_or_thread.return_value = thread
        asked = mock.Mock(guild=guild, user=member, channel_id=1)
        assert may_see(asked, "7") is is_seen
        assert may_see(mock.Mock(guild=guild, user=member, channel_id=7), "7")

    def test_of_a_channel_that_is_not_known_nothing_is_told(self):
        guild = mock.Mock(spec=discord.Guild)
        guild.get_channel_or_thread.return_value = None
        assert not may_see(mock.Mock(guild=guild, user=mock.Mock(spec=discord.Member), channel_id=1), "7")


class TestTheText:
    def test_a_page_fits_a_message_whatever_is_in_it(self):
        nasty = Zoom(prompt="*" * 300, seed=1)
        member = Member(id="9", name="_" * 100)
        entries = [entry(n, member, Standing("x", n, 60.0 * n), nasty) for n in range(50)]
        text = queue_text(cut_page(entries, 0, PER_PAGE), 3, member=ADA.id, say=ENGLISH, is_visible=everything)
        assert len(text) <= 1800
        assert text.splitlines()[-2:] == [
            "-# 3 animations from elsewhere are in the same line.",
            f"-# Page 1 of {-(-50 // PER_PAGE)}",
        ]

    def test_past_the_end_is_the_last_page(self):
        page = cut_page([entry(number) for number in range(PER_PAGE + 1)], 99, PER_PAGE)
        assert (page.number, page.last, len(page.entries)) == (1, 1, 1)

    def test_names_and_prompts_are_inert(self):
        nasty = msgspec.structs.replace(BOB, name="**@everyone**")
        text = queue_text(
            cut_page([entry(1, member=nasty)], 0, PER_PAGE), 0, member=ADA.id, say=ENGLISH, is_visible=everything
        )
        assert "@everyone" not in text
        assert "**@" not in text

    def test_without_a_standing_nothing_is_made_up(self):
        assert "time left: measuring" in queue_text(
            cut_page([entry(1)], 0, PER_PAGE), 0, member=ADA.id, say=ENGLISH, is_visible=everything
        )

    def test_other_servers_jobs_are_counted_only(self):
        text = queue_text(cut_page([], 0, PER_PAGE), 1, member=ADA.id, say=ENGLISH, is_visible=everything)
        assert text == "Nothing is running or waiting here.\n-# 1 animation from elsewhere is in the same line."
