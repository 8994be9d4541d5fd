"""Quotes: what the storyboard says, at the pace that was measured."""

from __future__ import annotations

import msgspec
import pytest

from engine.recipe.recipe import Morph
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from studio.orders.quote import quote_seconds, work_of
from studio.store.pace import STARTING_PACE, ModelPace
from tests.fakes.engine import report_of

MORPH = Morph(source="skunk", target="puppy", frames=9, seed=1)
SETTINGS = Settings(size=512, steps=20)


def test_the_work_is_the_storyboards_steps_times_the_area():
    calls = build_storyboard(MORPH, SETTINGS).unet_calls
    assert work_of(MORPH, SETTINGS) == pytest.approx(calls * 0.262144)
    half = msgspec.structs.replace(SETTINGS, size=256)
    assert work_of(MORPH, half) == pytest.approx(work_of(MORPH, SETTINGS) / 4)


def test_before_anything_was_measured_there_is_a_pace_all_the_same():
    assert quote_seconds(MORPH, SETTINGS, ModelPace()) == pytest.approx(work_of(MORPH, SETTINGS) * STARTING_PACE)


def test_a_render_of_the_same_kind_is_quoted_what_the_last_one_took():
    report = report_of(MORPH)  # 12 s of denoising, and half a second of GIF, which the engine does not wait for
    pace = ModelPace().after(report, work_of(MORPH, SETTINGS))
    assert quote_seconds(MORPH, SETTINGS, pace) == pytest.approx(12.0)


def test_the_latest_renders_count_most():
    slow, fast = ModelPace(), ModelPace()
    for seconds in (100.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0):
        report = msgspec.structs.replace(report_of(MORPH), seconds_by_phase={"denoise": seconds})
        slow, fast = slow.after(report, 1.0), ModelPace().after(report, 1.0)
    assert fast.seconds_per_work < slow.seconds_per_work < 5


def test_a_report_that_measured_nothing_changes_nothing():
    report = msgspec.structs.replace(report_of(MORPH), seconds_by_phase={"gif": 3.0})
    assert ModelPace(2.0, 4.0).after(report, 1.0) == ModelPace(2.0, 4.0)
