"""/gallery and its buttons: sharing, turning pages, voting, saving and deleting, in a server and nowhere else."""

from __future__ import annotations

import asyncio
import logging
import re
from unittest import mock

import pytest

from cogs.gallery.page_ref import PAGE_REF, PageRef
from cogs.renders.recipe_file import parse_recipe_file
from playground.world.permissions import Overwrite, Permission
from playground.world.settings import GuildSettings, MemberSettings, RoleSettings
from studio.config.config import CommunityConfig, Config, ModerationConfig
from studio.gallery.gallery import Viewer
from studio.store import Member
from tests.cogs.conftest import BRISK, has_gif, is_note, says

EVERYBODY = (MemberSettings(name="Ada"), MemberSettings(name="Bruno"), MemberSettings(name="Chiara"))


@pytest.fixture
async def theatre(stage):
    """Three members: Ada owns the server, the others are as they come."""
    async with stage.playground(members=EVERYBODY) as playground, stage.bot(playground) as theatre:
        yield theatre


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("cogs.gallery.vote_counts.DELAY_SECONDS", 0.05)


async def made(theatre, command="/zoom prompt:a road", *, by=None):
    """Return the message with a finished animation of Ada's."""
    member = by or theatre.ada
    count = len(theatre.engine.added)
    handle = await member.slash(command)
    theatre.engine.finish((await theatre.engine.wait_added(count + 1)).id)
    return await handle.message_where(has_gif)


async def shared(theatre, command="/zoom prompt:a road", *, by=None):
    """Return the message of an animation that is in the gallery."""
    message = await made(theatre, command, by=by)
    member = by or theatre.ada
    await (await member.click(message, "Share")).message_where(says("in this server's gallery now"))
    return await member.message_where(lambda one: one.id == message.id and one.control("Vote"))


async def opened(member, line="/gallery"):
    """Return the page that a member sees first."""
    return await (await member.slash(line)).message_where(is_note)


async def turned(member, page, label, *parts):
    """Press a button of a page, and return the page once it says so."""
    await member.click(page, label)
    return await member.message_where(lambda one: one.id == page.id and all(part in one.content for part in parts))


async def asked(member, page):
    """Return the page when it asks whether deleting is meant."""
    return await member.message_where(lambda one: one.id == page.id and one.control("Delete it for good"))


def labels(message):
    return [control.get("label") for control in message.controls if control.get("label")]


class TestSharing:
    async def test_the_maker_shares_and_a_vote_button_takes_the_place(self, theatre):
        message = await shared(theatre)
        assert "Share" not in labels(message)
        assert [one.filename for one in message.attachments] == [f"zoom-{theatre.engine.added[0].recipe.seed}.gif"]
        page = await opened(theatre.bruno)
        assert "**Zoom** into a road" in page.content
        assert "shared by Ada" in page.content
        assert has_gif(page)

    async def test_nobody_else_shares_it(self, theatre):
        message = await made(theatre)
        note = await (await theatre.bruno.click(message, "Share")).message_where(is_note)
        assert (
            note.content
            == "Only the member who asked for this animation can share it; Remix makes one of your own from it."
        )
        assert "empty still" in (await opened(theatre.bruno)).content

    async def test_what_was_cancelled_has_no_share_button(self, theatre):
        handle = await theatre.ada.slash("/zoom prompt:a road")
        await theatre.engine.wait_added(1)
        message = await handle.message_where(lambda one: one.control("Cancel"))
        await theatre.ada.click(message, "Cancel")
        message = await handle.message_where(says("Cancelled."))
        assert "Share" not in labels(message)

    async def test_a_row_that_a_crash_left_as_it_was_is_made_up_for(self, theatre):
        message = await made(theatre)
        await theatre.studio.gallery.share(theatre.engine.added[0].id, viewer(theatre))
        await theatre.ada.click(message, "Share")
        await theatre.ada.message_where(lambda one: one.id == message.id and one.control("Vote"))

    async def test_buttons_work_after_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as theatre:
                message = await made(theatre)
                page = await opened(theatre.ada)
            async with stage.bot(playground) as theatre:
                await theatre.ada.click(message, "Share")
                await theatre.ada.message_where(lambda one: one.id == message.id and one.control("Vote"))
                await theatre.ada.select(page, "Order", "Top of the week")
                await theatre.ada.message_where(lambda one: one.id == page.id and "a road" in one.content)


