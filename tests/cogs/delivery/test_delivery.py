"""Delivery: from an accepted job to its GIF, whatever happens on the way."""

from __future__ import annotations

import asyncio
import itertools
from unittest import mock

import pytest
from discord.ext import commands

from cogs.delivery.delivery import Deliveries
from engine.errors import OperatorError, StorageError
from engine.protocol.messages import Done
from playground.faults import Fault
from playground.world.permissions import Permission
from playground.world.settings import GuildSettings, MemberSettings
from studio.config.config import Config, DeliveryConfig, LimitsConfig
from studio.config.config_file import ConfigFile
from studio.store import Store
from tests.cogs.conftest import BRISK, has_gif, says
from tests.fakes.engine import GIF, FakeEngine, report_of
from tests.fakes.orders import MORPH

MORPH_COMMAND = "/morph source:skunk target:puppy frames:9 seed:1234"
BY_TOKEN = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
BY_BOT = "/channels/{channel_id}/messages/{message_id}"
TO_CHANNEL = "/channels/{channel_id}/messages"


async def order(theatre, command=MORPH_COMMAND):
    handle = await theatre.ada.slash(command)
    job = await theatre.engine.wait_added(len(theatre.engine.added) + 1)
    return handle, job


def refusal(times):
    """Return the answer of Discord to a message that it finds fault with."""
    return Fault(method="PATCH", path="/webhooks/", status=400, code=50035, times=times)


async def finished_unseen(theatre):
    """Let a job be rendered while Discord takes nothing."""
    handle, job = await order(theatre)
    await handle.message_where(lambda message: not message.loading)
    theatre.playground.backend.faults.order(Fault(method="PATCH", path="/webhooks/", status=500))
    theatre.engine.emit(Done(job.id, GIF, ".gif", report_of(MORPH)))
    async for live in theatre.studio.watch(job.id, every=0.01):
        if live.record.state == "done":
            break
    return handle, job


async def end(theatre, job, ending):
    """Let a job end; return what its owner is to read."""
    match ending:
        case "done":
            theatre.engine.finish(job)
            return "Discord did not take the result"
        case "failed":
            theatre.engine.fail(job, "It broke.")
            return "It broke."
    await theatre.studio.cancel(job, by=theatre.ada.user.id)
    return "Cancelled."


