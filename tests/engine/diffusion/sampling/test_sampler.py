"""Samplers: how long they run, and that each has a state of its own."""

from __future__ import annotations

import json
import math

import pytest
import torch

from engine.diffusion.loading.source import EMBEDDED
from engine.diffusion.sampling.batch import Batch
from engine.diffusion.sampling.conditioning import Conditioning
from engine.diffusion.sampling.lane import DiffusionLane, ShapeKey
from engine.diffusion.sampling.sampler import SCHEDULERS, Samplers
from engine.diffusion.sampling.schedule import generator_argument, start_scheduler
from engine.errors import RecipeError
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import FeedbackStart
from tests.embedded import make_shot, numpy_deprecation

pytestmark = numpy_deprecation

LATENTS = torch.zeros(1, 4, 8, 8)
NAMES = ["ddim", "lms", "euler", "dpm++2m", "lcm"]


@pytest.fixture(scope="module")
def samplers() -> Samplers:
    return Samplers(json.loads((EMBEDDED / "scheduler" / "scheduler_config.json").read_text()))


def lane(sampler, latents=LATENTS):
    """Return a lane at the beginning of its way; what steers the UNet is of no interest here."""
    nothing = Conditioning(torch.zeros(1, 1, 1))
    key = ShapeKey(8, 8, is_guided=False)
    return DiffusionLane(key, sampler, latents, nothing, nothing, guidance=1.0, guidance_rescale=0.0)


def advance(*lanes):
    """Take one step in company with a stand-in for the UNet."""
    batch = Batch(lanes, len(lanes))
    batch.advance(batch.model_input()[0].sin())


def run_through(sampler):
    going = lane(sampler, sampler.noise(LATENTS, NoiseStart()))
    while going.steps_left:
        advance(going)
    return going.latents


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 15, 50])
@pytest.mark.parametrize("strength", [0.001, 0.3, 0.67, 1.0])
def test_a_frame_takes_as_many_steps_as_its_storyboard_says(samplers, name, steps, strength):
    for start in (NoiseStart(), FeedbackStart(0)):
        shot = make_shot(start, steps=steps, strength=strength)

        assert samplers.start(name, shot).steps_left == shot.unet_calls


@pytest.mark.parametrize("name", ["ddim", "lms", "euler", "dpm++2m"])
def test_lengths_at_which_rounding_adds_a_timestep_are_cut_to_length(samplers, name):
    going = lane(samplers.start(name, make_shot(NoiseStart(), steps=61)))

    assert going.steps_left == 61
    while going.steps_left:
        assert going.sampler.next_step.timestep >= 0
        advance(going)


@pytest.mark.parametrize("name", NAMES)
def test_two_frames_in_flight_do_not_disturb_each_other(samplers, name):
    shot = make_shot(NoiseStart(), steps=6, seed=1)
    expected = run_through(samplers.start(name, shot))

    samples = samplers.start(name, shot), samplers.start(name, make_shot(NoiseStart(), steps=6, seed=2))
    first, second = (lane(sampler, sampler.noise(LATENTS, NoiseStart())) for sampler in samples)
    while first.steps_left:
        advance(first, second) if second.steps_left > 2 else advance(first)  # it falls behind

    assert torch.equal(first.latents, expected)


def clipping(name):
    """Return diffusers' scheduler of this name as the embedded model configures it, but clipping what it predicts."""
    config = json.loads((EMBEDDED / "scheduler" / "scheduler_config.json").read_text()) | {"clip_sample": True}
    return SCHEDULERS[name].from_config(config)