def viewer(theatre, name="Ada", *, is_moderator=False):
    person = theatre.playground.member(name)
    member = Member(id=person.user.id, name=name)
    return Viewer(member=member, server=person.channel.guild_id, is_moderator=is_moderator)


class TestPages:
    async def test_an_empty_gallery_says_how_to_fill_it(self, theatre):
        page = await opened(theatre.bruno)
        assert "press Share under it" in page.content
        assert labels(page) == []

    @pytest.mark.parametrize(
        ("line", "answer"),
        [
            ("/gallery order:top", "in the last seven days"),
            ("/gallery order:saved", "press Save"),
            ("/gallery search:fox", "Nothing here fits `fox`"),
        ],
    )
    async def test_so_does_every_order(self, theatre, line, answer):
        assert answer in (await opened(theatre.bruno, line)).content

    async def test_one_turns_to_the_next_and_back(self, theatre):
        for prompt in ("first", "second"):
            await shared(theatre, f"/zoom prompt:{prompt}")
        page = await opened(theatre.bruno)
        assert "into second" in page.content
        assert labels(page)[:3] == ["Back", "1 / 2", "Next"]
        page = await turned(theatre.bruno, page, "Next", "into first")
        assert page.control("Next")["disabled"]
        assert len(page.attachments) == 1
        page = await turned(theatre.bruno, page, "Back", "into second")
        assert page.control("Back")["disabled"]

    async def test_one_goes_to_a_page_by_its_number(self, stage):
        async with stage.playground(members=EVERYBODY) as playground:
            async with stage.bot(playground) as theatre:
                for prompt in ("first", "second", "third"):
                    await shared(theatre, f"/zoom prompt:{prompt}")
                page = await opened(theatre.bruno)
                form = await (await theatre.bruno.click(page, "1 / 3")).modal()
                assert form.field("Which page?").value == "1"
                await theatre.bruno.submit(form, page="3")
                page = await theatre.bruno.message_where(lambda one: one.id == page.id and "first" in one.content)
                form = await (await theatre.bruno.click(page, "3 / 3")).modal()
                refusal = await (await theatre.bruno.submit(form, page="second")).message_where(is_note)
                assert "A page is a whole number" in refusal.content
            async with stage.bot(playground) as theatre:  # an open form outlives a restart
                await theatre.bruno.submit(form, page="99")
                await theatre.bruno.message_where(lambda one: one.id == page.id and one.control("3 / 3"))

    async def test_a_page_has_the_line_that_makes_it_again_and_its_recipe_as_a_file(self, theatre):
        await shared(theatre, "/zoom prompt:a road seed:5 negative:people")
        page = await opened(theatre.bruno)
        assert "```\n/zoom prompt:a road frames:60 negative:people seed:5\n```" in page.content
        note = await (await theatre.bruno.click(page, f"tappa:recipe:{theatre.engine.added[0].id}")).message_where(
            lambda one: one.attachments
        )
        (file,) = note.attachments
        assert parse_recipe_file(file.data).recipe.seed == 5

    async def test_a_recipe_too_long_for_a_message_is_in_the_file_only(self, theatre):
        stages = "; ".join(f"{'a long road ' * 20}{number} | 3" for number in range(9))
        await shared(theatre, f"/giro stages:{stages}")
        page = await opened(theatre.ada)
        assert "```" not in page.content
        assert "the button gives it as a file" in page.content

    @pytest.mark.parametrize(
        ("command", "further"),
        [
            ("/giro stages:a road | 3", ["Extend", "Variations", "Recipe"]),
            ("/zoom prompt:a road", ["Variations", "Recipe"]),
        ],
    )
    async def test_it_can_be_taken_further_from_there(self, theatre, command, further):
        await shared(theatre, command)
        page = await opened(theatre.ada)
        assert labels(page)[3:] == ["Remix", "Again", "Vote", "Save", "Delete", *further]

    async def test_what_it_was_made_from_is_named_and_linked(self, theatre):
        message = await shared(theatre, "/zoom prompt:a road seed:5")
        modal = await (await theatre.bruno.click(message, "Remix")).modal()
        handle = await theatre.bruno.submit(modal, prompt="a river")
        theatre.engine.finish((await theatre.engine.wait_added(2)).id)
        remix = await handle.message_where(has_gif)
        await (await theatre.bruno.click(remix, f"tappa:share:{theatre.engine.added[1].id}")).message_where(is_note)
        page = await opened(theatre.ada)
        (lineage,) = (line for line in page.content.splitlines() if line.startswith("-# ↳"))
        assert lineage.startswith("-# ↳ remixed from [zoom: a road](https://discord.com/channels/")
        assert lineage.endswith(f"/{message.id}) by Ada")

    async def test_search_and_member_narrow_it(self, theatre):
        await shared(theatre, "/zoom prompt:a red fox")
        await shared(theatre, "/zoom prompt:a blue fox", by=theatre.bruno)
        page = await opened(theatre.ada, "/gallery search:red FO")
        assert "a red fox" in page.content
        assert "1 / 1" in labels(page)
        page = await opened(theatre.ada, "/gallery member:@Bruno")
        assert "a blue fox" in page.content
        assert "1 / 1" in labels(page)

    async def test_only_one_way_to_narrow_it_at_a_time(self, theatre):
        page = await opened(theatre.ada, "/gallery search:fox member:@Bruno")
        assert page.content == "Give an order, a search or a member, one of the three."

    async def test_the_order_is_chosen_from_a_list(self, theatre):
        await shared(theatre, "/zoom prompt:first")
        await shared(theatre, "/zoom prompt:second")
        message = await opened(theatre.bruno, "/gallery search:first")
        await theatre.bruno.select(message, "Order", "Newest first")
        await theatre.bruno.message_where(lambda one: one.id == message.id and "into second" in one.content)

    async def test_a_file_that_is_gone_does_not_close_the_gallery(self, theatre):
        await shared(theatre)
        await theatre.store.renders.remove([theatre.engine.added[0].id])
        page = await opened(theatre.bruno)
        assert "not there any more" in page.content
        assert not page.attachments

    async def test_a_share_not_for_everybodys_eyes_is_behind_a_spoiler(self, theatre):
        await shared(theatre)
        await theatre.store.shares._database.rows("UPDATE shares SET nsfw = 1")
        page = await opened(theatre.bruno)
        assert page.attachments[0].filename.startswith("SPOILER_")

    async def test_a_share_for_adults_is_shown_in_age_restricted_channels_only(self, stage):
        guilds = (GuildSettings(channels=("general", "night"), age_restricted=("night",)),)
        async with stage.playground(guilds=guilds, members=EVERYBODY) as playground, stage.bot(playground) as theatre:
            await shared(theatre)
            await theatre.store.shares._database.rows("UPDATE shares SET nsfw = 1, adults_only = 1")
            page = await opened(theatre.bruno)
            assert "age-restricted channels only" in page.content
            assert not page.attachments
            page = await opened(theatre.bruno.at(playground.channel("night")))
            assert page.attachments[0].filename.startswith("SPOILER_")

    async def test_the_other_server_sees_nothing_of_it(self, stage):
        guilds = (GuildSettings(name="One"), GuildSettings(name="Two"))
        async with stage.playground(guilds=guilds, members=EVERYBODY) as playground, stage.bot(playground) as theatre:
            message = await shared(theatre)
            elsewhere = theatre.ada.at(playground.channel("general", playground.guild("Two")))
            for line in ("/gallery", "/gallery search:road", "/gallery member:@Ada", "/gallery order:random"):
                assert "road" not in (await opened(elsewhere, line)).content.replace("`road`", "")
            assert await theatre.studio.gallery.suggest(elsewhere.channel.guild_id, "prompt", "a", 9) == []
            assert message.control("Vote")