class TestTheOrdinaryWay:
    async def test_progress_is_shown_and_the_gif_takes_its_place(self, theatre):
        handle, job = await order(theatre)
        theatre.engine.stand(job.id, 2, 180.0)
        await handle.message_where(says("2nd in line", "about 3 min left"))
        theatre.engine.stand(job.id, 0, 30.0)
        theatre.engine.progress(job.id, 3)
        await handle.message_where(says("33 %", "frame 3 of 9", "about 30 s left"))
        theatre.engine.finish(job.id)
        message = await handle.message_where(has_gif)
        assert message.gif.data == GIF
        assert message.gif.filename == "morph-1234.gif"
        assert "a picture of a skunk turns into a picture of a puppy" in message.gif.description
        assert "`seed 1234` · fake-model-1 · 256×256 · 9 frames · rendered in 12.5 s" in message.content
        assert "```\n/morph source:skunk target:puppy frames:9 seed:1234\n```" in message.content
        await theatre.engine.wait_forgotten(job.id)
        assert (await theatre.studio.history.record(job.id)).state == "delivered"
        assert len(handle.messages) == 1

    async def test_the_line_to_repeat_asks_for_the_same_recipe(self, theatre):
        handle, job = await order(theatre)
        theatre.engine.finish(job.id)
        message = await handle.message_where(has_gif)
        line = message.content.split("```")[1].strip()
        _, again = await order(theatre, line)
        assert again.recipe == job.recipe

    async def test_a_morph_through_whole_prompts_that_fill_a_message_is_delivered_with_its_recipe_as_a_file(
        self, theatre
    ):
        prompts = [f"road number {number} by the sea, sunny day, " + "trees on the right, " * 12 for number in range(6)]
        handle, job = await order(theatre, f"/morph source:{prompts[0]} target:{' > '.join(prompts[1:])} prompt:{{}}")
        assert (job.recipe.source, len(job.recipe.through)) == (prompts[0].strip(), 4)
        theatre.engine.finish(job.id)
        message = await handle.message_where(has_gif)
        gif, file = message.attachments
        assert (gif.data, file.filename) == (GIF, f"morph-{job.recipe.seed}.json")
        assert "give the file to /recipe import" in message.content
        modal = await (await theatre.ada.click(message, "Remix")).modal()
        assert modal.field("words").value == " → ".join(job.recipe.waypoints)

    async def test_while_the_model_is_loading_the_message_says_so(self, stage):
        engine = FakeEngine(loaded=False)
        async with stage.playground() as playground, stage.bot(playground, engine=engine) as theatre:
            handle, _ = await order(theatre)
            await handle.message_where(says("the model is being loaded"))
            engine.load()
            await handle.message_where(says("Waiting in line"))

    async def test_without_a_measured_pace_the_time_is_said_to_be_measured(self, theatre):
        handle, job = await order(theatre)
        theatre.engine.stand(job.id, 1)
        await handle.message_where(says("1st in line", "time left: measuring"))

    async def test_a_preview_replaces_the_one_before_and_stays_when_only_the_text_changes(self, theatre):
        handle, job = await order(theatre)
        theatre.engine.preview(job.id, 2)
        theatre.engine.progress(job.id, 3)
        shown = await handle.message_where(lambda message: message.attachments and "frame 3" in message.content)
        assert [one.data for one in shown.attachments] == [b"picture-2"]
        theatre.engine.progress(job.id, 4)
        shown = await handle.message_where(says("frame 4 of 9"))
        assert [one.data for one in shown.attachments] == [b"picture-2"]
        theatre.engine.preview(job.id, 5)
        shown = await handle.message_where(lambda message: message.attachments[0].data == b"picture-5")
        assert len(shown.attachments) == 1
        theatre.engine.finish(job.id)
        assert len((await handle.message_where(has_gif)).attachments) == 1

    async def test_previews_can_be_switched_off(self, stage):
        config = Config(delivery=DeliveryConfig(edit_seconds=0.05, preview=False))
        async with stage.playground() as playground, stage.bot(playground, config=config) as theatre:
            handle, job = await order(theatre)
            theatre.engine.preview(job.id, 2)
            theatre.engine.progress(job.id, 3)
            assert (await handle.message_where(says("frame 3 of 9"))).attachments == ()

    async def test_a_message_that_would_stay_the_same_is_not_edited(self, theatre):
        handle, job = await order(theatre)
        theatre.engine.progress(job.id, 3)
        await handle.message_where(says("frame 3 of 9"))
        edits = len(theatre.playground.backend.traffic.requests("PATCH", BY_TOKEN))
        await asyncio.sleep(4 * BRISK.edit_seconds)
        assert len(theatre.playground.backend.traffic.requests("PATCH", BY_TOKEN)) == edits

    async def test_edits_keep_their_distance_however_fast_progress_comes(self, stage):
        config = Config(delivery=DeliveryConfig(edit_seconds=0.3))
        async with stage.playground() as playground, stage.bot(playground, config=config) as theatre:
            handle, job = await order(theatre)
            for frames in range(9):
                theatre.engine.progress(job.id, frames)
                await asyncio.sleep(0.1)
            theatre.engine.finish(job.id)
            await handle.message_where(has_gif)
            edits = [exchange.at for exchange in playground.backend.traffic.requests("PATCH", BY_TOKEN)]
            progress = edits[:-1]
            assert min(later - earlier for earlier, later in itertools.pairwise(progress)) >= 0.3

    async def test_nobody_is_pinged_by_anything(self, theatre):
        handle, job = await order(theatre, "/morph source:@everyone target:<@1> prompt:@here {} `# x` seed:1")
        theatre.engine.progress(job.id, 3)
        theatre.engine.finish(job.id)
        message = await handle.message_where(has_gif)
        assert not any(version.mentions for version in handle.versions)
        sent = theatre.playground.backend.traffic.requests("PATCH", BY_TOKEN)
        assert all(exchange.req["allowed_mentions"]["parse"] == [] for exchange in sent)
        assert "@everyone" not in message.content.split("```")[0]


