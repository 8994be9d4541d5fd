"""The studio: limits first, nothing accepted is lost, everything is delivered once."""

from __future__ import annotations

import asyncio
import time
from unittest import mock

import msgspec
import pytest

from engine.errors import EngineError, LimitError, PromptError, StorageError
from engine.recipe.edits import make_variations
from engine.recipe.recipe import Giro, Stage
from engine.recipe.seeds import new_seed
from engine.sentence import Sentence
from studio.config.config import CommunityConfig, Config, LimitsConfig, OwnCommunity, ServerConfig
from studio.config.config_file import ConfigFile
from studio.gallery.gallery import Viewer
from studio.store import Render, Store
from studio.studio import Studio
from tests.fakes.engine import GIF, FakeEngine, plan_of, refused
from tests.fakes.orders import ADA, BOB, MIB, MORPH, SERVER, answer, order


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
async def studio(tmp_path, engine):
    studio = Studio(ConfigFile.without_file(Config()), engine, Store(tmp_path))
    await studio.open()
    yield studio
    await studio.close()


async def open_studio(tmp_path, engine, config: Config | None = None) -> Studio:
    studio = Studio(ConfigFile.without_file(config or Config()), engine, Store(tmp_path))
    await studio.open()
    return studio


async def over(studio: Studio, job: str):
    """Wait until the engine is through with a job, and return how it ended."""
    async for live in studio.watch(job, every=60):
        last = live
    return last.record


async def seen(studio: Studio, job: str, condition):
    """Wait until a job stands as `condition` wants it."""
    async for live in studio.watch(job, every=0.001):
        if condition(live):
            return live
    raise AssertionError("the job was over first")


class TestForgetting:
    """What is kept for long enough goes, and with it its file here and its frames in the engine."""

    async def delivered(self, studio, engine, job) -> str:
        record = await studio.submit(job)
        engine.finish(record.id)
        await over(studio, record.id)
        await studio.mark_delivered(record.id)
        return record.id

    async def test_old_renders_go_with_files_and_frames(self, tmp_path, engine):
        servers = {SERVER: ServerConfig(community=OwnCommunity(keep_unshared_days=3))}
        studio = await open_studio(tmp_path, engine, Config(servers=servers))
        here, elsewhere = [await self.delivered(studio, engine, order(server=server)) for server in (SERVER, "777")]
        with mock.patch("time.time", return_value=time.time() + 4 * 24 * 3600):
            await studio.prune()
        assert engine.discarded == [here]
        with pytest.raises(LimitError, match="not remembered"):
            await studio.history.record(here)
        assert (await studio.history.record(elsewhere)).state == "delivered"
        assert [path.stem for path in (tmp_path / "renders").iterdir()] == [elsewhere]
        await studio.close()

    async def test_a_file_that_cannot_be_removed_keeps_neither_frames_nor_other_files(self, studio, engine, tmp_path):
        jobs = [await self.delivered(studio, engine, order()) for _ in range(3)]
        stubborn = tmp_path / "renders" / f"{jobs[1]}.gif"
        stubborn.unlink()
        stubborn.mkdir()
        later = mock.patch("time.time", return_value=time.time() + 40 * 24 * 3600)
        with later, pytest.raises(StorageError, match="cannot be removed"):
            await studio.prune()
        assert sorted(engine.discarded) == sorted(jobs)
        assert list((tmp_path / "renders").iterdir()) == [stubborn]

    async def test_what_the_operator_keeps_for_fewer_days_goes_on_every_server_and_in_direct_messages(
        self, tmp_path, engine
    ):
        config = Config(community=CommunityConfig(keep_unshared_days=7))
        studio = await open_studio(tmp_path, engine, config)
        jobs = [await self.delivered(studio, engine, order(server=server)) for server in (SERVER, None)]
        with mock.patch("time.time", return_value=time.time() + 6 * 24 * 3600):
            await studio.prune()
        assert engine.discarded == []
        with mock.patch("time.time", return_value=time.time() + 8 * 24 * 3600):
            await studio.prune()
        assert sorted(engine.discarded) == sorted(jobs)
        assert list((tmp_path / "renders").iterdir()) == []
        with pytest.raises(LimitError, match="they are kept for 7 days"):
            await studio.history.visible(jobs[0], Viewer(member=ADA, server=SERVER))
        await studio.close()

    async def test_what_its_maker_takes_out_of_the_gallery_leaves_no_frames_either(self, studio, engine):
        job = await self.delivered(studio, engine, order())
        viewer = Viewer(member=ADA, server=SERVER)
        await studio.gallery.share(job, viewer)
        await studio.gallery.delete(job, viewer)
        await asyncio.sleep(0)
        assert engine.discarded == [job]


