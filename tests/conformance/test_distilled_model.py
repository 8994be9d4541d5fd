"""Models distilled with their guidance (LCM) are told its scale, as diffusers' pipeline tells them."""

from __future__ import annotations

import pytest
import torch
from diffusers import LCMScheduler

from engine.config import ModelConfig
from engine.diffusion.loading import load_backend
from engine.storyboard import Noise
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
    shot = make_shot(Noise(), prompt="a frog", steps=4, guidance=guidance, seed=9)
    neighbour = make_shot(Noise(), prompt="a cat", steps=3, guidance=5.0, seed=1)
    lanes = model.open([request(a_shot, scheduler="lcm", size=32) for a_shot in (neighbour, shot)])
    denoise_through(model, lanes, width=4)

    assert (lanes[1].latents - expected).abs().max() < 1e-4