class TestTheEnd:
    async def test_a_failure_is_said_with_its_reason_and_the_line_to_try_again(self, theatre):
        handle, job = await order(theatre)
        theatre.engine.preview(job.id, 1)
        theatre.engine.fail(job.id, "The word “zxqv” is too long.")
        message = await handle.message_where(says("The word “zxqv” is too long.", "/morph source:skunk"))
        assert message.attachments == ()
        await theatre.engine.wait_forgotten(job.id)

    async def test_a_cancelled_job_says_so(self, theatre):
        handle, _ = await order(theatre)
        message = await handle.message_where(lambda message: message.control("Cancel"))
        await theatre.ada.click(message, "Cancel")
        await handle.message_where(says("Cancelled.", "/morph source:skunk"))

    async def test_the_death_of_the_engine_is_said_and_remembered(self, theatre):
        handle, job = await order(theatre)
        theatre.engine.progress(job.id, 4)
        theatre.engine.lose(job.id)
        await handle.message_where(says("The engine stopped; starting it again, 4 frames are kept."))
        theatre.engine.accept(job.id, frames_done=4)
        theatre.engine.progress(job.id, 5)
        await handle.message_where(says("frame 5 of 9", "stopped once on the way"))
        theatre.engine.finish(job.id)
        await handle.message_where(has_gif)


class TestTokens:
    async def test_after_the_token_has_died_the_bot_edits_in_its_own_name(self, stage):
        async with stage.playground(token_seconds=0.5) as playground, stage.bot(playground) as theatre:
            handle, job = await order(theatre)
            theatre.engine.progress(job.id, 1)
            await handle.message_where(says("frame 1 of 9"))
            await asyncio.sleep(0.6)
            theatre.engine.progress(job.id, 2)
            await handle.message_where(says("frame 2 of 9"))
            theatre.engine.finish(job.id)
            message = await handle.message_where(has_gif)
            assert len(theatre.ada.messages) == 1
            assert message.gif.data == GIF
            assert playground.backend.traffic.requests("PATCH", BY_BOT)

    async def test_shortly_before_its_end_a_token_is_not_used_any_more(self, theatre, monkeypatch):
        monkeypatch.setattr("cogs.delivery.post.TOKEN_MARGIN", 10_000.0)
        handle, job = await order(theatre)
        theatre.engine.finish(job.id)
        await handle.message_where(has_gif)
        assert theatre.playground.backend.traffic.requests("PATCH", BY_TOKEN) == []

    async def test_the_servers_own_limit_holds_once_the_token_is_gone(self, stage):
        """The member has Nitro, the server has not: the GIF is made again, smaller, from the same frames."""
        guild = GuildSettings(premium_tier=0)
        async with stage.playground(token_seconds=0.3, guilds=(guild,)) as playground, stage.bot(playground) as theatre:
            handle = await theatre.ada.stating(50 * 1024 * 1024).slash(MORPH_COMMAND)
            job = await theatre.engine.wait_added(1)
            assert job.limit_bytes == 24 * 1024 * 1024
            await asyncio.sleep(0.4)
            theatre.engine.finish(job.id, GIF + bytes(11 * 1024 * 1024))
            smaller = await theatre.engine.wait_added(2)
            assert (smaller.id, smaller.limit_bytes) == (job.id, 10 * 1024 * 1024)
            theatre.engine.finish(job.id)
            assert (await handle.message_where(has_gif)).gif.data == GIF