class TestSubmitting:
    async def test_a_job_is_stored_and_then_given_to_the_engine_with_its_settings_written_down(self, studio, engine):
        record = await studio.submit(order())
        (job,) = engine.added
        assert (job.id, job.owner, job.limit_bytes) == (record.id, ADA.id, 10 * MIB)
        assert job.recipe == plan_of(MORPH).recipe
        assert await studio.history.record(record.id) == record

    async def test_the_admins_limit_on_bytes_holds_where_discord_would_take_more(self, tmp_path, engine):
        studio = await open_studio(tmp_path, engine, Config(limits=LimitsConfig(gif_bytes=MIB)))
        assert (await studio.submit(order())).limit_bytes == MIB
        await studio.close()

    async def test_too_many_stages_are_refused(self, tmp_path, engine):
        studio = await open_studio(tmp_path, engine, Config(limits=LimitsConfig(stages=2)))
        giro = Giro(stages=(Stage("a road", 5),) * 3, seed=1)
        with pytest.raises(LimitError, match="There are 3 stages; at most 2"):
            await studio.submit(order(giro))
        await studio.close()

    async def test_a_member_with_enough_in_the_queue_has_to_wait(self, tmp_path, engine):
        studio = await open_studio(tmp_path, engine, Config(limits=LimitsConfig(jobs_per_member=1)))
        first = await studio.submit(order())
        with pytest.raises(LimitError, match="You have 1 animation in the queue, and at most 1 are allowed"):
            await studio.submit(order())
        await studio.submit(order(member=BOB))
        await studio.cancel(first.id, by=ADA.id)
        await studio.submit(order())
        await studio.close()

    async def test_two_orders_at_a_time_cannot_both_take_the_last_place(self, tmp_path, engine):
        studio = await open_studio(tmp_path, engine, Config(limits=LimitsConfig(jobs_per_member=1)))
        outcomes = await asyncio.gather(studio.submit(order()), studio.submit(order()), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes].count(LimitError) == 1
        await studio.close()

    async def test_a_full_server_refuses_and_direct_messages_do_not_count_for_it(self, tmp_path, engine):
        studio = await open_studio(tmp_path, engine, Config(limits=LimitsConfig(jobs_per_server=1)))
        await studio.submit(order())
        with pytest.raises(LimitError, match="This server has 1 animation in the queue"):
            await studio.submit(order(member=BOB))
        await studio.submit(order(member=BOB, server=None))
        await studio.close()

    async def test_what_the_model_cannot_take_is_refused_and_nothing_is_queued(self, tmp_path):
        engine = refused(PromptError("The word “zxqv” is too long."))
        studio = await open_studio(tmp_path, engine)
        with pytest.raises(PromptError, match="zxqv"):
            await studio.submit(order())
        assert engine.added == []
        assert studio.list_unsettled() == []
        await studio.close()

    async def test_a_loading_engine_does_not_keep_the_member_waiting(self, tmp_path):
        loading = FakeEngine(loaded=False)
        studio = await open_studio(tmp_path, loading)
        record = await studio.submit(order())
        assert record.plan is None
        assert [job.id for job in loading.added] == [record.id]
        await studio.close()

    async def test_a_busy_engine_does_not_keep_the_member_waiting_for_long(self, tmp_path, engine, monkeypatch):
        async def never(*_):
            await asyncio.Event().wait()

        monkeypatch.setattr("studio.orders.admission.CHECK_TIMEOUT_SECONDS", 0.01)
        monkeypatch.setattr(engine, "check", never)
        studio = await open_studio(tmp_path, engine)
        record = await studio.submit(order())
        assert [job.id for job in engine.added] == [record.id]
        await studio.close()

    async def test_a_refusal_that_comes_later_becomes_the_jobs_end(self, tmp_path):
        loading = FakeEngine(loaded=False)
        studio = await open_studio(tmp_path, loading)
        record = await studio.submit(order())
        loading.fail(record.id, "The word is too long.")
        ended = await over(studio, record.id)
        assert (ended.state, str(ended.error)) == ("failed", "The word is too long.")
        await studio.close()

    async def test_an_engine_that_is_being_restarted_gets_the_job_all_the_same(self, tmp_path):
        engine = refused(EngineError("The engine stopped."))
        studio = await open_studio(tmp_path, engine)
        await studio.submit(order())
        assert len(engine.added) == 1
        await studio.close()


