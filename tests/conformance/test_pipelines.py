"""What our users know: the same prompt, seed and settings give the frames of diffusers' own pipelines.

All shots are rendered in company, so each shares its UNet calls with lanes of other samplers at other timesteps.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple, get_args

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
)
from PIL import Image
from torch import Tensor

from engine.backend import Picture
from engine.recipe.settings import SchedulerName
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import FeedbackStart
from tests.embedded import denoise_through, embedded_model, guided_embedded, make_shot, numpy_deprecation, request

pytestmark = numpy_deprecation

SIZE = 64
PROMPT = "a road by the sea, sunny day"
NEGATIVE = "a picture of a frog, night"
STEPS = 6
STRENGTH = 0.7
TOLERANCE = 1e-4
# Zero terminal SNR makes LMS begin from noise 20,291 times as strong, of which float32 keeps 1e-3; measured 1.2e-4.
TOLERANCES = {"lms": 3e-4}

SCHEDULERS = {
    "ddim": DDIMScheduler,
    "lms": LMSDiscreteScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
    "lcm": LCMScheduler,
}


class Case(NamedTuple):
    scheduler: SchedulerName
    guidance: float
    from_picture: bool
    negative: str = ""
    rescale: float = 0.0

    @property
    def seed(self) -> int:
        return CASES.index(self)


CASES = [
    Case(scheduler, guidance, from_picture)
    for scheduler in get_args(SchedulerName)
    for guidance in (1.0, 3.0)
    for from_picture in (False, True)
] + [
    Case(scheduler, 3.0, from_picture, NEGATIVE)
    for scheduler in get_args(SchedulerName)
    for from_picture in (False, True)
]
CASES += [
    Case("ddim", 9.0, False, rescale=rescale) for rescale in (0.5, 1.0)
]  # their image-to-image has no such option


@functools.cache
def pipelines() -> tuple[Any, Any]:
    text_to_image = StableDiffusionPipeline.from_pretrained(guided_embedded(), dtype=torch.float32, safety_checker=None)
    image_to_image = StableDiffusionImg2ImgPipeline(**text_to_image.components, requires_safety_checker=False)
    for pipeline in (text_to_image, image_to_image):
        pipeline.set_progress_bar_config(disable=True)
    return text_to_image, image_to_image


def source_picture() -> Picture:
    return (
        np.random.default_rng(5).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(SIZE // 8, 0).repeat(SIZE // 8, 1)
    )


def theirs(case: Case) -> Tensor:
    """Latents of the finished frame, by diffusers' pipelines."""
    text_to_image, image_to_image = pipelines()
    pipeline = image_to_image if case.from_picture else text_to_image
    pipeline.scheduler = SCHEDULERS[case.scheduler].from_config(pipeline.scheduler.config)
    kind = (
        {"image": Image.fromarray(source_picture()), "strength": STRENGTH}
        if case.from_picture
        else {"height": SIZE, "width": SIZE, "guidance_rescale": case.rescale}
    )
    return pipeline(
        PROMPT,
        negative_prompt=case.negative or None,
        num_inference_steps=STEPS,
        guidance_scale=case.guidance,
        generator=torch.Generator("cpu").manual_seed(case.seed),
        output_type="latent",
        **kind,
    ).images


@functools.cache
def ours() -> dict[Case, Tensor]:
    """Latents of all cases, rendered four lanes to a call."""
    model = embedded_model()
    picture = source_picture()
    lanes = model.open(
        [
            request(
                make_shot(
                    FeedbackStart(0) if case.from_picture else NoiseStart(),
                    prompt=PROMPT,
                    steps=STEPS,
                    strength=STRENGTH,
                    guidance=case.guidance,
                    seed=case.seed,
                    negative=case.negative,
                    guidance_rescale=case.rescale,
                ),
                scheduler=case.scheduler,
                size=SIZE,
                sources={0: picture},
            )
            for case in CASES
        ]
    )
    denoise_through(model, lanes, width=4)
    return {case: lane.latents for case, lane in zip(CASES, lanes, strict=True)}


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=[
        f"{c.scheduler}-{'image' if c.from_picture else 'text'}-guidance{c.guidance:.0f}"
        f"{'-negative' if c.negative else ''}{f'-rescale{c.rescale}' if c.rescale else ''}"
        for c in CASES
    ],
)
def test_a_frame_is_the_pipelines_own(case):
    expected = theirs(case)

    assert ours()[case].shape == expected.shape
    assert (ours()[case] - expected).abs().max() < TOLERANCES.get(case.scheduler, TOLERANCE) * max(
        1.0, float(expected.abs().max())
    )


def test_a_picture_is_decoded_and_rounded_as_the_pipeline_does():
    text_to_image, _ = pipelines()
    text_to_image.scheduler = DDIMScheduler.from_config(text_to_image.scheduler.config)
    expected = text_to_image(
        PROMPT,
        height=72,  # nine latents: a size that the UNet cannot halve evenly
        width=72,
        num_inference_steps=2,
        guidance_scale=3.0,
        generator=torch.Generator("cpu").manual_seed(1),
    ).images[0]
    model = embedded_model()
    lanes = model.open([request(make_shot(NoiseStart(), prompt=PROMPT, steps=2, seed=1), size=72)])
    denoise_through(model, lanes, width=1)

    (developed,) = model.decode(lanes)
    picture = developed.picture()

    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - np.asarray(expected).astype(int)).max() <= 1
