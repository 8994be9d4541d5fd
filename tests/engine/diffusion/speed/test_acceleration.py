"""Recorded and compiled calls, as far as they can be tried without a graphics card: what happens when they fail."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.speed.acceleration import (
    RECORDINGS,
    WARM_UPS,
    Acceleration,
    CompiledCall,
    RecordedCall,
    _Recording,
)


def doubled(one, other):
    return 2 * one + other


INPUTS = torch.ones(2, 3), torch.ones(2, 3)


def test_nothing_is_done_where_there_is_no_card():
    acceleration = Acceleration(torch.device("cpu"), "compile")
    assert acceleration.record(doubled) is doubled and acceleration.compile(doubled, "it") is doubled


class Graph:
    """Stands in for a CUDA graph: computes from the very inputs it was recorded with, into the very same output."""

    def __init__(self, inputs) -> None:
        self.inputs = tuple(tensor.clone() for tensor in inputs)
        self.output = torch.zeros_like(inputs[0])
        self.replays = 0

    def replay(self) -> None:
        self.replays += 1
        self.output.copy_(doubled(*self.inputs))


@pytest.fixture
def graphs(monkeypatch):
    made = []

    def record(self, inputs):
        made.append(Graph(inputs))
        return _Recording(made[-1], made[-1].inputs, made[-1].output)

    monkeypatch.setattr(RecordedCall, "_record", record)
    return made


def wide(width: int, value: float = 1.0):
    return torch.full((width, 3), float(value)), torch.full((width, 3), float(value))


@pytest.mark.parametrize("error", [RuntimeError("no graphs here"), torch.OutOfMemoryError("full")])
def test_what_cannot_be_recorded_is_called_as_it_is(monkeypatch, caplog, error):
    def fail(self, inputs):
        raise error

    monkeypatch.setattr(RecordedCall, "_record", fail)
    recorded = RecordedCall(doubled)
    for _ in range(5):
        assert torch.equal(recorded(*INPUTS), torch.full((2, 3), 3.0))
    assert recorded.recordings == 0 and len(caplog.records) == 1


def test_a_recording_computes_from_what_is_given_this_time(graphs):
    recorded = RecordedCall(doubled)
    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        assert torch.equal(recorded(*wide(2, value)), torch.full((2, 3), 3 * value))
    assert [graph.replays for graph in graphs] == [3]


def test_each_shape_has_a_recording_of_its_own_and_the_latest_are_kept(graphs):
    recorded = RecordedCall(doubled, most=2)
    for width in (1, 2, 1, 3):
        for value in range(WARM_UPS + 1):
            assert torch.equal(recorded(*wide(width, value)), torch.full((width, 3), 3.0 * value))
    assert recorded.recordings == 2 and [len(graph.output) for graph in graphs] == [1, 2, 3]
    recorded(*wide(1)), recorded(*wide(2))
    assert [graph.replays for graph in graphs] == [5, 1, 1, 1], "that of width 2 was the oldest, and is made anew"


def test_what_is_too_large_to_be_recorded_takes_no_recording_from_others(graphs, monkeypatch):
    recorded = RecordedCall(doubled)
    for _ in range(WARM_UPS + 1):
        recorded(*wide(2))

    def fail(self, inputs):
        raise torch.OutOfMemoryError("full")

    with monkeypatch.context() as full:
        full.setattr(RecordedCall, "_record", fail)
        for _ in range(WARM_UPS + 2):
            recorded(*wide(8))
    recorded(*wide(2))
    assert [graph.replays for graph in graphs] == [2]
    for _ in range(WARM_UPS + 1):
        recorded(*wide(4))
    assert recorded.recordings == 2, "others are still recorded"


def test_all_numbers_of_lanes_find_room():
    assert Acceleration(torch.device("cpu"), lanes=4)._most == RECORDINGS
    assert Acceleration(torch.device("cpu"), lanes=64)._most == 128


def test_each_combination_of_shapes_is_recorded_once_it_has_come_again(monkeypatch):
    recorded_shapes = []

    def record(self, inputs):
        recorded_shapes.append([tuple(tensor.shape) for tensor in inputs])
        return

    monkeypatch.setattr(RecordedCall, "_record", record)
    recorded = RecordedCall(doubled)
    recorded(*INPUTS), recorded(*INPUTS)
    assert not recorded_shapes, "rare shapes are not worth it"
    recorded(*INPUTS)
    assert recorded_shapes == [[(2, 3), (2, 3)]]


def test_what_cannot_be_compiled_runs_as_it_is(monkeypatch, caplog):
    def broken(*inputs):
        raise ValueError("the compiler gave up")

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: broken)
    compiled = CompiledCall(doubled, "the UNet")
    for _ in range(2):
        assert torch.equal(compiled(*INPUTS), torch.full((2, 3), 3.0))
    assert [record.getMessage() for record in caplog.records] == [
        "the UNet cannot be compiled here (the compiler gave up); it runs as it is"
    ]


@pytest.fixture
def compiled_shapes(monkeypatch):
    """What is really compiled, by dynamo with a backend that takes no compiler."""
    shapes = []
    compile_really = torch.compile

    def note(graph, examples):
        shapes.append([tuple(tensor.shape) for tensor in examples if isinstance(tensor, torch.Tensor)])
        return graph

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: compile_really(function, backend=note))
    yield shapes
    torch.compiler.reset()


def test_any_number_of_rows_takes_one_compile(compiled_shapes):
    compiled = CompiledCall(doubled, "the UNet")
    for rows in (8, 6, 2, 5):
        assert torch.equal(compiled(*wide(rows, rows)), torch.full((rows, 3), 3.0 * rows))
    assert len(compiled_shapes) == 1


def test_once_jobs_come_nothing_new_is_compiled(compiled_shapes):
    compiled = CompiledCall(doubled, "the UNet")
    compiled(*wide(8))
    compiled.is_frozen = True
    for sides in ((8, 3), (4, 3), (8, 5), (1, 3)):
        assert torch.equal(compiled(torch.ones(sides), torch.ones(sides)), torch.full(sides, 3.0))
    assert len(compiled_shapes) == 1
