"""Samplers: how long they run, and that each has a state of its own."""

from __future__ import annotations

import json

import pytest
import torch

from engine.diffusion.sampler import Samplers
from engine.diffusion.source import EMBEDDED
from engine.errors import RecipeError
from engine.storyboard import Feedback, Noise
from tests.embedded import make_shot, numpy_deprecation

pytestmark = numpy_deprecation

LATENTS = torch.zeros(1, 4, 8, 8)
NAMES = ["ddim", "lms", "euler", "dpm++2m", "lcm"]


@pytest.fixture(scope="module")
def samplers() -> Samplers:
    return Samplers(json.loads((EMBEDDED / "scheduler" / "scheduler_config.json").read_text()))


def advance(sampler, latents):
    """Take one step with a stand-in for the UNet."""
    return sampler.step(sampler.model_input(latents).sin(), latents)


def run_through(sampler):
    latents = sampler.noise(LATENTS)
    while sampler.steps_left:
        latents = advance(sampler, latents)
    return latents


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 15, 50])
@pytest.mark.parametrize("strength", [0.001, 0.3, 0.67, 1.0])
def test_a_frame_takes_as_many_steps_as_its_storyboard_says(samplers, name, steps, strength):
    for start in (Noise(), Feedback(0)):
        shot = make_shot(start, steps=steps, strength=strength)

        assert samplers.start(name, shot).steps_left == shot.unet_calls


@pytest.mark.parametrize("name", ["ddim", "lms", "euler", "dpm++2m"])
def test_lengths_at_which_rounding_adds_a_timestep_are_cut_to_length(samplers, name):
    sampler = samplers.start(name, make_shot(Noise(), steps=61))

    assert sampler.steps_left == 61
    while sampler.steps_left:
        assert sampler.timestep >= 0
        advance(sampler, LATENTS)


@pytest.mark.parametrize("name", NAMES)
def test_two_frames_in_flight_do_not_disturb_each_other(samplers, name):
    shot = make_shot(Noise(), steps=6, seed=1)
    expected = run_through(samplers.start(name, shot))

    first, second = samplers.start(name, shot), samplers.start(name, make_shot(Noise(), steps=6, seed=2))
    latents, others = first.noise(LATENTS), second.noise(LATENTS)
    while first.steps_left:
        latents = advance(first, latents)
        if second.steps_left > 2:  # it falls behind
            others = advance(second, others)

    assert torch.equal(latents, expected)


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_the_noise(samplers, name):
    def noise(seed):
        return samplers.start(name, make_shot(Noise(), seed=seed)).noise(LATENTS)

    assert torch.equal(noise(1), noise(1))
    assert not torch.equal(noise(1), noise(2))
    assert noise(2**63 - 1).isfinite().all()


def test_noise_is_drawn_in_float32_whatever_the_latents_are(samplers):
    sampler, again = (samplers.start("ddim", make_shot(Noise())) for _ in range(2))

    assert torch.equal(sampler.noise(LATENTS.half()), again.noise(LATENTS))


def test_lms_integrates_a_schedule_once(samplers):
    first, second = (samplers.start("lms", make_shot(Noise(), steps=7, seed=seed)) for seed in (1, 2))
    run_through(first)
    integrated = first._scheduler.get_lms_coefficient.cache_info().misses

    run_through(second)

    assert second._scheduler.get_lms_coefficient.cache_info().misses == integrated > 0


def test_more_steps_than_a_sampler_takes_are_refused_with_the_number(samplers):
    samplers.check("lcm", 50)
    with pytest.raises(RecipeError, match="sampler lcm takes at most 50 steps; 51"):
        samplers.check("lcm", 51)


@pytest.mark.parametrize("name", ["ddim", "lms", "euler", "dpm++2m"])
def test_the_longest_schedule_a_recipe_can_ask_for_is_possible(samplers, name):
    samplers.check(name, 200)

    assert samplers.start(name, make_shot(Noise(), steps=200)).steps_left == 200