class TestVoting:
    async def test_a_vote_is_counted_wherever_the_animation_stands(self, theatre):
        message = await shared(theatre)
        page = await opened(theatre.bruno)
        await (await theatre.bruno.click(page, "Vote")).message_where(says("Your vote counts"))
        for one in (message, page):
            await theatre.bruno.message_where(lambda now, one=one: now.id == one.id and now.control("Vote · 1"))
        newest = await theatre.bruno.message_where(lambda now: now.id == message.id)
        await (await theatre.bruno.click(newest, "Vote · 1")).message_where(says("taken back"))
        await theatre.bruno.message_where(lambda now: now.id == message.id and now.control("Vote"))

    async def test_a_count_that_the_network_does_not_bring_is_shown_with_the_next_vote(
        self, theatre, monkeypatch, caplog
    ):
        message = await shared(theatre)
        page = await opened(theatre.bruno)
        with caplog.at_level(logging.INFO, "cogs.gallery.vote_counts"), monkeypatch.context() as network:
            network.setattr("discord.abc.Messageable.fetch_message", mock.AsyncMock(side_effect=ConnectionResetError()))
            await (await theatre.bruno.click(page, "Vote")).message_where(says("Your vote counts"))
            while "are not shown in" not in caplog.text:  # noqa: ASYNC110  # the log tells nobody when it is written
                await asyncio.sleep(0.005)
        page = await opened(theatre.playground.member("Chiara"))
        await theatre.playground.member("Chiara").click(page, "Vote · 1")
        await theatre.ada.message_where(lambda one: one.id == message.id and one.control("Vote · 2"))

    async def test_not_for_ones_own(self, theatre):
        message = await shared(theatre)
        note = await (await theatre.ada.click(message, "Vote")).message_where(is_note)
        assert "your own" in note.content


