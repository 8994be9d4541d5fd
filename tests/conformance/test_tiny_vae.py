"""A tiny VAE (TAESD) in the place of a model's own: frames are those of diffusers' pipelines with the same exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny, StableDiffusionImg2ImgPipeline
from PIL import Image

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.errors import ModelError
from engine.storyboard.shot import FeedbackStart
from tests.embedded import make_shot, numpy_deprecation, render, request
from tests.tiny_model import save_tiny_model

pytestmark = numpy_deprecation


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(2)
    vae = AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    )
    vae.save_pretrained(folder / "taesd")
    return save_tiny_model(folder / "model"), folder / "taesd"


def load(files: tuple[Path, Path], **options: Any):
    config = ModelConfig(source=str(files[0]), device="cpu", tiny_vae=str(files[1]), **options)
    return load_backend(config, threads=1)


def test_a_feedback_frame_is_the_pipelines_own(files):
    picture = np.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    pipeline: Any = StableDiffusionImg2ImgPipeline.from_pretrained(
        files[0], vae=AutoencoderTiny.from_pretrained(files[1]), safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    (expected,) = pipeline(
        "a frog",
        image=Image.fromarray(picture),
        strength=0.5,
        num_inference_steps=4,
        guidance_scale=3.0,
        generator=torch.Generator("cpu").manual_seed(9),
    ).images

    backend = load(files)
    shot = make_shot(FeedbackStart(0), prompt="a frog", steps=4, strength=0.5, guidance=3.0, seed=9)
    (ours,) = render(backend, [request(shot, sources={0: picture})])

    assert np.abs(ours.astype(int) - np.asarray(expected).astype(int)).max() <= 1
    assert backend.name == "model + taesd", "its pictures are others"
    (full,) = render(
        load_backend(ModelConfig(source=str(files[0]), device="cpu"), threads=1), [request(shot, sources={0: picture})]
    )
    assert not np.array_equal(full, ours)


def test_it_never_needs_wider_numbers(files):
    assert load(files, dtype="float16")._parts.vae.dtype == torch.float16


@pytest.mark.parametrize(
    ("source", "reason"),
    [("./nowhere", "neither a directory nor a hub id"), ("engine", "config.json cannot be read")],
)
def test_what_is_none_is_refused(files, source, reason):
    with pytest.raises(ModelError, match=reason):
        load((files[0], source))
