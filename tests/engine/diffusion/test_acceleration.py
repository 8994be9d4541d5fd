"""Recorded and compiled calls, as far as they can be tried without a graphics card: what happens when they fail."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.acceleration import Acceleration, Compiled, Recorded
from engine.diffusion.device import Portions


def doubled(one, other):
    return 2 * one + other


INPUTS = torch.ones(2, 3), torch.ones(2, 3)


def test_nothing_is_done_where_there_is_no_card():
    acceleration = Acceleration(torch.device("cpu"), "compile")
    assert acceleration.recorded(doubled) is doubled and acceleration.compiled(doubled, "it") is doubled


@pytest.mark.parametrize("error", [RuntimeError("no graphs here"), torch.OutOfMemoryError("full")])
def test_what_cannot_be_recorded_is_called_as_it_is(monkeypatch, caplog, error):
    def fail(self, inputs):
        raise error

    monkeypatch.setattr(Recorded, "_record", fail)
    recorded = Recorded(doubled)
    for _ in range(5):
        assert torch.equal(recorded(*INPUTS), torch.full((2, 3), 3.0))
    assert recorded.recordings == 0 and len(caplog.records) == 1


def test_each_combination_of_shapes_is_recorded_once_it_has_come_again(monkeypatch):
    recorded_shapes = []

    def record(self, inputs):
        recorded_shapes.append([tuple(tensor.shape) for tensor in inputs])
        return

    monkeypatch.setattr(Recorded, "_record", record)
    recorded = Recorded(doubled)
    recorded(*INPUTS), recorded(*INPUTS)
    assert not recorded_shapes, "rare shapes are not worth it"
    recorded(*INPUTS)
    assert recorded_shapes == [[(2, 3), (2, 3)]]


def test_what_cannot_be_compiled_runs_as_it_is(monkeypatch, caplog):
    def broken(*inputs):
        raise ValueError("the compiler gave up")

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: broken)
    compiled = Compiled(doubled, "the UNet")
    for _ in range(2):
        assert torch.equal(compiled(*INPUTS), torch.full((2, 3), 3.0))
    assert [record.getMessage() for record in caplog.records] == [
        "the UNet cannot be compiled here (the compiler gave up); it runs as it is"
    ]


def test_a_device_that_is_full_gets_less_at_a_time(caplog):
    calls = []

    def work(items):
        calls.append(len(items))
        if len(items) > 3:
            raise torch.OutOfMemoryError("full")
        return [item * 10 for item in items]

    portions = Portions(torch.device("cpu"))
    assert portions.each(list(range(8)), work) == [item * 10 for item in range(8)]
    assert calls == [8, 4, 2, 2, 2, 2] and portions.most == 2
    assert portions.each([1], work) == [10]


def test_a_device_that_has_no_room_for_one_says_so():
    def work(items):
        raise torch.OutOfMemoryError("full")

    with pytest.raises(torch.OutOfMemoryError):
        Portions(torch.device("cpu")).each([1, 2], work)