class TestSaving:
    async def test_what_is_saved_is_on_ones_own_list(self, theatre):
        await shared(theatre)
        page = await opened(theatre.bruno)
        await (await theatre.bruno.click(page, "Save")).message_where(says("Saved"))
        assert "a road" in (await opened(theatre.bruno, "/gallery order:saved")).content
        assert "nothing" in (await opened(theatre.ada, "/gallery order:saved")).content
        await (await theatre.bruno.click(page, "Save")).message_where(says("not among"))


class TestDeleting:
    async def test_its_maker_deletes_after_having_been_asked(self, theatre):
        message = await shared(theatre, by=theatre.bruno)
        page = await opened(theatre.bruno)
        await theatre.bruno.click(page, "Delete")
        page = await theatre.bruno.message_where(lambda one: one.id == page.id and one.control("Delete it for good"))
        page = await turned(theatre.bruno, page, "Keep it", "a road")
        await theatre.bruno.message_where(lambda one: one.id == page.id and one.control("Delete"))
        await theatre.bruno.click(page, "Delete")
        page = await theatre.bruno.message_where(lambda one: one.id == page.id and one.control("Delete it for good"))
        await turned(theatre.bruno, page, "Delete it for good", "empty still")
        await theatre.bruno.message_where(lambda one: one.id == message.id and not one.control("Vote"))

    async def test_a_moderator_deletes_and_others_have_no_button_for_it(self, stage):
        guilds = (GuildSettings(channels=("general", "log")),)
        async with stage.playground(guilds=guilds, members=EVERYBODY) as playground:
            log = playground.channel("log")
            config = Config(delivery=BRISK, community=CommunityConfig(log_channel=log.id))
            async with stage.bot(playground, config=config) as theatre:
                message = await shared(theatre, by=theatre.bruno)
                assert "Delete" not in labels(await opened(theatre.playground.member("Chiara")))
                page = await opened(theatre.ada)  # she owns the server
                await theatre.ada.click(page, "Delete")
                page = await asked(theatre.ada, page)
                handle = await theatre.ada.click(page, "Delete it for good")
                note = await handle.message_where(says("It is out of the gallery"))
                assert f"/{message.id}) is left as it is" in note.content
                await theatre.ada.message_where(lambda one: one.id == page.id and "empty still" in one.content)
                (written,) = theatre.ada.at(log).messages
                assert "**Ada**" in written.content and "of Bruno" in written.content
                assert not await theatre.store.renders.has(theatre.engine.added[0].id)

    async def test_who_may_manage_messages_in_one_channel_only_is_no_moderator_of_the_server(self, stage):
        """Servers give members that in a channel of their own; the gallery is the whole server's."""
        guilds = (GuildSettings(roles=(RoleSettings("moderator", Permission.MANAGE_MESSAGES),)),)
        members = (*EVERYBODY, MemberSettings(name="Mara", roles=("moderator",)))
        async with stage.playground(guilds=guilds, members=members) as playground, stage.bot(playground) as theatre:
            await shared(theatre, by=theatre.bruno)
            chiara, mara = playground.member("Chiara"), playground.member("Mara")
            chiara.channel.overwrites = (
                Overwrite(chiara.user.id, 1, allow=Permission.MANAGE_MESSAGES),
                Overwrite(mara.user.id, 1, deny=Permission.MANAGE_MESSAGES),
            )
            assert "Delete" not in labels(await opened(chiara))
            assert "Delete" in labels(await opened(mara))

    async def test_who_made_this_lets_those_delete_who_may(self, theatre):
        message = await shared(theatre, by=theatre.bruno)

        async def who(member):
            handle = await member.context("Who made this?", message)
            return await handle.message_where(lambda one: one.ephemeral and one.controls)

        assert labels(await who(theatre.playground.member("Chiara"))) == ["Recipe"]
        first = note = await who(theatre.ada)
        assert "In the gallery since" in note.content
        assert labels(note) == ["Recipe", "Delete"]
        for label, then in (("Delete", "Delete it for good"), ("Keep it", "Delete"), ("Delete", "Delete it for good")):
            await theatre.ada.click(note, label)
            note = await theatre.ada.message_where(lambda m, t=then: m.id == first.id and labels(m)[1] == t)
        await theatre.ada.click(note, "Delete it for good")
        await theatre.ada.message_where(lambda m: m.id == first.id and "It is out of the gallery" in m.content)
        assert "empty still" in (await opened(theatre.ada)).content


