"""SDXL-shaped models: the same prompt, seed and settings give the frames of diffusers' own pipelines.

Random weights in SDXL's layout; shots of other sizes and guidance share the engine with those that are compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline
from PIL import Image

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.model import DiffusionModel
from engine.diffusion.sampling.batch import Batch
from engine.storyboard.morph_path import NoiseStart, PromptMix, TokenMix
from engine.storyboard.shot import FeedbackStart
from tests.embedded import denoise_through, make_shot, numpy_deprecation, request
from tests.tiny_model import tiny_xl_pipeline

pytestmark = numpy_deprecation

SIZE, STEPS, STRENGTH = 64, 5, 0.7
TOLERANCE = 1e-4
PROMPT, NEGATIVE = "a road by the sea", "a frog"


class Case(NamedTuple):
    guidance: float
    from_picture: bool
    negative: str = ""


CASES = [
    Case(guidance, from_picture, negative)
    for from_picture in (False, True)
    for guidance, negative in ((1.0, ""), (5.0, ""), (5.0, NEGATIVE))
]


@pytest.fixture(scope="module", params=[True, False], ids=["zeros for nothing", "an encoded nothing"])
def directory(request, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "xl"
    pipeline = tiny_xl_pipeline()
    pipeline.register_to_config(force_zeros_for_empty_prompt=request.param)
    pipeline.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def model(directory) -> DiffusionModel:
    return load_backend(ModelConfig(source=str(directory), device="cpu"), threads=1)


def picture() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)


def theirs(directory: Path, case: Case, seed: int) -> torch.Tensor:
    kind = StableDiffusionXLImg2ImgPipeline if case.from_picture else StableDiffusionXLPipeline
    pipeline: Any = kind.from_pretrained(directory)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    own = (
        {"image": Image.fromarray(picture()), "strength": STRENGTH}
        if case.from_picture
        else {"height": SIZE, "width": SIZE}
    )
    return pipeline(
        PROMPT,
        negative_prompt=case.negative or None,
        num_inference_steps=STEPS,
        guidance_scale=case.guidance,
        generator=torch.Generator("cpu").manual_seed(seed),
        output_type="latent",
        **own,
    ).images


def test_frames_are_the_pipelines_own(directory, model):
    requests = [
        request(
            make_shot(
                FeedbackStart(0) if case.from_picture else NoiseStart(),
                prompt=PROMPT,
                steps=STEPS,
                strength=STRENGTH,
                guidance=case.guidance,
                seed=seed,
                negative=case.negative,
            ),
            scheduler="euler",
            size=SIZE,
            sources={0: picture()},
        )
        for seed, case in enumerate(CASES)
    ]
    company = [request(make_shot(NoiseStart(), prompt="a frog", seed=50), size=96)]
    lanes = model.open(requests + company)
    denoise_through(model, lanes, width=4)

    assert model.decode(lanes[-1:])[0].picture().shape == (96, 96, 3)
    for seed, (case, lane) in enumerate(zip(CASES, lanes, strict=False)):
        expected = theirs(directory, case, seed)
        worst = (lane.latents - expected).abs().max()
        assert worst < TOLERANCE * max(1.0, float(expected.abs().max())), case


@torch.inference_mode()
def test_a_word_is_swapped_for_another_through_both_encoders(model):
    prompts = model._prompts
    ends = [prompts.encode(PromptMix.of(f"a picture of a {word}")) for word in ("skunk", "frog on stilts")]
    for weight, end in zip((0.0, 1.0), ends, strict=True):
        swapped = prompts.encode(TokenMix("a picture of a {}", "skunk", "frog on stilts", weight))
        assert torch.equal(swapped.hidden_states, end.hidden_states) and torch.equal(swapped.pooled, end.pooled)
    near = [prompts.encode(TokenMix("a picture of a {}", "skunk", "frog on stilts", weight)) for weight in (0.49, 0.51)]
    step = (near[0].pooled - near[1].pooled).norm() / (ends[0].pooled - ends[1].pooled).norm()
    assert step < 0.1, "the word on the whole does not jump where the prompts' lengths differ"
    first, second = (end.hidden_states.split([16, 24], -1) for end in ends)
    middle = near[0].hidden_states.split([16, 24], -1)
    for part, start, end in zip(middle, first, second, strict=True):
        assert not torch.allclose(part, start) and not torch.allclose(part, end)


def test_a_mixture_of_prompts_mixes_what_they_are_as_a_whole(model):
    with torch.inference_mode():
        one, other = (model._prompts.encode(PromptMix.of(text)) for text in ("a road", "a frog"))
        mixed = model._prompts.encode(PromptMix.crossfade("a road", "a frog", 0.25))
    assert torch.allclose(mixed.pooled, 0.75 * one.pooled + 0.25 * other.pooled, atol=1e-6)


def test_a_picture_is_told_its_size(model):
    shots = [request(make_shot(NoiseStart(), seed=3), size=64), request(make_shot(NoiseStart(), seed=3), size=96)]
    lanes = model.open(shots)
    batches = [model._denoiser._size_rows(batch) for batch in (Batch([lane], 1) for lane in lanes)]
    assert [batch[0].tolist() for batch in batches] == [[64, 64, 0, 0, 64, 64], [96, 96, 0, 0, 96, 96]]
