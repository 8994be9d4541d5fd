"""A lean model computes what the original does, to the last digits, in fewer operations."""

from __future__ import annotations

import copy

import pytest
import torch
from diffusers.models.attention_processor import Attention
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.loading.lean import LeanAttention, LeanConvolution, LeanResnet, LeanUpsample, make_lean
from engine.diffusion.loading.parts import load_parts
from engine.diffusion.loading.source import EMBEDDED
from tests.tiny_model import save_tiny_model, tiny_pipeline

TOLERANCE = 2e-5
"""Of a result's largest value: float32 has seven digits, and a hundred layers lose two of them."""
CPU = torch.device("cpu")


@pytest.fixture(scope="module", params=["embedded", "tiny"])
def models(request):
    """A UNet and a VAE, as they are and lean."""
    pipeline = tiny_pipeline() if request.param == "tiny" else load_parts(EMBEDDED, CPU, torch.float32)
    originals = pipeline.unet, pipeline.vae
    lean = copy.deepcopy(originals)
    for model in lean:
        make_lean(model)
    return originals, lean


@pytest.fixture(autouse=True)
def without_gradients():
    with torch.inference_mode():
        yield


def assert_near(result, wanted):
    assert (result - wanted).abs().max() <= TOLERANCE * wanted.abs().max()


def unet_call(unet, rows=2, side=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(rows, unet.config.in_channels, side, side, generator=generator)
    states = torch.randn(rows, 77, unet.config.cross_attention_dim, generator=generator)
    told = unet.config.time_cond_proj_dim
    scale = None if told is None else torch.randn(rows, told, generator=generator)
    return lambda model: model(latents, 500, encoder_hidden_states=states, timestep_cond=scale, return_dict=False)[0]


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("side", [16, 12, 10])  # 10 is halved to 5, which doubling alone does not bring back
def test_a_unet_says_the_same(models, rows, side):
    (unet, _), (lean, _) = models
    call = unet_call(unet, rows, side)
    assert_near(call(lean), call(unet))


def test_other_prompts_are_looked_at_anew(models):
    (unet, _), (lean, _) = models
    for seed in (1, 2):
        call = unet_call(unet, seed=seed)
        assert_near(call(lean), call(unet))


def test_an_autoencoder_makes_the_same(models):
    (_, vae), (_, lean) = models
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    latents = torch.randn(1, vae.config.latent_channels, 8, 8, generator=torch.Generator().manual_seed(0))
    assert_near(lean.encode(image).latent_dist.parameters, vae.encode(image).latent_dist.parameters)
    assert_near(lean.decode(latents).sample, vae.decode(latents).sample)


def test_what_goes_in_is_left_as_it_is(models):
    _, (_, lean) = models
    latents = torch.ones(1, lean.config.latent_channels, 8, 8)
    lean.decode(latents)
    assert bool((latents == 1).all())


@pytest.fixture
def threads():
    """How to set the number of threads, which is put back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_a_unet_says_the_same_to_the_last_bit_whatever_the_number_of_threads(models, threads):
    _, (lean, _) = models
    call = unet_call(lean, rows=1)
    results = []
    for count in (1, 2, 1):
        threads(count)
        results.append(call(lean))
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])


def test_weights_lie_in_memory_once():
    pipeline = tiny_pipeline()
    before = sum(weight.numel() for weight in pipeline.unet.parameters())
    make_lean(pipeline.unet)
    unet_call(pipeline.unet)(pipeline.unet)
    convolutions = [module for module in pipeline.unet.modules() if isinstance(module, LeanConvolution)]
    assert convolutions and all(module.weight is None for module in convolutions)
    packed = sum(module._packed.numel() for module in convolutions)
    assert sum(weight.numel() for weight in pipeline.unet.parameters()) < before - packed / 2


@pytest.mark.parametrize(
    "geometry",
    [
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": 1},
        {"kernel_size": 3, "padding": 1, "stride": 2},
        {"kernel_size": 3, "padding": 2, "dilation": 2},
        {"kernel_size": 3, "padding": 1, "groups": 2},
        {"kernel_size": (3, 1), "padding": (1, 0), "bias": False},
    ],
    ids=["3x3", "1x1", "stride", "dilation", "groups", "oblong, no bias"],
)
def test_the_private_operator_does_what_the_public_convolution_does(geometry):
    """If only this fails, torch has changed an operator of its own: see the bounds of its version in pyproject.toml."""
    torch.manual_seed(0)
    original = nn.Conv2d(8, 6, **geometry)
    assert LeanConvolution.can_replace(original)
    lean = LeanConvolution(original)
    for shape in ((1, 8, 16, 16), (3, 8, 10, 14)):  # the weights' order suits the first; others have to be right
        pictures = torch.randn(shape)
        expected = functional.conv2d(
            pictures,
            original.weight,
            original.bias,
            stride=original.stride,
            padding=original.padding,
            dilation=original.dilation,
            groups=original.groups,
        )
        assert torch.allclose(lean(pictures), expected, atol=1e-5)


def test_doubling_takes_four_ninths_of_the_operations():
    original = Upsample2D(4, use_conv=True)
    counts = []
    for model in (original, LeanUpsample(original)):
        with FlopCounterMode(display=False) as counter:
            model(torch.zeros(1, 4, 8, 8))
        counts.append(counter.get_total_flops())
    assert counts[1] * 9 == counts[0] * 4


def test_every_block_of_the_kind_is_replaced(models):
    _, lean = models
    kinds = {type(module) for model in lean for module in model.modules()}
    assert {LeanUpsample, LeanResnet, LeanAttention, LeanConvolution} <= kinds
    assert ResnetBlock2D not in kinds


@pytest.mark.parametrize(
    "other",
    [
        Attention(8, heads=2, dim_head=4, bias=True),
        Attention(8, heads=2, dim_head=4, norm_num_groups=2),
        Attention(8, heads=2, dim_head=4, residual_connection=True),
        ResnetBlock2D(in_channels=8, temb_channels=4, groups=2, time_embedding_norm="scale_shift"),
        ResnetBlock2D(in_channels=8, temb_channels=4, groups=2, output_scale_factor=2.0),
        ResnetBlock2D(in_channels=8, temb_channels=4, groups=2, up=True),
        Upsample2D(8, use_conv=True, use_conv_transpose=True),
        Upsample2D(8),
        torch.nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
        torch.nn.Conv2d(4, 4, 3, padding="same"),
        torch.nn.Conv2d(4, 4, 3, dtype=torch.bfloat16),
    ],
)
def test_a_block_of_another_kind_stays(other):
    model = torch.nn.Sequential(other)
    make_lean(model)
    assert model[0] is other


def test_the_engine_loads_a_lean_model_where_the_cpu_computes(tmp_path):
    backend = load_backend(ModelConfig(source=str(save_tiny_model(tmp_path)), device="cpu"), threads=1)
    kinds = {type(module) for module in backend._parts.vae.modules()}
    assert LeanUpsample in kinds
