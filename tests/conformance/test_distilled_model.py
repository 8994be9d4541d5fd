"""Models distilled with their guidance (LCM) are told its scale, as diffusers' pipeline tells them."""

from __future__ import annotations

import pytest
import torch
from diffusers import LCMScheduler, StableDiffusionPipeline

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.loading.source import EMBEDDED
from engine.storyboard.morph_path import NoiseStart
from tests.embedded import denoise_through, make_shot, numpy_deprecation, request
from tests.tiny_model import tiny_pipeline

pytestmark = numpy_deprecation


@pytest.mark.parametrize("guidance", [1.0, 8.0])
def test_a_frame_of_a_distilled_model_is_the_pipelines_own(tmp_path, guidance):
    pipeline = tiny_pipeline(time_cond_proj_dim=32)
    pipeline.scheduler = LCMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(tmp_path)
    expected = pipeline(
        "a frog",
        height=32,
        width=32,
        num_inference_steps=4,
        guidance_scale=guidance,
        generator=torch.Generator("cpu").manual_seed(9),
        output_type="latent",
    ).images

    model = load_backend(ModelConfig(source=str(tmp_path), device="cpu"), threads=1)
    shot = make_shot(NoiseStart(), prompt="a frog", steps=4, guidance=guidance, seed=9)
    neighbour = make_shot(NoiseStart(), prompt="a cat", steps=3, guidance=5.0, seed=1)
    lanes = model.open([request(a_shot, scheduler="lcm", size=32) for a_shot in (neighbour, shot)])
    denoise_through(model, lanes, width=4)

    assert (lanes[1].latents - expected).abs().max() < 1e-4


@torch.inference_mode()
def test_a_negative_prompt_is_heeded_by_real_guidance_and_the_model_is_told_that_there_is_none(tmp_path):
    pipeline = tiny_pipeline(time_cond_proj_dim=32)
    pipeline.scheduler = LCMScheduler.from_config(pipeline.scheduler.config)
    pipeline.save_pretrained(tmp_path)
    noise = torch.randn((1, 4, 32 // pipeline.vae_scale_factor, 32 // pipeline.vae_scale_factor), generator=seeded(9))
    with_prompt, without = pipeline.encode_prompt("a frog", "cpu", 1, True, "a cat")
    told = pipeline.get_guidance_scale_embedding(torch.zeros(1), embedding_dim=32)
    pipeline.scheduler.set_timesteps(1)
    (timestep,) = pipeline.scheduler.timesteps
    led_to, led_from = (
        pipeline.unet(noise, timestep, encoder_hidden_states=words, timestep_cond=told).sample
        for words in (with_prompt, without)
    )
    expected = pipeline.scheduler.step(led_from + 5 * (led_to - led_from), timestep, noise).prev_sample

    model = load_backend(ModelConfig(source=str(tmp_path), device="cpu"), threads=1)
    shot = make_shot(NoiseStart(), prompt="a frog", steps=1, guidance=5.0, seed=9, negative="a cat")
    neighbour = make_shot(NoiseStart(), prompt="a frog", steps=1, guidance=5.0, seed=9)
    lanes = model.open([request(a_shot, scheduler="lcm", size=32) for a_shot in (neighbour, shot)])
    assert lanes[0].shape_key != lanes[1].shape_key, "one takes one row, the other two"
    denoise_through(model, lanes, width=2)

    assert (lanes[1].latents - expected).abs().max() < 1e-4 * float(expected.abs().max())
    assert (lanes[0].latents - expected).abs().max() > 1e-2


def seeded(seed: int) -> torch.Generator:
    return torch.Generator("cpu").manual_seed(seed)


def test_a_frame_of_the_embedded_model_as_it_is_packed_is_the_pipelines_own():
    pipeline = StableDiffusionPipeline.from_pretrained(EMBEDDED, dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    expected = pipeline(
        "a frog on stilts",
        height=64,
        width=64,
        num_inference_steps=5,
        guidance_scale=4.0,
        generator=torch.Generator("cpu").manual_seed(9),
        output_type="latent",
    ).images

    model = load_backend(ModelConfig(device="cpu"), threads=1)
    lanes = model.open([request(make_shot(NoiseStart(), prompt="a frog on stilts", steps=5, guidance=4.0, seed=9))])
    denoise_through(model, lanes, width=1)

    assert (lanes[0].latents - expected).abs().max() < 1e-4 * max(1.0, float(expected.abs().max()))