class TestWatching:
    async def test_progress_previews_and_the_engines_death_are_seen(self, studio, engine):
        record = await studio.submit(order())
        engine.progress(record.id, 3)
        live = await seen(studio, record.id, lambda live: live.progress and live.record.state == "running")
        assert (live.progress.frames_done, live.progress.frames) == (3, 9)
        engine.preview(record.id, 2)
        assert (await seen(studio, record.id, lambda live: live.preview)).preview.image == b"picture-2"
        engine.lose(record.id)
        assert (await seen(studio, record.id, lambda live: live.restarting)).restarts == 1
        engine.accept(record.id, frames_done=3)
        assert (await seen(studio, record.id, lambda live: not live.restarting)).restarts == 1

    async def test_the_end_is_seen_at_once_however_seldom_one_looks(self, studio, engine):
        record = await studio.submit(order())
        engine.finish(record.id)
        async with asyncio.timeout(5):
            assert (await over(studio, record.id)).state == "done"

    async def test_an_end_that_comes_while_the_reader_is_busy_is_not_missed(self, studio, engine):
        record = await studio.submit(order())
        states = []
        async for live in studio.watch(record.id, every=60):
            states.append(live.record.state)
            if live.record.is_open:
                await studio.cancel(record.id, by=ADA.id)
        assert states == ["waiting", "cancelled"]

    async def test_a_job_that_is_not_open_any_more_ends_the_watch(self, studio):
        assert [live async for live in studio.watch("gone", every=1)] == []

    async def test_the_queue_has_running_jobs_first_and_then_by_position(self, studio, engine):
        first, second, third = [(await studio.submit(order())).id for _ in range(3)]
        elsewhere = await studio.submit(order(member=BOB, server="777"))
        engine.stand(first, 2, 90.0)
        engine.stand(second, 0, 10.0)
        engine.stand(third, 1)
        queue = studio.queue(SERVER)
        assert [(entry.record.id, entry.standing.position) for entry in queue] == [(second, 0), (third, 1), (first, 2)]
        assert [entry.record.id for entry in studio.queue(member=BOB.id)] == [elsewhere.id]


