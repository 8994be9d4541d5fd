"""Offload, as far as it shows without a graphics card: the CPU stands for the card and for the memory beside it."""

from __future__ import annotations

import pytest
import torch
from accelerate.hooks import CpuOffload

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.loading.offload import check_offload, offload
from engine.diffusion.loading.parts import Parts, load_parts
from engine.diffusion.model import DiffusionModel
from engine.errors import ModelError
from engine.protocol.card import Card
from engine.storyboard.morph_path import NoiseStart, TokenMix
from engine.storyboard.shot import FeedbackStart
from tests.embedded import make_shot, numpy_deprecation, render, request
from tests.tiny_model import save_tiny_model, tiny_xl_pipeline

pytestmark = numpy_deprecation
CPU, CARD = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def pictures(parts: Parts):
    model = DiffusionModel("tiny", Card(), parts)
    first = request(make_shot(NoiseStart(), prompt=TokenMix("a picture of a {}", "skunk", "puppy", 0.5)))
    (start,) = render(model, [first])
    return [start, *render(model, [request(make_shot(FeedbackStart(0), index=1), sources={0: start})])]


def offloaded(directory, how):
    parts = load_parts(directory, CPU, torch.float32, in_host_memory=True)
    offload(how, CPU, unet=parts.unet, vae=parts.vae, text_encoders=parts.text_encoders)
    return parts


@pytest.mark.parametrize("how", ["model", "sequential"])
def test_an_offloaded_model_makes_the_same_pictures(directory, how):
    plain = pictures(load_parts(directory, CPU, torch.float32))
    for picture, expected in zip(pictures(offloaded(directory, how)), plain, strict=True):
        assert (picture == expected).all()


def test_sequential_leaves_no_weights_where_it_computes(directory):
    parts = offloaded(directory, "sequential")
    pictures(parts)
    for part in (parts.unet, parts.vae, parts.text_encoder):
        assert {parameter.device.type for parameter in part.parameters()} == {"meta"}


def test_text_encoder_and_unet_send_each_other_back_and_the_vae_stays(directory):
    parts = offloaded(directory, "model")
    before = {
        name: part._hf_hook.prev_module_hook.model
        for name, part in (("unet", parts.unet), ("text", parts.text_encoder))
        if isinstance(part._hf_hook, CpuOffload)
    }
    assert before == {"unet": parts.text_encoder, "text": parts.unet}
    assert not hasattr(parts.vae, "_hf_hook")


def test_two_text_encoders_and_the_unet_go_round(tmp_path):
    tiny_xl_pipeline().save_pretrained(tmp_path)
    parts = offloaded(tmp_path, "model")
    round_trip = (*parts.text_encoders, parts.unet)
    assert [part._hf_hook.prev_module_hook.model for part in round_trip] == [parts.unet, *parts.text_encoders]


@pytest.mark.parametrize("how", ["model", "sequential"])
def test_where_there_is_no_other_memory_offload_is_refused(directory, how):
    with pytest.raises(ModelError, match=rf'offload is "{how}", but cpu has no memory of its own.*"none"'):
        load_backend(ModelConfig(source=str(directory), device="cpu", offload=how))


@pytest.mark.parametrize("acceleration", ["graphs", "compile"])
def test_recorded_calls_and_offload_exclude_each_other(acceleration):
    with pytest.raises(ModelError, match=f'"sequential" and acceleration is "{acceleration}"'):
        check_offload("sequential", CARD, acceleration)
    check_offload("sequential", CARD, "auto")