class TestTheUploadLimit:
    async def test_the_engine_is_told_what_the_interaction_states(self, theatre):
        await theatre.ada.stating(500_000).slash(MORPH_COMMAND)
        assert (await theatre.engine.wait_added(1)).limit_bytes == 500_000

    async def test_a_request_never_carries_more_than_discord_takes_at_all(self, stage):
        config = Config(delivery=BRISK, limits=LimitsConfig(gif_bytes=500 * 1024 * 1024))
        async with stage.playground() as playground, stage.bot(playground, config=config) as theatre:
            await theatre.ada.stating(500 * 1024 * 1024).slash(MORPH_COMMAND)
            assert (await theatre.engine.wait_added(1)).limit_bytes < 25 * 1024 * 1024

    async def test_a_gif_that_discord_refuses_for_its_size_is_made_smaller(self, theatre):
        handle = await theatre.ada.stating(100_000).slash(MORPH_COMMAND)
        job = await theatre.engine.wait_added(1)
        theatre.engine.finish(job.id, GIF + bytes(120_000))
        smaller = await theatre.engine.wait_added(2)
        assert smaller.limit_bytes == (120_000 + len(GIF)) * 4 // 5
        theatre.engine.finish(job.id, GIF)
        assert (await handle.message_where(has_gif)).gif.data == GIF

    async def test_where_next_to_nothing_is_taken_the_owner_is_told(self, theatre):
        handle = await theatre.ada.stating(1000).slash(MORPH_COMMAND)
        job = await theatre.engine.wait_added(1)
        theatre.engine.finish(job.id, GIF + bytes(70_000))
        await handle.message_where(says("no file there that is large enough for a GIF"))


class TestTroubleInTheChannel:
    async def test_a_deleted_message_is_replaced_by_one_that_names_its_owner_and_pings_nobody(self, theatre):
        handle, job = await order(theatre)
        shown = await handle.message_where(lambda message: not message.loading)
        theatre.playground.world.remove(shown)
        theatre.engine.progress(job.id, 3)
        theatre.engine.finish(job.id)
        message = await theatre.ada.message_where(has_gif)
        assert message.content.startswith("For Ada: **Morph**")
        assert not message.mentions
        await theatre.engine.wait_forgotten(job.id)
        assert (await theatre.studio.history.record(job.id)).answer.message == message.id
        assert len(theatre.playground.backend.traffic.requests("POST", TO_CHANNEL)) == 1

    async def test_where_nothing_can_be_said_the_log_tells_why(self, stage, caplog):
        members = (MemberSettings(name="Ada", takes_direct_messages=False),)
        async with stage.playground(token_seconds=0.3, members=members) as playground, stage.bot(playground) as theatre:
            handle, job = await order(theatre)
            await handle.message_where(lambda message: not message.loading)
            playground.deny_bot(theatre.ada.channel, Permission.VIEW_CHANNEL)
            await asyncio.sleep(0.4)
            theatre.engine.finish(job.id)
            await theatre.engine.wait_forgotten(job.id)
            record = await theatre.studio.history.record(job.id)
            assert (record.state, record.is_settled) == ("failed", True)
            assert "cannot reach member" in caplog.text

    @pytest.mark.parametrize("status", [500, 502, 429])
    async def test_a_result_is_posted_once_discord_is_back(self, theatre, monkeypatch, status):
        monkeypatch.setattr("cogs.context.outage.RETRY_SECONDS", (0.01,))
        handle, job = await order(theatre)
        await handle.message_where(lambda message: not message.loading)
        theatre.playground.backend.faults.order(
            Fault(method="PATCH", path="/webhooks/", status=status, times=7, retry_after=0.01)
        )
        monkeypatch.setattr("discord.webhook.async_.asyncio.sleep", _no_time)
        theatre.engine.finish(job.id)
        await handle.message_where(has_gif)

    async def test_a_message_that_discord_finds_fault_with_ends_in_a_reference_to_the_log(self, theatre, caplog):
        handle, job = await order(theatre)
        await handle.message_where(lambda message: not message.loading)
        theatre.playground.backend.faults.order(Fault(method="PATCH", path="/webhooks/", status=400, code=50035))
        theatre.engine.finish(job.id)
        message = await handle.message_where(says("Discord did not take the result"))
        reference = message.content.split("under ")[1].split(".")[0]
        assert reference in caplog.text

    @pytest.mark.parametrize("ending", ["done", "failed", "cancelled"])
    async def test_what_is_refused_again_is_said_in_the_fewest_words(self, theatre, ending):
        handle, job = await order(theatre)
        await handle.message_where(lambda message: not message.loading)
        theatre.playground.backend.faults.order(refusal(times=2 if ending == "done" else 1))
        sentence = await end(theatre, job.id, ending)
        message = await handle.message_where(says("**Morph** skunk → puppy", sentence))
        assert (message.controls, message.attachments, "```" in message.content) == ((), (), False)
        await theatre.engine.wait_forgotten(job.id)
        assert (await theatre.studio.history.record(job.id)).is_settled

    @pytest.mark.parametrize("ending", ["done", "failed", "cancelled"])
    async def test_what_is_refused_however_little_it_says_is_not_tried_for_ever(self, theatre, caplog, ending):
        handle, job = await order(theatre)
        await handle.message_where(lambda message: not message.loading)
        before = len(theatre.playground.backend.traffic.requests("PATCH", BY_TOKEN))
        theatre.playground.backend.faults.order(refusal(times=1000))
        await end(theatre, job.id, ending)
        await theatre.engine.wait_forgotten(job.id)
        record = await theatre.studio.history.record(job.id)
        assert (record.is_settled, theatre.studio.list_unsettled()) == (True, [])
        attempts = len(theatre.playground.backend.traffic.requests("PATCH", BY_TOKEN)) - before
        assert attempts == (3 if ending == "done" else 2)
        assert "was not taken" in caplog.text

    async def test_a_file_beside_the_gif_that_is_too_large_is_not_tried_for_ever(self, theatre):
        handle = await theatre.ada.stating(100_000).slash(MORPH_COMMAND)
        job = await theatre.engine.wait_added(1)
        for number in (2, 3):
            theatre.engine.emit(Done(job.id, GIF, ".gif", report_of(MORPH), tries=bytes(120_000)))
            if number == 2:
                await theatre.engine.wait_added(number)
        await handle.message_where(says("Discord takes no file there"))
        await theatre.engine.wait_forgotten(job.id)

    async def test_progress_that_fails_to_show_costs_nothing(self, theatre):
        theatre.playground.backend.faults.order(Fault(method="PATCH", path="/webhooks/", status=400, times=2))
        handle, job = await order(theatre)
        theatre.engine.progress(job.id, 3)
        await handle.message_where(says("frame 3 of 9"))


