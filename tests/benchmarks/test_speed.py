"""The benchmark of speed: what it counts, whom it serves, and that both sides make the same animation."""

from __future__ import annotations

import os

import pytest

from benchmarks.report import record_table
from benchmarks.speed.floor import Counts, Floor
from benchmarks.speed.loop import PipelineLoop
from benchmarks.speed.meter import Cost, Meter
from benchmarks.speed.ours import (
    Delivery,
    Order,
    board_of,
    journey,
    measure_traffic,
    seed_giro,
    serve,
    short_zoom,
    side_by_side,
)
from benchmarks.speed.sides import Apart, EngineSide, LoopSide, Which
from benchmarks.speed.subject import random_subject
from engine.config import EngineConfig, ModelConfig
from tests.embedded import numpy_deprecation
from tests.fakes.toy_backend import ToyBackend

pytestmark = numpy_deprecation


@pytest.fixture(scope="module")
def tiny():
    return random_subject("tiny", ModelConfig(device="cpu"), threads=1)


def forwards(part):
    """Count the rows that go through a part of the model."""
    rows = []
    part.register_forward_pre_hook(lambda module, arguments: rows.append(len(arguments[0])))
    return rows


def test_floor_loop_and_engine_do_the_same_forwards(tiny):
    board = board_of(journey(0, 3), tiny.card)
    counts = Counts.of(board)
    assert (counts.unet, counts.encodes, counts.decodes) == (20 + 2 * 8, 2, 3)
    meter = Meter(tiny.parts)
    unet, decoder = forwards(tiny.parts.unet), forwards(tiny.parts.vae.decoder)
    runs = {
        "loop": lambda: PipelineLoop(tiny).render(board),
        "ours": lambda: serve(tiny.backend(), [Order("job", journey(0, 3))], EngineConfig(lanes=1)),
        "floor": lambda: Floor(tiny, board.width, rows=2).run(counts, 1),
    }
    for way, run in runs.items():
        unet.clear(), decoder.clear()
        with meter.run() as cost:
            run()
        assert (sum(unet), sum(decoder)) == (2 * 36, 3), way
        assert 0 < cost.model_seconds < cost.seconds and cost.peak > 0 and 0 < cost.outside < 1


def test_the_floors_operations_grow_with_the_frames(tiny):
    one = Floor(tiny, 64, rows=2).flops()
    assert 0 < 2 * one.times(Counts(1, 1, 1)) == one.times(Counts(2, 2, 2))


def test_stages_side_by_side_share_calls():
    for recipe, widest in ((seed_giro(42), 1), (side_by_side(seed_giro(42)), 7)):
        backend = ToyBackend()
        serve(backend, [Order("giro", recipe)], EngineConfig(lanes=8))
        assert max(len(call) for call in backend.calls) >= widest


def test_an_order_comes_when_it_is_due_and_its_owner_waits_from_then_on():
    backend = ToyBackend()
    arrivals = serve(backend, [Order("later", short_zoom(1, 4), 0.2), Order("first", short_zoom(2, 4))], EngineConfig())
    assert set(arrivals) == {"first", "later"}
    assert all(0 < one["first_frame"] <= one["delivery"] for one in arrivals.values())


def test_traffic_is_served_both_ways():
    deliveries = measure_traffic(ToyBackend(), 24, EngineConfig())
    assert {one.way for one in deliveries} == {"Tappa", "first come"}
    assert [one.job for one in deliveries][:4] == ["giro", "zoom-1", "morph", "zoom-2"]
    assert all(one.stretch == one.delivery / one.alone > 0 for one in deliveries)


def test_first_come_is_first_served():
    orders = [Order("long", seed_giro(49)), Order("short", short_zoom(1, 3), 0.01)]
    in_turn = serve(ToyBackend(), orders, EngineConfig(), one_by_one=True)
    assert in_turn["long"]["delivery"] < in_turn["short"]["first_frame"]
    at_once = serve(ToyBackend(), orders, EngineConfig())
    assert at_once["short"]["delivery"] < at_once["long"]["delivery"]


def test_time_outside_the_model_is_what_its_forwards_leave():
    assert Cost(seconds=2, model_seconds=1).outside == 0.5
    assert Cost(seconds=9, thread_seconds=2, model_seconds=1, model_thread_seconds=1.5).outside == 0.25


def test_a_table_has_a_column_for_each_figure():
    (head, rule, line) = record_table([Delivery("a", "giro", 1.0, 1.23456, 9.0, 3.0, 3.0)]).splitlines()
    assert (head.count("|"), rule.count("|")) == (8, 8) and line == "| a | giro | 1 | 1.23 | 9 | 3 | 3 |"


class Place:
    """A side that computes nothing."""

    def __init__(self, which):
        self._which = which

    def look_around(self):
        return os.getpid(), os.getenv("OMP_WAIT_POLICY"), id(self)


def test_each_side_has_a_process_and_an_environment_of_its_own():
    which = Which(ModelConfig(device="cpu"), "tiny", 1)
    sides = Apart(Place, which, {"OMP_WAIT_POLICY": "PASSIVE"}), Apart(Place, which, {})
    try:
        (ours, policy, side), (theirs, default, _) = (one.run(Place.look_around) for one in sides)
        assert len({ours, theirs, os.getpid()}) == 3
        assert (policy, default) == ("PASSIVE", os.getenv("OMP_WAIT_POLICY"))
        assert sides[0].run(Place.look_around) == (ours, policy, side), "it is made once"
    finally:
        for one in sides:
            one.close()


def test_both_sides_make_the_same_animation():
    """As it runs in each side's process, here in one: with the model that each of them takes."""
    which = Which(ModelConfig(device="cpu"), "tiny", 1)
    ours, theirs = EngineSide(which), LoopSide(which)
    board = ours.board(journey(0, 2))
    costs = [ours.bare(board, 1), theirs.render(board), ours.render([journey(0, 2)], EngineConfig(lanes=1))]
    assert all(0 < cost.outside < 1 and cost.cpu_seconds > 0 for cost in costs)
    assert ours.operations(board) is None
    assert "1 of" in ours.describe() and "1 of" in theirs.describe()
