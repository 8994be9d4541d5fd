"""Guidance in one call: what the denoiser is told, and what it learns from that."""

import pytest
import torch
from diffusers import LatentConsistencyModelPipeline

from training import guidance, text
from training.denoiser import build_denoiser


def test_packed_untold_it_says_what_it_says_at_scale_one():
    torch.manual_seed(0)
    told = build_denoiser().eval()
    plain = guidance.untold(told).eval()
    latents, states = torch.randn(1, 12, 16, 16), torch.randn(1, 77, text.WIDTH)
    with torch.no_grad():
        expected = told(latents, 500, states, timestep_cond=guidance.scale_embedding(torch.ones(1))).sample
        torch.testing.assert_close(plain(latents, 500, states).sample, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("scale", [1.0, 2.5, 6.0])
def test_scales_are_told_as_diffusers_tells_them(scale):
    told = guidance.scale_embedding(torch.tensor([scale]))
    theirs = LatentConsistencyModelPipeline.get_guidance_scale_embedding(
        None, torch.tensor([scale - 1]), guidance.SCALE_WIDTH
    )
    torch.testing.assert_close(told, theirs, atol=2e-4, rtol=0)  # sines of thousands, in float32


def test_guidance_leads_further_and_keeps_half_of_the_spread():
    generator = torch.Generator().manual_seed(0)
    with_prompt, without = torch.randn(2, 1, 12, 16, 16, generator=generator)
    led = guidance.guided(with_prompt, without, torch.tensor([4.0]))
    plain = without + 4 * (with_prompt - without)
    assert float(led.std()) == pytest.approx(float((plain.std() + with_prompt.std()) / 2), rel=1e-4)
    torch.testing.assert_close(led / led.std(), plain / plain.std())
    torch.testing.assert_close(guidance.guided(with_prompt, without, torch.tensor([1.0])), with_prompt)
