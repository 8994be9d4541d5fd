"""The backend as Core uses it: what it refuses, and what a frame is made of."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import torch

from engine.backend import Backend, ShotRequest
from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.sampling.batch import Batch
from engine.diffusion.sampling.feedback import compose_starting_image
from engine.diffusion.sampling.pictures import DevicePictures
from engine.errors import EngineError, PromptError, RecipeError
from engine.recipe.recipe import Giro, Morph, Stage
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import Blend, Camera, CarriedNoise, FeedbackStart
from tests.embedded import (
    denoise_through,
    embedded_model,
    guided_embedded,
    make_shot,
    numpy_deprecation,
    render,
    request,
)

pytestmark = numpy_deprecation

SIZE = 64
STILL = FeedbackStart(0)


def picture(level: int) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), level, np.uint8)


def start_latents(start: FeedbackStart, sources: dict[int, np.ndarray], **changes) -> torch.Tensor:
    (lane,) = embedded_model().open([request(make_shot(start, **changes), size=SIZE, sources=sources)])
    return lane.latents


# ---- refusals ----


def test_the_model_says_what_it_is():
    backend: Backend = embedded_model()

    assert backend.name
    assert (backend.device, backend.dtype) == ("cpu", "float32")
    assert backend.card.common.size == 256


def test_a_storyboard_it_can_render_passes():
    recipe = Giro(seed=1, stages=tuple(Stage(f"a road, picture {number}", 20) for number in range(20)))

    embedded_model().check(build_storyboard(recipe, Settings(size=128)))


def test_a_prompt_too_long_in_any_stage_is_refused():
    recipe = Giro(seed=1, stages=(Stage("a road", 2), Stage("road " * 90, 2)))

    with pytest.raises(PromptError, match="has 90 tokens"):
        embedded_model().check(build_storyboard(recipe, Settings(size=128)))


def test_a_sampler_that_cannot_take_so_many_steps_is_refused():
    recipe = Giro(seed=1, stages=(Stage("a road", 2),))

    with pytest.raises(RecipeError, match="lcm takes at most 50 steps"):
        embedded_model().check(build_storyboard(recipe, Settings(size=128, scheduler="lcm", steps=60, strength=1.0)))


def test_a_size_the_model_cannot_divide_is_refused(monkeypatch):
    recipe = Morph(seed=1, source="skunk", target="puppy", frames=2)
    monkeypatch.setattr(embedded_model()._autoencoder, "factor", 16)

    with pytest.raises(RecipeError, match="multiples of 16 pixels; 72×72"):
        embedded_model().check(build_storyboard(recipe, Settings(size=72)))


def test_a_device_without_memory_is_said_in_one_line(monkeypatch):
    model = embedded_model()
    lanes = model.open([request(make_shot(NoiseStart()), size=SIZE)])

    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(model._denoiser, "_predict_prepared", full)

    with pytest.raises(EngineError, match="no memory left"):
        model.denoise(lanes, 1)


def test_a_negative_prompt_too_long_is_refused():
    recipe = Giro(seed=1, stages=(Stage("a road", 2),), negative="road " * 60)
    too_long = build_storyboard(recipe, Settings(size=128)).shots[0]
    board = msgspec.structs.replace(build_storyboard(recipe, Settings(size=128)), shots=(too_long,))

    embedded_model().check(board)
    with pytest.raises(PromptError, match="has 90 tokens"):
        embedded_model().check(
            msgspec.structs.replace(board, shots=(msgspec.structs.replace(too_long, negative="road " * 90),))
        )


# ---- many at a time ----


def test_lanes_of_two_shapes_that_take_turns_are_packed_once_each(monkeypatch):
    packed = []

    class Noted(Batch):
        def __init__(self, lanes, width):
            packed.append(len(lanes))
            super().__init__(lanes, width)

    monkeypatch.setattr("engine.diffusion.sampling.denoiser.Batch", Noted)
    shots = [
        request(make_shot(NoiseStart(), seed=seed, strength=1.0), size=size) for size in (64, 32) for seed in (1, 2)
    ]
    denoise_through(embedded_model(), embedded_model().open(shots), 2)

    assert packed == [2, 2]


# ---- what a frame is made of ----


def test_a_negative_prompt_changes_the_picture_and_is_encoded_once(monkeypatch):
    model = embedded_model()
    encoded = []
    (encoder,) = model._prompts._encoders
    encode = encoder.encode
    monkeypatch.setattr(encoder, "encode", lambda text: encoded.append(text) or encode(text))

    plain, *led_away = render(
        model,
        [
            request(make_shot(NoiseStart(), negative=negative), size=SIZE)
            for negative in ("", *["red, a frog at night"] * 3)
        ],
    )

    assert len(encoded) <= 3, "the prompt, the negative prompt and the empty one, unless they were known"
    assert not np.array_equal(plain, led_away[0])
    assert all(np.array_equal(led_away[0], other) for other in led_away)


def test_without_guidance_there_is_nothing_to_lead_away_from():
    shots = [
        request(make_shot(NoiseStart(), guidance=1.0, negative=negative), size=SIZE) for negative in ("", "a frog")
    ]

    plain, other = render(embedded_model(), shots)

    assert np.array_equal(plain, other)


def test_the_same_shot_gives_the_same_picture():
    shots = [request(make_shot(NoiseStart(), seed=5), size=SIZE)]

    assert np.array_equal(render(embedded_model(), shots)[0], render(embedded_model(), shots)[0])


def test_another_seed_gives_another_picture():
    first, second = render(
        embedded_model(), [request(make_shot(NoiseStart(), seed=seed), size=SIZE) for seed in (5, 6)]
    )

    assert not np.array_equal(first, second)


def test_a_blend_mixes_the_other_frame_in_by_its_weight():
    sources = {0: picture(40), 1: picture(200)}

    mixed = start_latents(FeedbackStart(0, blend=Blend(1, weight=0.25)), sources)

    assert torch.equal(mixed, start_latents(STILL, {0: picture(80)}))


def test_a_blend_of_weight_one_leaves_nothing_else():
    sources = {0: picture(40), 1: picture(200)}

    mixed = start_latents(FeedbackStart(0, Camera(zoom=1.1), Blend(1, weight=1.0)), sources)

    assert torch.equal(mixed, start_latents(STILL, {0: picture(200)}))


def test_the_camera_moves_the_frame_but_not_the_one_that_is_blended_in():
    pattern = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    sources = {0: picture(100), 1: pattern}

    moved = start_latents(FeedbackStart(0, Camera(pan_x=0.2), Blend(1, weight=0.5)), sources)

    assert torch.allclose(moved, start_latents(FeedbackStart(0, blend=Blend(1, weight=0.5)), sources), atol=1e-4)


def test_what_the_camera_makes_is_not_rounded_before_it_is_encoded():
    pattern = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)

    image = compose_starting_image(
        FeedbackStart(0, Camera(zoom=1.02)), {0: pattern}, DevicePictures(torch.device("cpu"))
    )

    levels = (image + 1) / 2 * 255
    assert ((levels - levels.round()).abs() > 0.1).float().mean() > 0.5
    assert image.min() >= -1
    assert image.max() <= 1


def test_of_a_picture_that_persists_its_share_stays_in_the_frame():
    pattern = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    frames = {
        share: render(
            embedded_model(), [request(make_shot(FeedbackStart(0, persistence=share)), size=SIZE, sources={0: pattern})]
        )[0]
        for share in (0.0, 0.75, 1.0)
    }

    expected = 0.25 * frames[0.0].astype(float) + 0.75 * pattern
    assert np.abs(frames[0.75] - expected).max() <= 1
    assert np.array_equal(frames[1.0], pattern)


def test_a_picture_that_cannot_be_written_to_is_fine():
    frozen = picture(90)
    frozen.setflags(write=False)

    assert torch.equal(start_latents(STILL, {0: frozen}), start_latents(STILL, {0: picture(90)}))


def test_the_weakest_feedback_still_takes_one_step():
    (lane,) = embedded_model().open([request(make_shot(STILL, strength=0.01), size=SIZE, sources={0: picture(90)})])

    assert lane.steps_left == 1


def test_lanes_that_could_share_a_call_have_equal_keys():
    shots = [
        request(make_shot(NoiseStart(), guidance=3.0), size=64),
        request(make_shot(STILL, guidance=7.5, prompt="a frog"), scheduler="lcm", size=64, sources={0: picture(9)}),
        request(make_shot(NoiseStart(), guidance=3.0), size=80),
        request(make_shot(NoiseStart(), guidance=1.0), size=64),
    ]

    keys = [lane.shape_key for lane in embedded_model().open(shots)]

    assert keys[0] == keys[1]
    assert len({*keys}) == 3


def test_one_call_serves_all_its_lanes(monkeypatch):
    model = embedded_model()
    lanes = model.open([request(make_shot(NoiseStart(), steps=steps, seed=steps), size=SIZE) for steps in (2, 3, 4)])
    unet = model._parts.unet
    rows = []
    forward = unet.forward

    def counted(sample, *args, **kwargs):
        rows.append(len(sample))
        return forward(sample, *args, **kwargs)

    monkeypatch.setattr(unet, "forward", counted)
    model.denoise(lanes, 3)
    model.denoise(lanes, 4)

    assert rows == [6, 8], "two rows for a guided lane, filled up to the width"
    assert [lane.steps_left for lane in lanes] == [0, 1, 2]


def test_pictures_are_developed_in_order():
    model = embedded_model()
    lanes = model.open([request(make_shot(NoiseStart(), steps=1, seed=seed), size=SIZE) for seed in (1, 2)])
    denoise_through(model, lanes, width=2)

    both = [developed.picture() for developed in model.decode(lanes)]

    assert np.array_equal(both[1], model.decode(lanes[1:])[0].picture())
    assert not np.array_equal(both[0], both[1])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_gives_nearly_the_same_picture(dtype):
    half = load_backend(ModelConfig(source=str(guided_embedded()), device="cpu", dtype=dtype), threads=1)
    shots = [
        request(make_shot(NoiseStart(), steps=4), size=SIZE),
        request(make_shot(NoiseStart(), steps=4, seed=2), size=SIZE),
    ]

    for ours, exact in zip(render(half, shots, width=2), render(embedded_model(), shots, width=2), strict=True):
        assert np.abs(ours.astype(float) - exact).mean() < 6


# ---- noise that is carried along ----


def test_carried_noise_takes_the_place_of_part_of_the_fresh_noise():
    sources = {0: picture(90)}
    shot = make_shot(STILL, strength=1.0)
    carrying = msgspec.structs.replace(shot, carried_noise=(CarriedNoise(5, 0.6, Camera(zoom=1.02)),))

    plain, mixed = (lane_of(request(one, size=SIZE, sources=sources)).latents for one in (shot, carrying))

    assert not torch.equal(plain, mixed)
    assert mixed.std() == pytest.approx(float(plain.std()), rel=0.1)
    assert torch.equal(mixed, lane_of(request(carrying, size=SIZE, sources=sources)).latents)


def test_what_is_carried_is_the_noise_that_the_earlier_frame_was_made_with():
    sources = {0: picture(90)}
    earlier = make_shot(STILL, strength=1.0, seed=5)
    only_carried = msgspec.structs.replace(
        make_shot(STILL, strength=1.0, seed=6), carried_noise=(CarriedNoise(5, 1.0, Camera()),)
    )

    first, second = (lane_of(request(shot, size=SIZE, sources=sources)).latents for shot in (earlier, only_carried))

    assert torch.allclose(first, second, atol=0.1)  # each is sampled from the posterior with its own generator
    assert float(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]) > 0.99


@pytest.mark.parametrize(("weight", "inside", "beyond"), [(0.2, 120, 100.8), (0.5, 150, 112.5), (1.0, 200, 200)])
def test_beyond_its_borders_a_frame_is_blended_in_only_when_little_else_is_left(weight, inside, beyond):
    sources = {0: picture(100), 1: picture(200)}
    smaller = Blend(1, weight, Camera(zoom=0.5), feather=0.05)

    image = (
        (compose_starting_image(FeedbackStart(0, blend=smaller), sources, DevicePictures(torch.device("cpu"))) + 1)
        / 2
        * 255
    )

    assert image[0, 0, SIZE // 2, SIZE // 2] == pytest.approx(inside, abs=0.5)
    assert image[0, 0, 4, 4] == image[0, 0, -4, SIZE // 2] == pytest.approx(beyond, abs=0.5)


def lane_of(one: ShotRequest):
    (lane,) = embedded_model().open([one])
    return lane