class TestDirectMessages:
    async def test_where_the_channel_is_closed_the_owner_gets_a_direct_message(self, stage):
        async with stage.playground(token_seconds=0.3) as playground, stage.bot(playground) as theatre:
            handle, job = await order(theatre)
            await handle.message_where(lambda message: not message.loading)
            playground.deny_bot(theatre.ada.channel, Permission.VIEW_CHANNEL)
            await asyncio.sleep(0.4)
            theatre.engine.finish(job.id)
            message = await theatre.ada.in_private.message_where(has_gif)
            assert message.content.startswith("For Ada: **Morph**")
            await theatre.engine.wait_forgotten(job.id)
            answer = (await theatre.studio.history.record(job.id)).answer
            assert (answer.server, answer.channel, answer.message) == (None, message.channel_id, message.id)


class TestRestarts:
    async def test_a_job_under_way_goes_on_in_the_same_message(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                handle, job = await order(before)
                before.engine.progress(job.id, 3)
                await handle.message_where(says("frame 3 of 9"))
            async with stage.bot(playground) as after:
                again = await after.engine.wait_added(1)
                assert again.id == job.id
                after.engine.progress(job.id, 4)
                await handle.message_where(says("frame 4 of 9"))
                after.engine.finish(job.id)
                await handle.message_where(has_gif)
                assert len(handle.messages) == 1

    async def test_a_gif_that_was_finished_before_the_restart_is_posted_after_it(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                handle, job = await finished_unseen(before)
            async with stage.bot(playground) as after:
                assert (await handle.message_where(has_gif)).gif.data == GIF
                await after.engine.wait_forgotten(job.id)
                assert after.engine.added == []

    async def test_a_gif_that_was_lost_before_it_was_posted_is_made_again(self, stage, caplog):
        """Such as with a disk, or in a backup that was taken without the renders."""
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                handle, job = await finished_unseen(before)
            (stage.renders / f"{job.id}.gif").unlink()
            async with stage.bot(playground) as after:
                again = await after.engine.wait_added(1)
                assert (again.id, again.recipe) == (job.id, job.recipe)
                after.engine.progress(job.id, 4)
                await handle.message_where(says("frame 4 of 9"))
                after.engine.finish(job.id)
                assert (await handle.message_where(has_gif)).gif.data == GIF
                await after.engine.wait_forgotten(job.id)
                assert len(handle.messages) == 1
        assert f"there is no render of {job.id} any more" in caplog.text

    async def test_a_gif_that_is_lost_again_and_again_is_told_of_instead(self, stage, monkeypatch):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                handle, job = await finished_unseen(before)
            monkeypatch.setattr("studio.store.renders.Renders.load", _lost)
            async with stage.bot(playground) as after:
                await after.engine.wait_added(1)
                after.engine.finish(job.id)
                await handle.message_where(says("The finished file was lost: this bot's disk has a problem."))
                await after.engine.wait_forgotten(job.id)
                assert len(after.engine.added) == 1
                assert (await after.studio.history.record(job.id)).state == "failed"

    async def test_a_delivered_job_is_not_delivered_again(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                handle, job = await order(before)
                before.engine.finish(job.id)
                await handle.message_where(has_gif)
                await before.engine.wait_forgotten(job.id)
            edits = len(playground.backend.traffic.requests("PATCH", BY_TOKEN))
            async with stage.bot(playground) as after:
                assert after.studio.list_unsettled() == []
            assert len(playground.backend.traffic.requests("PATCH", BY_TOKEN)) == edits


async def _no_time(seconds):
    """Stand in for discord.py's own pauses between its attempts."""


async def _lost(renders, job):
    """Stand in for the reading of a file that is not there."""
    raise StorageError("{job}: there is no such file.", job=job)


class TestWhatWasClamped:
    async def test_it_is_told_while_the_animation_is_made_and_with_the_result(self, theatre):
        note = "-# 500 frames were asked for; at most 400 are allowed here."
        handle = await theatre.ada.slash("/morph source:skunk target:puppy frames:500")
        await handle.message_where(says(note))
        theatre.engine.finish((await theatre.engine.wait_added(1)).id)
        assert note in (await handle.message_where(has_gif)).content


class TestStopping:
    """Whatever is stopped is stopped before what it uses."""

    @pytest.fixture
    def ends(self, monkeypatch):
        """Return what ended, in order, each with the deliveries that were still under way then."""
        ended = []

        def noted(owner):
            close = owner.close

            async def closing(one):
                ended.append((owner.__name__, [name for name in names() if name.startswith("delivery")]))
                await close(one)

            monkeypatch.setattr(owner, "close", closing)

        def names():
            return [task.get_name() for task in asyncio.all_tasks() if not task.done()]

        for owner in (commands.Bot, FakeEngine, Store):
            noted(owner)
        return ended

    async def test_deliveries_are_stopped_before_engine_and_store(self, stage, ends):
        async with stage.playground() as playground, stage.bot(playground) as theatre:
            await order(theatre)
            handle, _ = await order(theatre)
            await handle.message_where(lambda message: not message.loading)
        assert ends == [("Bot", []), ("FakeEngine", []), ("Store", [])]

    async def test_also_when_only_half_of_it_was_begun(self, stage, ends, monkeypatch):
        async def jammed(engine):
            raise OperatorError("It does not start.")

        async with stage.playground() as playground:
            monkeypatch.setattr(FakeEngine, "start", jammed)
            with pytest.raises(OperatorError):
                async with stage.bot(playground):
                    pass
        assert [name for name, _ in ends] == ["Bot", "FakeEngine", "Store"]

    async def test_an_order_that_comes_while_it_stops_is_left_to_the_next_start(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as theatre:
                await order(theatre)
                (record,) = theatre.studio.list_unsettled()
                deliveries = Deliveries(mock.Mock(), theatre.studio, ConfigFile.without_file(Config()))
                await deliveries.close()
                deliveries.start(record)
                assert sum(task.get_name() == f"delivery of {record.id}" for task in asyncio.all_tasks()) == 1
            async with stage.bot(playground) as theatre:
                theatre.engine.finish((await theatre.engine.wait_added(1)).id)
                await theatre.ada.message_where(has_gif)
