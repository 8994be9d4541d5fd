"""What a graphics card records before the first job comes is what jobs then call."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.diffusion.loading.parts import load_parts
from engine.diffusion.model import DiffusionModel
from engine.diffusion.speed.acceleration import WARM_UPS, Acceleration, Function
from engine.errors import ModelError
from engine.protocol.card import Card
from engine.recipe.settings import Overrides
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import FeedbackStart
from tests.embedded import make_shot, numpy_deprecation, render, request
from tests.tiny_model import tiny_pipeline, tiny_xl_pipeline

pytestmark = numpy_deprecation

WIDTH = 2
PIPELINES = {
    "sd": tiny_pipeline,
    "xl": tiny_xl_pipeline,
    "distilled": lambda: tiny_pipeline(time_cond_proj_dim=32),
}


class Diary(Acceleration):
    """Notes with which shapes functions are called, as recordings are told apart."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"))
        self.calls: list[Any] = []
        self.is_frozen = False

    def stop_compiling(self) -> None:
        self.is_frozen = True

    def record(self, function: Function) -> Function:
        def noting(*inputs: Tensor) -> Tensor:
            self.calls.append(tuple((tuple(tensor.shape), tensor.dtype) for tensor in inputs))
            return function(*inputs)

        return noting


@pytest.mark.parametrize("kind", PIPELINES)
def test_calls_of_every_width_are_recorded_and_then_called(kind, tmp_path):
    PIPELINES[kind]().save_pretrained(tmp_path)
    diary = Diary()
    card = Card(common=Overrides(size=64, steps=2, guidance=3.0))
    parts = load_parts(tmp_path, torch.device("cpu"), torch.float32)
    model = DiffusionModel("tiny", card, parts, acceleration=diary)

    model.warm_up(WIDTH)
    recorded = {call: diary.calls.count(call) for call in diary.calls}
    diary.calls.clear()

    first = [request(make_shot(NoiseStart(), guidance=3.0, steps=2, seed=seed)) for seed in range(WIDTH + 1)]
    pictures = render(model, first, width=WIDTH)
    render(model, [request(make_shot(FeedbackStart(0), guidance=3.0, index=1), sources={0: pictures[0]})])

    assert set(recorded.values()) == {WARM_UPS + 1}, "the last of the calls is the one that is recorded"
    assert len(recorded) == WIDTH + 2, "each width, an encoding and a decoding"
    assert diary.is_frozen
    assert set(diary.calls) == set(recorded)


def test_getting_ready_changes_no_picture(tmp_path):
    tiny_pipeline().save_pretrained(tmp_path)
    card = Card(common=Overrides(size=64, steps=2))
    shots = [request(make_shot(NoiseStart(), seed=5))]
    models = [DiffusionModel("tiny", card, load_parts(tmp_path, torch.device("cpu"), torch.float32)) for _ in range(2)]
    models[0].warm_up(WIDTH)
    (one,), (other,) = (render(model, shots) for model in models)
    assert (one == other).all()


class Full(Diary):
    """A card that has room for so many lanes at a time."""

    def __init__(self, lanes: int) -> None:
        super().__init__()
        self.lanes = lanes

    def record(self, function: Function) -> Function:
        noting = super().record(function)

        def with_little_room(*inputs: Tensor) -> Tensor:
            if len(inputs) > 1 and len(inputs[0]) > self.lanes:  # the UNet, with its timesteps and more
                raise torch.OutOfMemoryError("full")
            return noting(*inputs)

        return with_little_room


def full_model(directory, lanes: int) -> tuple[DiffusionModel, Full]:
    tiny_pipeline().save_pretrained(directory)
    full = Full(lanes)
    card = Card(common=Overrides(size=64, steps=2))
    parts = load_parts(directory, torch.device("cpu"), torch.float32)
    return DiffusionModel("tiny", card, parts, acceleration=full), full


def test_a_card_without_room_for_all_lanes_gets_ready_for_fewer(tmp_path):
    model, full = full_model(tmp_path, lanes=2)

    model.warm_up(4)
    full.calls.clear()
    pictures = render(model, [request(make_shot(NoiseStart(), steps=2, seed=seed)) for seed in range(4)], width=4)

    assert len(pictures) == 4
    assert max(call[0][0][0] for call in full.calls) == 2, "and jobs do not try again what failed"


def test_a_card_without_room_for_one_picture_says_so_at_the_start(tmp_path):
    model, _ = full_model(tmp_path, lanes=0)
    with pytest.raises(ModelError, match="too little memory for one picture of 64 pixels with tiny"):
        model.warm_up(4)