@pytest.mark.parametrize("start", [NoiseStart(), FeedbackStart(0)], ids=["text", "image"])
@pytest.mark.parametrize("clips", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 9])
@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_diffusers_own(samplers, name, steps, clips, start):
    theirs = clipping(name) if clips else SCHEDULERS[name].from_config(samplers._schedulers[name].config)
    shot = make_shot(start, steps=steps, strength=0.67, seed=5)
    generator = torch.Generator("cpu").manual_seed(5)
    going = lane((Samplers(theirs.config) if clips else samplers).start(name, shot))
    begun = start_scheduler(theirs, steps, steps - shot.unet_calls if isinstance(start, FeedbackStart) else None)
    timesteps = begun.timesteps[steps - shot.unet_calls : steps]
    noise = torch.randn(LATENTS.shape, generator=generator)
    if isinstance(start, FeedbackStart):
        going.latents = going.sampler.renoise(LATENTS + 0.5, going.sampler.draw(LATENTS))
        expected = begun.add_noise(LATENTS + 0.5, noise, timesteps[:1])
    else:
        going.latents = going.sampler.noise(LATENTS, NoiseStart())
        expected = noise * begun.init_noise_sigma

    for timestep in timesteps:
        assert going.sampler.next_step.timestep == timestep
        prediction = begun.scale_model_input(expected, timestep).sin()
        extra = generator_argument(begun, generator)
        expected = begun.step(prediction, timestep, expected, **extra, return_dict=False)[0]
        advance(going)
        assert (going.latents - expected).abs().max() <= 1e-5 * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_the_noise(samplers, name):
    def noise(seed):
        return samplers.start(name, make_shot(NoiseStart(), seed=seed)).noise(LATENTS, NoiseStart())

    assert torch.equal(noise(1), noise(1))
    assert not torch.equal(noise(1), noise(2))
    assert noise(2**63 - 1).isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_noise_turned_towards_another_seeds_is_as_strong_as_any(samplers, name):
    wide = torch.zeros(1, 4, 64, 64)

    def noise(seed, start):
        return samplers.start(name, make_shot(NoiseStart(), seed=seed)).noise(wide, start)

    own, other = noise(1, NoiseStart()), noise(2, NoiseStart())
    halfway = noise(1, NoiseStart(other=2, angle=math.pi / 4))
    rounding = 1e-5 * float(own.std())

    assert torch.allclose(noise(1, NoiseStart(other=2, angle=0.0)), own, atol=rounding)
    assert torch.allclose(noise(1, NoiseStart(other=2, angle=math.pi / 2)), other, atol=rounding)
    assert torch.allclose(halfway, (own + other) / math.sqrt(2), atol=rounding)
    assert halfway.std() == pytest.approx(float(own.std()), rel=0.03)


def test_noise_is_drawn_in_float32_whatever_the_latents_are(samplers):
    sampler, again = (samplers.start("ddim", make_shot(NoiseStart())) for _ in range(2))

    assert torch.equal(sampler.noise(LATENTS.half(), NoiseStart()), again.noise(LATENTS, NoiseStart()))


def test_a_schedule_is_read_off_once(samplers, monkeypatch):
    read = []
    monkeypatch.setattr(
        "engine.diffusion.sampling.sampler.read_schedule", lambda *place: read.append(place) or "a schedule"
    )
    monkeypatch.setattr("engine.diffusion.sampling.sampler.Sampler", lambda schedule, seed: schedule)

    for seed in (1, 2):
        samplers.start("lms", make_shot(NoiseStart(), steps=7, seed=seed))
        samplers.start("lms", make_shot(FeedbackStart(0), steps=7, seed=seed))

    assert [place[1:] for place in read] == [(7, None), (7, 4)]


def test_more_steps_than_a_sampler_takes_are_refused_with_the_number(samplers):
    samplers.check("lcm", 50)
    with pytest.raises(RecipeError, match="sampler lcm takes at most 50 steps; 51"):
        samplers.check("lcm", 51)


@pytest.mark.parametrize("name", ["ddim", "lms", "euler", "dpm++2m"])
def test_the_longest_schedule_a_recipe_can_ask_for_is_possible(samplers, name):
    samplers.check(name, 200)

    assert samplers.start(name, make_shot(NoiseStart(), steps=200)).steps_left == 200


def spaced(spacing):
    config = json.loads((EMBEDDED / "scheduler" / "scheduler_config.json").read_text())
    return Samplers(config | {"timestep_spacing": spacing, "steps_offset": 1})


@pytest.mark.parametrize("name", ["ddim", "euler", "lms"])
def test_a_single_leading_step_would_begin_where_the_picture_is_finished(name):
    with pytest.raises(RecipeError, match=rf"With 1 steps this model's sampler {name} .* it takes at least 2"):
        spaced("leading").check(name, 1)
    spaced("leading").check(name, 2)
    spaced("trailing").check(name, 1)


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("name", ["lcm", "euler"])
def test_a_feedback_frame_of_few_steps_takes_one_to_four_calls(name, steps):
    samplers = spaced("trailing")
    for strength in (0.1, 0.5, 1.0):
        shot = make_shot(FeedbackStart(0), steps=steps, strength=strength)
        assert samplers.start(name, shot).steps_left == max(1, int(steps * strength))


def test_a_batch_holds_its_lanes_only_as_long_as_they_go_on_in_it(samplers):
    one, other = (lane(samplers.start("ddim", make_shot(NoiseStart(), seed=seed))) for seed in (1, 2))
    batch = Batch([one, other], 2)
    assert batch.matches([one, other], 2)
    assert not batch.matches([one], 2) and not batch.matches([other, one], 2) and not batch.matches([one, other], 4)

    batch.advance(batch.model_input()[0].sin())
    assert batch.matches([one, other], 2), "it has gone on with them"

    advance(one)
    assert not batch.matches([one, other], 2), "what it has of the one is a step behind"