@pytest.mark.parametrize(
    "leaf",
    [
        PageRef(),
        PageRef(order="search", argument="x" * 50, offset=999_999_999),
        PageRef(order="search", argument="a:b:0\n:;"),
    ],
)
def test_every_leaf_fits_the_longest_id_and_is_read_back(leaf):
    for verb in ("turn:stay", "order", f"erase:{'f' * 16}"):
        custom_id = f"tappa:{verb}:{leaf}"
        assert len(custom_id) <= 100
        assert PageRef.parse(re.fullmatch(rf"tappa:{verb}:{PAGE_REF}", custom_id).groupdict()) == leaf


class TestSuggestions:
    async def test_what_is_shared_is_offered_wherever_a_prompt_is_typed(self, theatre):
        await shared(theatre, "/zoom prompt:a misty tower")
        await shared(theatre, "/morph source:wolf target:lamb prompt:a sketch of a {} negative:misty")
        await shared(theatre, "/morph source:a misty lake target:a | b prompt:{}")

        async def offered(line):
            return [choice["value"] for choice in await theatre.bruno.autocomplete(line)]

        assert await offered("/zoom prompt:misty") == ["a misty tower", "a misty lake"]
        assert "a sketch of a {}" in await offered("/morph source:a target:b prompt:sket")
        for command in ("/giro", "/preset save name:x"):
            assert "a | 3; a misty tower | 40" in await offered(f"{command} stages:a | 3; a mi")
        assert await offered("/morph target:x source:wo") == ["wolf"]
        assert await offered("/morph source:x target:puppy > la") == ["puppy > lamb"]
        assert await offered("/morph source:x prompt:{} target:a mis") == ["a misty tower", "a misty lake"]
        for command in ("/giro", "/zoom prompt:x", "/morph source:a target:b"):
            assert await offered(f"{command} negative:mi") == ["misty"]
        assert await offered("/gallery search:misty") == ["a misty tower", "a misty lake"]

    async def test_presets_are_offered_there_too(self, theatre):
        await (await theatre.bruno.slash("/preset save name:own stages:a misty moor | 7")).message_where(is_note)
        for line, value in (
            ("/zoom prompt:misty", "a misty moor"),
            ("/giro stages:misty", "a misty moor | 7"),
            ("/morph prompt:{} target:x source:misty", "a misty moor"),
        ):
            assert [choice["value"] for choice in await theatre.bruno.autocomplete(line)] == [value]
            assert await theatre.ada.autocomplete(line) == []

    async def test_a_word_that_was_banned_since_is_not(self, stage):
        async with stage.playground(members=EVERYBODY) as playground:
            async with stage.bot(playground) as theatre:
                await shared(theatre, "/zoom prompt:a misty tower")
                await shared(theatre, "/zoom prompt:a misty frog")
            config = Config(delivery=BRISK, moderation=ModerationConfig(banned_words=("frog",)))
            async with stage.bot(playground, config=config) as theatre:
                offered = await theatre.bruno.autocomplete("/zoom prompt:misty")
                assert [choice["value"] for choice in offered] == ["a misty tower"]

    async def test_nothing_of_another_server_is(self, stage):
        guilds = (GuildSettings(name="One"), GuildSettings(name="Two"))
        async with stage.playground(guilds=guilds, members=EVERYBODY) as playground, stage.bot(playground) as theatre:
            await shared(theatre, "/zoom prompt:a misty tower")
            elsewhere = theatre.bruno.at(playground.channel("general", playground.guild("Two")))
            assert await elsewhere.autocomplete("/zoom prompt:misty") == []