class TestDelivering:
    async def test_the_gif_is_on_disk_before_the_job_is_done_and_forgotten_after_the_delivery(self, studio, engine):
        record = await studio.submit(order())
        engine.finish(record.id)
        await over(studio, record.id)
        assert await studio.renders.load(record.id) == Render(GIF, ".gif")
        assert engine.forgotten == []
        await studio.mark_delivered(record.id)
        assert engine.forgotten == [record.id]
        assert (await studio.history.record(record.id)).state == "delivered"
        assert studio.list_unsettled() == []

    async def test_a_gif_that_is_too_large_is_asked_for_again_and_the_frames_are_kept(self, studio, engine):
        record = await studio.submit(order())
        engine.finish(record.id)
        await over(studio, record.id)
        await studio.render_again(record.id, 1000)
        assert [(job.id, job.limit_bytes) for job in engine.added] == [(record.id, 10 * MIB), (record.id, 1000)]
        assert engine.forgotten == []
        engine.finish(record.id, b"GIF89a")
        assert (await over(studio, record.id)).state == "done"
        assert (await studio.renders.load(record.id)).data == b"GIF89a"

    async def test_an_owner_who_was_told_of_a_failure_is_not_told_again(self, studio, engine):
        record = await studio.submit(order())
        engine.fail(record.id, "No.")
        await over(studio, record.id)
        assert [open_.id for open_ in studio.list_unsettled()] == [record.id]
        await studio.mark_settled(record.id)
        assert studio.list_unsettled() == []
        assert (await studio.history.record(record.id)).is_settled

    async def test_what_cannot_reach_anybody_is_settled_with_its_reason(self, studio, engine):
        record = await studio.submit(order())
        engine.finish(record.id)
        await over(studio, record.id)
        await studio.mark_undeliverable(record.id, Sentence("The channel is gone."))
        ended = await studio.history.record(record.id)
        assert (ended.state, str(ended.error), ended.is_settled) == ("failed", "The channel is gone.", True)
        assert engine.forgotten == [record.id]

    async def test_an_answer_that_moved_is_found_where_it_went(self, studio):
        record = await studio.submit(order())
        elsewhere = answer(message="901")
        await studio.move_answer(record.id, elsewhere)
        assert studio.list_unsettled()[0].answer == elsewhere
        assert (await studio.history.record(record.id)).answer == elsewhere

    async def test_a_gif_that_cannot_be_written_is_told_and_tried_again_after_a_restart(
        self, tmp_path, studio, engine, monkeypatch, caplog
    ):
        async def full(self, job, gif):
            raise StorageError("renders: cannot be written (No space left on device).")

        record = await studio.submit(order())
        with monkeypatch.context() as patched:
            patched.setattr("studio.store.renders.Renders.save", full)
            engine.finish(record.id)
            ended = await over(studio, record.id)
        assert ended.state == "failed"
        assert "could not be stored" in str(ended.error)
        assert "No space left" in caplog.text
        await studio.mark_settled(record.id)
        assert engine.forgotten == []
        await studio.close()
        await studio.open()
        assert engine.added[-1].id == record.id


class TestCancelling:
    async def test_ones_own_job_is_called_off_in_the_store_and_in_the_engine(self, studio, engine):
        record = await studio.submit(order())
        await studio.cancel(record.id, by=ADA.id)
        assert engine.cancelled == [record.id]
        assert (await over(studio, record.id)).state == "cancelled"

    async def test_somebody_elses_job_cannot_be_cancelled(self, studio, engine):
        record = await studio.submit(order())
        with pytest.raises(LimitError, match="Only the member who asked"):
            await studio.cancel(record.id, by=BOB.id)
        assert engine.cancelled == []

    async def test_a_moderator_cancels_what_is_of_their_own_server_and_the_owner_reads_who_did(self, studio, engine):
        here, elsewhere, in_private = [
            await studio.submit(order(server=server)) for server in (SERVER, SERVER + "0", None)
        ]
        for foreign in (elsewhere, in_private):
            with pytest.raises(LimitError, match="and the moderators"):
                await studio.cancel(foreign.id, by=BOB.id, moderates=SERVER)
        await studio.cancel(here.id, by=BOB.id, moderates=SERVER)
        assert engine.cancelled == [here.id]
        ended = await over(studio, here.id)
        assert (ended.state, str(ended.error)) == ("cancelled", "Cancelled by a moderator.")
        await studio.close()
        await studio.open()
        assert next(record for record in studio.list_unsettled() if record.id == here.id) == ended

    async def test_of_what_is_ones_own_a_moderator_is_no_moderator(self, studio):
        record = await studio.submit(order())
        await studio.cancel(record.id, by=ADA.id, moderates=SERVER)
        assert (await over(studio, record.id)).error is None

    async def test_a_finished_job_cannot_be_cancelled(self, studio, engine):
        record = await studio.submit(order())
        engine.finish(record.id)
        await over(studio, record.id)
        with pytest.raises(LimitError, match="over already"):
            await studio.cancel(record.id, by=ADA.id)

    async def test_a_result_that_comes_after_the_cancel_is_dropped(self, studio, engine):
        record = await studio.submit(order())
        await studio.cancel(record.id, by=ADA.id)
        engine.finish(record.id)
        assert (await over(studio, record.id)).state == "cancelled"

    async def test_an_unknown_job_is_said_to_be_forgotten(self, studio):
        with pytest.raises(LimitError, match="kept for 30 days"):
            await studio.cancel("gone", by=ADA.id)


