"""Again and Cancel: for the right people, at the right time, and after a restart too."""

from __future__ import annotations

import msgspec
import pytest

from engine.recipe.recipe import Morph
from playground.errors import ClientRefused
from playground.world.permissions import Overwrite, Permission
from playground.world.settings import GuildSettings, MemberSettings, RoleSettings
from studio.config.config import CommunityConfig, Config, ModerationConfig
from tests.cogs.conftest import BRISK, has_gif, is_note, says

COMMAND = "/morph source:skunk target:puppy frames:9 seed:1234"


async def finished(theatre):
    """Order, render and deliver; return the message and its job."""
    handle = await theatre.ada.slash(COMMAND)
    job = await theatre.engine.wait_added(len(theatre.engine.added) + 1)
    theatre.engine.finish(job.id)
    message = await handle.message_where(has_gif)
    await theatre.engine.wait_forgotten(job.id)
    return message, job


async def under_way(theatre):
    handle = await theatre.ada.slash(COMMAND)
    job = await theatre.engine.wait_added(len(theatre.engine.added) + 1)
    return await handle.message_where(lambda message: message.control("Cancel")), job


class TestAgain:
    async def test_the_same_recipe_with_a_new_seed_is_made_for_whoever_presses(self, theatre):
        message, first = await finished(theatre)
        handle = await theatre.bruno.click(message, "Again")
        second = await theatre.engine.wait_added(2)
        assert isinstance(second.recipe, Morph)
        assert second.recipe.seed != first.recipe.seed
        assert msgspec.structs.replace(second.recipe, seed=1234) == first.recipe
        assert second.owner == theatre.bruno.user.id
        theatre.engine.finish(second.id)
        assert f"seed:{second.recipe.seed}" in (await handle.message_where(has_gif)).content
        assert has_gif(theatre.playground.world.messages[message.id])

    async def test_it_works_after_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                message, _ = await finished(before)
            async with stage.bot(playground) as after:
                await after.ada.click(message, "Again")
                assert (await after.engine.wait_added(1)).recipe.source == "skunk"

    async def test_of_an_animation_that_is_not_remembered_it_says_so(self, theatre):
        message, _ = await finished(theatre)
        await theatre.store.prune(days=-1)
        note = await (await theatre.ada.click(message, "Again")).message_where(is_note)
        assert "is not remembered any more" in note.content

    async def test_a_member_with_enough_in_the_queue_is_refused(self, theatre):
        message, _ = await finished(theatre)
        for _ in range(20):
            await theatre.ada.slash(COMMAND)
        await theatre.engine.wait_added(21)
        handle = await theatre.ada.click(message, "Again")
        note = await handle.message_where(is_note)
        assert "at most 20 are allowed at a time" in note.content
        assert [one.ephemeral for one in handle.messages] == [True]


MODERATOR = RoleSettings("Moderator", Permission.MANAGE_MESSAGES)
HOUSE = {
    "guilds": (
        GuildSettings(name="One", channels=("general", "log"), roles=(MODERATOR, RoleSettings("Helper"))),
        GuildSettings(name="Two", roles=(MODERATOR,)),
    ),
    "members": (
        MemberSettings(name="Olga"),  # the servers are hers
        MemberSettings(name="Ada"),
        MemberSettings(name="Clara", roles_in={"One": ("Moderator",)}),
        MemberSettings(name="Dora", roles_in={"One": ("Helper",)}),
        MemberSettings(name="Bruno", roles_in={"Two": ("Moderator",)}),
    ),
}


class TestModerators:
    async def test_who_may_manage_messages_on_the_server_calls_off_anybodys_and_its_message_says_so(self, stage):
        async with stage.playground(**HOUSE) as playground:
            log = playground.channel("log", playground.guild("One"))
            config = Config(delivery=BRISK, community=CommunityConfig(log_channel=log.id))
            async with stage.bot(playground, config=config) as theatre:
                message, job = await under_way(theatre)
                await playground.member("Clara").click(message, "Cancel")
                said = await theatre.ada.message_where(says("Cancelled by a moderator.", "/morph source:skunk"))
                assert [control["label"] for control in said.controls] == ["Again", "Remix"]
                assert theatre.engine.cancelled == [job.id]
                (line,) = [one.content for one in playground.world.messages.values() if one.channel_id == log.id]
                clara = playground.member("Clara").user.id
                assert line == f"**Clara** ({clara}): Cancelled an animation of Ada: morph: skunk → puppy."

    async def test_a_role_that_the_configuration_calls_a_moderators_is_enough(self, stage):
        async with stage.playground(**HOUSE) as playground:
            (helper,) = [role.id for role in playground.guild("One").roles.values() if role.name == "Helper"]
            config = Config(delivery=BRISK, moderation=ModerationConfig(moderator_roles=(helper,)))
            async with stage.bot(playground, config=config) as theatre:
                message, _ = await under_way(theatre)
                await playground.member("Dora").click(message, "Cancel")
                await theatre.ada.message_where(says("Cancelled by a moderator."))

    @pytest.mark.parametrize("name", ["Dora", "Bruno"])
    async def test_managing_the_messages_of_one_channel_or_of_another_server_is_not_enough(self, stage, name):
        async with stage.playground(**HOUSE) as playground, stage.bot(playground) as theatre:
            message, _ = await under_way(theatre)
            person, channel = playground.member(name), theatre.ada.channel
            if name == "Dora":
                channel.overwrites += (Overwrite(person.user.id, 1, allow=Permission.MANAGE_MESSAGES),)
                assert Permission.MANAGE_MESSAGES in playground.world.permissions(channel, person.user)
            note = await (await person.at(channel).click(message, "Cancel")).message_where(is_note)
            assert note.content == "Only the member who asked for this animation and the moderators can cancel it."
            assert theatre.engine.cancelled == []


class TestCancel:
    async def test_ones_own_job_is_called_off(self, theatre):
        message, job = await under_way(theatre)
        await theatre.ada.click(message, "Cancel")
        await theatre.ada.message_where(says("Cancelled."))
        assert theatre.engine.cancelled == [job.id]
        await theatre.engine.wait_forgotten(job.id)

    async def test_somebody_elses_job_goes_on(self, theatre):
        message, job = await under_way(theatre)
        note = await (await theatre.bruno.click(message, "Cancel")).message_where(is_note)
        assert note.content == "Solo chi ha chiesto questa animazione e i moderatori possono annullarla."
        assert theatre.engine.cancelled == []
        theatre.engine.finish(job.id)
        await theatre.ada.message_where(has_gif)

    async def test_it_works_after_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                message, _ = await under_way(before)
            async with stage.bot(playground) as after:
                await after.ada.click(message, "Cancel")
                await after.ada.message_where(says("Cancelled."))

    async def test_pressed_twice_the_second_is_told_that_it_is_over(self, theatre):
        message, _ = await under_way(theatre)
        await theatre.ada.click(message, "Cancel")
        try:
            second = await theatre.ada.click(message, "Cancel")
        except ClientRefused:  # the button has gone by then, which is as good
            return
        assert "over already" in (await second.message_where(is_note)).content
