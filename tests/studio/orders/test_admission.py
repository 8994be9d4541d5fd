"""Admission: clamped, quoted, charged and written down, or refused with nothing left behind."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from unittest.mock import AsyncMock

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LimitError, StorageError
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.recipe import Morph
from engine.recipe.settings import Overrides
from engine.sentence import Sentence
from studio.config.config import (
    Config,
    LimitsConfig,
    ModerationConfig,
    OwnLimits,
    OwnModeration,
    RoleRules,
    ServerConfig,
)
from studio.config.config_file import ConfigFile
from studio.config.effective import Place
from studio.orders.admission import QUOTA_SECONDS
from studio.orders.quote import work_of_plan
from studio.store import Store
from studio.store.members import BlockedMember
from studio.store.pace import ModelPace
from studio.studio import Studio
from tests.fakes.engine import MODEL, FakeEngine, plan_of
from tests.fakes.orders import ADA, BOB, MORPH, SERVER, order

SMALLER = "Frames of 512 pixels were asked for; at most 128 are allowed here."
FASTER = "30 denoising steps a frame were asked for; at most 10 are allowed here."


class Door:
    """A studio with everything around it in reach."""

    def __init__(self, data: Path, config: Config, engine: FakeEngine | None = None) -> None:
        self.engine = engine or FakeEngine()
        self.store = Store(data)
        self.file = ConfigFile.without_file(config)
        self.studio = Studio(self.file, self.engine, self.store)

    async def __aenter__(self):
        await self.studio.open()
        return self

    async def __aexit__(self, *_):
        await self.studio.close()

    async def sum_charges(self, member=ADA, server=SERVER):
        return await self.store.charges.sum_charges(member.id, server, 0.0)

    async def over(self, job):
        async for live in self.studio.watch(job, every=60):
            last = live
        return last.record


def limited(**limits) -> Config:
    return Config(limits=LimitsConfig(jobs_per_member=100, **limits))


def cost_of(recipe=MORPH, ceiling=NO_CEILING) -> float:
    return work_of_plan(plan_of(recipe, ceiling))


class TestClamping:
    async def test_the_job_is_what_is_allowed_and_the_notes_say_what_was_changed(self, tmp_path):
        async with Door(tmp_path, limited(frames=5)) as door:
            record = await door.studio.submit(order())
            assert record.recipe == msgspec.structs.replace(MORPH, frames=5)
            assert [str(note) for note in record.notes] == [
                "9 frames were asked for; at most 5 are allowed here.",
            ]
            assert await door.studio.history.record(record.id) == record
            assert door.engine.added[0].recipe.frames == 5

    async def test_what_the_model_would_take_by_itself_is_held_to_the_limits_too(self, tmp_path):
        async with Door(tmp_path, limited(size=128)) as door:
            record = await door.studio.submit(order())
            assert door.engine.added[0].recipe.settings.size == 128
            assert record.resolved_recipe.settings.size == 128
            assert record.recipe.settings == Overrides(), "what was left open is still the place's to decide"
            assert [str(note) for note in record.notes] == [SMALLER]

    @pytest.mark.parametrize("is_loaded", [True, False])
    async def test_the_limits_hold_and_are_told_of_when_the_plan_comes_late_as_well(
        self, tmp_path, monkeypatch, is_loaded
    ):
        monkeypatch.setattr(FakeEngine, "check", AsyncMock(side_effect=TimeoutError))
        async with Door(tmp_path, limited(size=128, steps=10), FakeEngine(loaded=is_loaded)) as door:
            record = await door.studio.submit(order())
            assert record.plan is None
            assert record.cost == pytest.approx(cost_of(ceiling=Ceiling(size=128, steps=10)))
            door.engine.accept(record.id)
            door.engine.accept(record.id)  # as after a restart of the engine
            door.engine.finish(record.id)
            over = await door.over(record.id)
            assert (over.resolved_recipe.settings.size, over.resolved_recipe.settings.steps) == (128, 10)
            assert [str(note) for note in over.notes] == [SMALLER, FASTER]
            assert await door.studio.history.record(record.id) == over

    async def test_a_restart_before_the_plan_lifts_no_limit(self, tmp_path):
        async with Door(tmp_path, limited(size=128, steps=10), FakeEngine(loaded=False)) as door:
            await door.studio.submit(order())
        async with Door(tmp_path, Config()) as door:
            assert door.engine.added[0].ceiling == Ceiling(size=128, steps=10)

    async def test_a_servers_own_limit_holds_there_only(self, tmp_path):
        config = Config(servers={SERVER: ServerConfig(limits=OwnLimits(frames=5))})
        async with Door(tmp_path, config) as door:
            assert (await door.studio.submit(order())).recipe.frames == 5
            assert (await door.studio.submit(order(server="777"))).recipe.frames == 9


class TestRefusing:
    @pytest.mark.parametrize(
        ("config", "sentence"),
        [
            (limited(commands=("zoom",)), "Not open to you here: /morph"),
            (limited(channels=("1",)), "This channel is not open"),
            (Config(moderation=ModerationConfig(banned_words=("skunk",))), "“skunk” is not wanted"),
            (
                Config(servers={SERVER: ServerConfig(moderation=OwnModeration(banned_words=("skunk",)))}),
                "“skunk” is not wanted",
            ),
            (limited(daily_seconds=1), "ask for fewer frames"),
        ],
    )
    async def test_nothing_is_queued_or_charged(self, tmp_path, config, sentence):
        async with Door(tmp_path, config) as door:
            with pytest.raises(LimitError, match=sentence):
                await door.studio.submit(order())
            assert door.engine.added == []
            assert await door.store.charges.last_order(ADA.id, SERVER) is None

    async def test_a_blocked_member_is_refused_on_that_server_only(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            await door.store.members.block(SERVER, BlockedMember(member=ADA.id, name="Ada", since=0.0))
            with pytest.raises(LimitError, match="blocked you here"):
                await door.studio.submit(order())
            await door.studio.submit(order(server="777"))
            await door.studio.submit(order(member=BOB))
            await door.store.members.unblock(SERVER, ADA.id)
            await door.studio.submit(order())

    async def test_a_role_can_open_what_is_closed(self, tmp_path):
        own = ServerConfig(limits=OwnLimits(commands=()), roles={"5": RoleRules(commands=("morph",))})
        async with Door(tmp_path, Config(servers={SERVER: own})) as door:
            with pytest.raises(LimitError, match="Not open"):
                await door.studio.submit(order())
            trusted = Place(server=SERVER, channel="700", roles=frozenset({"5"}))
            await door.studio.submit(msgspec.structs.replace(order(), place=trusted))

    async def test_between_two_orders_some_time_has_to_pass_and_cancelling_does_not_shorten_it(self, tmp_path):
        async with Door(tmp_path, limited(cooldown_seconds=60)) as door:
            first = await door.studio.submit(order())
            await door.studio.cancel(first.id, by=ADA.id)
            with pytest.raises(LimitError, match="try again in"):
                await door.studio.submit(order())
            await door.studio.submit(order(member=BOB))

    async def test_what_the_place_allows_goes_to_the_engine_with_the_job(self, tmp_path):
        own = ServerConfig(limits=OwnLimits(priority=7), moderation=OwnModeration(nsfw="allow"))
        adult = Place(server=SERVER, channel="700", age_restricted=True)
        async with Door(tmp_path, Config(servers={SERVER: own})) as door:
            await door.studio.submit(msgspec.structs.replace(order(), place=adult))
            await door.studio.submit(order())
            assert [(job.priority, job.nsfw) for job in door.engine.added] == [(7, "allow"), (7, "blur")]

    async def test_a_change_of_the_configuration_holds_from_the_next_order_on(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            await door.studio.submit(order())
            door.file.current = limited(commands=())
            with pytest.raises(LimitError, match="Not open"):
                await door.studio.submit(order())


class TestCharging:
    async def test_an_order_is_charged_with_its_quote(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            assert record.cost == pytest.approx(cost_of())
            assert await door.sum_charges() == pytest.approx(record.cost)

    async def test_frames_that_are_taken_over_cost_nothing_the_hidden_ones_among_them(self, tmp_path, monkeypatch):
        plan = plan_of(MORPH)
        monkeypatch.setattr(FakeEngine, "check", AsyncMock(return_value=msgspec.structs.replace(plan, unet_calls=40)))
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            assert record.cost == pytest.approx(cost_of() * 40 / plan.unet_calls)

    async def test_a_failed_job_costs_nothing(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            door.engine.fail(record.id, "No.")
            await door.over(record.id)
            assert await door.sum_charges() == 0

    async def test_pictures_that_are_refused_cost_what_was_rendered(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            door.engine.progress(record.id, 3)
            door.engine.refuse(record.id, "Not here.")
            await door.over(record.id)
            assert await door.sum_charges() == pytest.approx(record.cost / 3, rel=0.01)  # in whole denoising steps

    async def test_a_result_that_cannot_be_delivered_costs_nothing(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            door.engine.finish(record.id)
            await door.over(record.id)
            await door.studio.mark_undeliverable(record.id, Sentence("Nobody there."))
            assert await door.sum_charges() == 0

    async def test_a_cancelled_job_costs_what_was_rendered(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            door.engine.progress(record.id, 3)
            async for live in door.studio.watch(record.id, every=0.001):
                if live.progress:
                    break
            await door.studio.cancel(record.id, by=ADA.id)
            assert await door.sum_charges() == pytest.approx(record.cost / 3, rel=0.01)  # in whole denoising steps

    async def test_a_job_that_was_not_begun_costs_nothing_when_it_is_cancelled(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            await door.studio.cancel(record.id, by=ADA.id)
            assert await door.sum_charges() == 0

    async def test_an_order_that_cannot_be_written_down_is_not_charged(self, tmp_path, monkeypatch):
        async def full(_):
            raise StorageError("The disk is full.")

        async with Door(tmp_path, limited()) as door:
            monkeypatch.setattr(door.store.jobs, "add", full)
            with pytest.raises(StorageError):
                await door.studio.submit(order())
            assert await door.sum_charges() == 0

    async def test_what_was_measured_makes_the_next_quote(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            door.engine.finish(record.id)  # after 12 seconds of denoising
            await door.over(record.id)
            assert (await door.studio.submit(order())).cost == pytest.approx(12.0)

    async def test_a_render_that_was_taken_up_again_measures_nothing(self, tmp_path):
        async with Door(tmp_path, limited()) as door:
            record = await door.studio.submit(order())
            door.engine.accept(record.id, frames_done=5)
            door.engine.finish(record.id)
            await door.over(record.id)
            await door.studio.mark_delivered(record.id)
            assert await door.store.charges.pace(MODEL) == ModelPace()

    async def test_a_loading_engine_is_quoted_for_as_well(self, tmp_path):
        async with Door(tmp_path, limited(), FakeEngine(loaded=False)) as door:
            assert (await door.studio.submit(order())).cost > 0


class TestQuota:
    async def test_two_orders_at_a_time_cannot_both_have_the_last_seconds(self, tmp_path):
        async with Door(tmp_path, limited(daily_seconds=int(cost_of() * 1.5))) as door:
            outcomes = await asyncio.gather(
                door.studio.submit(order()), door.studio.submit(order()), return_exceptions=True
            )
            assert [type(outcome) for outcome in outcomes].count(LimitError) == 1

    async def test_what_was_spent_a_day_ago_counts_no_more(self, tmp_path, monkeypatch):
        async with Door(tmp_path, limited(daily_seconds=int(cost_of() * 1.5))) as door:
            record = await door.studio.submit(order())
            with pytest.raises(LimitError, match="are left"):
                await door.studio.submit(order())
            monkeypatch.setattr("studio.orders.admission.time.time", lambda: record.created + QUOTA_SECONDS + 1)
            await door.studio.submit(order())

    async def test_every_server_has_a_quota_of_its_own(self, tmp_path):
        async with Door(tmp_path, limited(daily_seconds=int(cost_of() * 1.5))) as door:
            for server in (SERVER, "777", None):
                await door.studio.submit(order(server=server))

    @given(
        st.lists(
            st.tuples(st.sampled_from(["order", "cancel", "fail", "finish"]), st.integers(2, 40), st.booleans()),
            max_size=25,
        ),
        st.integers(1, 400),
    )
    @settings(max_examples=25, deadline=None)
    def test_no_order_of_commands_exceeds_it(self, steps, quota):
        """Charges of what was delivered or is under way never add up to more than the quota."""
        asyncio.run(_play(steps, quota))


async def _play(steps, quota):
    with tempfile.TemporaryDirectory() as data:
        async with Door(Path(data), limited(daily_seconds=quota)) as door:
            jobs: dict[str, tuple[str, float]] = {}
            kept: dict[str, float] = {}
            for verb, frames, of_ada in steps:
                member = ADA if of_ada else BOB
                own = [job for job, (owner, _) in jobs.items() if owner == member.id]
                if verb == "order":
                    recipe = Morph(source="skunk", target="puppy", frames=frames, seed=1)
                    try:
                        record = await door.studio.submit(order(recipe, member))
                    except LimitError:
                        continue
                    jobs[record.id] = (member.id, record.cost)
                elif own:
                    job = own[0]
                    owner, cost = jobs.pop(job)
                    if verb == "cancel":
                        await door.studio.cancel(job, by=member.id)
                    elif verb == "fail":
                        door.engine.fail(job, "No.")
                        await door.over(job)
                    else:
                        door.engine.finish(job)
                        await door.over(job)
                        kept[owner] = kept.get(owner, 0.0) + cost
                for one in (ADA, BOB):
                    under_way = sum(cost for owner, cost in jobs.values() if owner == one.id)
                    assert kept.get(one.id, 0.0) + under_way <= quota + 1e-6
                    assert await door.sum_charges(one) == pytest.approx(kept.get(one.id, 0.0) + under_way)