class TestAgain:
    async def test_the_same_recipe_comes_with_a_new_seed(self, studio):
        record = await studio.submit(order())
        again = await studio.history.again(record.id, Viewer(member=BOB, server=SERVER))
        assert again.seed != MORPH.seed
        assert msgspec.structs.replace(again, seed=MORPH.seed) == MORPH

    @pytest.mark.parametrize("server", ["", "another"])
    async def test_what_was_made_elsewhere_is_only_for_its_maker(self, studio, server):
        record = await studio.submit(order())
        for ask in (studio.history.again, studio.history.recipe, studio.history.visible):
            with pytest.raises(LimitError, match="not remembered any more"):
                await ask(record.id, Viewer(member=BOB, server=server))
        assert (await studio.history.recipe(record.id, Viewer(member=ADA, server=server))) == record.resolved_recipe

    async def test_of_a_contact_sheet_there_are_four_others(self, studio):
        record = await studio.submit(order(make_variations(MORPH, (1, 2, 3, 4))))
        again = await studio.history.again(record.id, Viewer(member=ADA, server=SERVER))
        assert again.of == MORPH
        assert len({*again.seeds, 1, 2, 3, 4}) == 8

    async def test_a_line_ends_where_a_member_may_not_look(self, studio):
        hidden = await studio.submit(order(server="another"))
        child = await studio.submit(msgspec.structs.replace(order(member=BOB), parent=hidden.id))
        grandchild = await studio.submit(msgspec.structs.replace(order(member=BOB), parent=child.id))
        assert await studio.history.lineage(grandchild, Viewer(member=BOB, server=SERVER)) == [grandchild, child]
        assert await studio.history.parent(child) is None
        assert await studio.history.parent(grandchild) == child

    async def test_the_engine_is_told_what_to_go_on_from(self, studio, engine):
        first = await studio.submit(order())
        await studio.submit(msgspec.structs.replace(order(member=BOB), parent=first.id))
        assert [job.base for job in engine.added] == [None, first.id]

    def test_a_new_seed_is_never_the_old_one(self, monkeypatch):
        seeds = iter([7, 7, 8])
        monkeypatch.setattr("engine.recipe.seeds.secrets.randbelow", lambda _: next(seeds))
        assert new_seed(not_this=7) == 8


class TestRestarting:
    async def test_open_jobs_go_back_to_the_engine_with_the_settings_they_were_planned_with(self, tmp_path):
        before = await open_studio(tmp_path, FakeEngine())
        record = await before.submit(order())
        await before.close()
        engine = FakeEngine()
        after = await open_studio(tmp_path, engine)
        assert [(job.id, job.recipe) for job in engine.added] == [(record.id, plan_of(MORPH).recipe)]
        engine.finish(record.id)
        assert (await over(after, record.id)).state == "done"
        await after.close()

    async def test_a_finished_but_undelivered_job_is_not_rendered_again(self, tmp_path):
        engine = FakeEngine()
        before = await open_studio(tmp_path, engine)
        record = await before.submit(order())
        engine.finish(record.id)
        await over(before, record.id)
        await before.close()
        engine = FakeEngine()
        after = await open_studio(tmp_path, engine)
        assert engine.added == []
        assert [(open_.id, open_.state) for open_ in after.list_unsettled()] == [(record.id, "done")]
        assert (await after.renders.load(record.id)).data == GIF
        await after.close()

    async def test_a_delivered_job_is_left_alone(self, tmp_path):
        engine = FakeEngine()
        before = await open_studio(tmp_path, engine)
        record = await before.submit(order())
        engine.finish(record.id)
        await over(before, record.id)
        await before.mark_delivered(record.id)
        await before.close()
        after = await open_studio(tmp_path, FakeEngine())
        assert after.list_unsettled() == []
        await after.close()

    async def test_closing_stops_the_engine(self, tmp_path):
        engine = FakeEngine()
        studio = await open_studio(tmp_path, engine)
        await studio.close()
        assert engine.started
        assert engine.closed


