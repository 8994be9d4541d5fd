"""Quotes: what the storyboard says, at the pace that was measured."""

from __future__ import annotations

import msgspec
import pytest

from engine.recipe.recipe import Morph, resolve
from engine.recipe.settings import BUILT_IN, Overrides
from engine.storyboard.builder import build_storyboard
from studio.orders.quote import work_of_plan, work_of_recipe
from studio.store import Store
from studio.store.pace import STARTING_PACE, ModelPace
from tests.fakes.engine import plan_of, report_of

MORPH, SETTINGS = resolve(
    Morph(source="skunk", target="puppy", frames=9, seed=1, settings=Overrides(size=512, steps=20)), (BUILT_IN,)
)


@pytest.fixture
async def charges(tmp_path):
    store = Store(tmp_path)
    await store.open()
    yield store.charges
    await store.close()


def test_the_work_is_the_storyboards_steps_times_the_area():
    calls = build_storyboard(MORPH, SETTINGS).unet_calls
    assert work_of_recipe(MORPH) == pytest.approx(calls * 0.262144)
    half = msgspec.structs.replace(MORPH, settings=msgspec.structs.replace(MORPH.settings, size=256))
    assert work_of_recipe(half) == pytest.approx(work_of_recipe(MORPH) / 4)


def test_what_the_engine_has_planned_is_as_much_work_as_the_recipe():
    plan = plan_of(MORPH)
    assert work_of_plan(plan) == work_of_recipe(plan.recipe)


async def test_before_anything_was_measured_there_is_a_pace_all_the_same(charges):
    assert (await charges.pace("a model")).seconds_per_work == STARTING_PACE


async def test_a_render_of_the_same_kind_is_quoted_what_the_last_one_took(charges):
    work = work_of_recipe(MORPH)
    report = report_of(MORPH)  # 12 s of denoising, and half a second of GIF, which the engine does not wait for
    await charges.add_measurement("a model", report, work)
    assert (await charges.pace("a model")).seconds_per_work * work == pytest.approx(12.0)


async def test_the_latest_renders_count_most(charges):
    for seconds in (100.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0):
        report = msgspec.structs.replace(report_of(MORPH), seconds_by_phase={"denoise": seconds})
        await charges.add_measurement("a model", report, 1.0)
    assert 1 < (await charges.pace("a model")).seconds_per_work < 5


async def test_a_report_that_measured_nothing_changes_nothing(charges):
    for phases in ({"denoise": 3.0}, {"gif": 3.0}):
        report = msgspec.structs.replace(report_of(MORPH), seconds_by_phase=phases)
        await charges.add_measurement("a model", report, 4.0)
    assert await charges.pace("a model") == ModelPace(3.0, 4.0)