class TestPausing:
    async def test_what_is_paused_stays_so_after_a_restart(self, tmp_path, engine):
        studio = await open_studio(tmp_path, engine)
        await studio.administration.pause(SERVER, paused=True)
        await studio.administration.pause(None, paused=True)
        assert engine.paused == {SERVER, None}
        await studio.close()
        successor = FakeEngine()
        studio = await open_studio(tmp_path, successor)
        assert successor.paused == {SERVER, None}
        assert studio.administration.is_paused(SERVER) and studio.administration.is_paused(None)
        await studio.close()

    async def test_what_goes_on_stays_so_too(self, tmp_path, engine):
        studio = await open_studio(tmp_path, engine)
        await studio.administration.pause(SERVER, paused=True)
        await studio.administration.pause(SERVER, paused=False)
        assert not studio.administration.is_paused(SERVER)
        await studio.close()
        successor = FakeEngine()
        await (await open_studio(tmp_path, successor)).close()
        assert successor.paused == set()

    async def test_a_pause_of_one_server_is_none_of_another(self, studio):
        await studio.administration.pause(SERVER, paused=True)
        assert studio.administration.is_paused(SERVER)
        assert not studio.administration.is_paused("99") and not studio.administration.is_paused(None)

    async def test_a_pause_of_everybody_is_one_of_each_server(self, studio):
        await studio.administration.pause(None, paused=True)
        assert studio.administration.is_paused(SERVER)

    async def test_jobs_say_which_server_they_are_from(self, studio, engine):
        await studio.submit(order())
        assert engine.added[0].server == SERVER


class TestLookingAtTheEngine:
    async def test_its_status_is_passed_on(self, studio):
        assert (await studio.administration.status()).device == "cpu"

    async def test_an_engine_too_busy_to_answer_is_a_sentence(self, studio, engine, monkeypatch):
        monkeypatch.setattr("studio.administration.STATUS_TIMEOUT_SECONDS", 0.01)
        monkeypatch.setattr(engine, "status", asyncio.Event().wait)
        with pytest.raises(EngineError, match="too busy"):
            await studio.administration.status()


async def test_a_render_that_was_objected_to_stays_marked(studio, engine):
    record = await studio.submit(order())
    engine.finish(record.id, flagged=2)
    ended = await over(studio, record.id)
    assert ended.nsfw and ended.report.flagged == 2


async def test_the_store_is_closed_although_the_engine_does_not_stop_as_it_should(tmp_path, engine, monkeypatch):
    async def stuck():
        raise EngineError("It does not stop.")

    studio = await open_studio(tmp_path, engine)
    monkeypatch.setattr(engine, "close", stuck)
    with pytest.raises(EngineError):
        await studio.close()
    with pytest.raises(StorageError, match="is not open"):
        await studio.history.record("0123456789abcdef")


async def test_nothing_is_pruned_any_more_once_it_is_closed(tmp_path, engine, monkeypatch, caplog):
    begun, slow = asyncio.Event(), asyncio.Event()

    async def prune(store, *days, **more):
        begun.set()
        try:
            await slow.wait()
        finally:
            await asyncio.sleep(0.01)
            await store.jobs.list_unsettled()

    monkeypatch.setattr(Store, "prune", prune)
    studio = await open_studio(tmp_path, engine)
    await begun.wait()
    pruning = next(task for task in asyncio.all_tasks() if task.get_name() == "pruning")
    await studio.close()
    assert pruning.cancelled()
