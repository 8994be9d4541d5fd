"""The embedded model for tests, loaded once, and how to render with it without a core."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel

from engine.backend import Picture, ShotRequest
from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.loading.source import EMBEDDED
from engine.diffusion.model import DiffusionModel
from engine.diffusion.sampling.lane import DiffusionLane
from engine.recipe.settings import SchedulerName
from engine.storyboard.morph_path import PromptMix
from engine.storyboard.shot import Prompt, Shot, Start
from training.guidance import untold

# diffusers 0.42 builds numpy arrays from tensors in a way that numpy 2 will one day refuse.
numpy_deprecation = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@functools.cache
def guided_embedded() -> Path:
    """The embedded model as an ordinary one, which guidance asks twice, rather than one that is told the scale."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    shutil.copytree(EMBEDDED, folder, dirs_exist_ok=True)
    told = UNet2DConditionModel.from_pretrained(EMBEDDED / "unet", torch_dtype=torch.float32)
    untold(told).half().save_pretrained(folder / "unet")
    return folder


@functools.cache
def embedded_model() -> DiffusionModel:
    """The model of `guided_embedded`: most models that members know are guided so."""
    # One thread: threads that wait for each other crawl on a busy machine.
    return load_backend(ModelConfig(source=str(guided_embedded()), device="cpu"), threads=1)


def make_shot(
    start: Start,
    *,
    index: int = 0,
    prompt: Prompt | str = "a road by the sea",
    steps: int = 4,
    strength: float = 0.5,
    guidance: float = 3.0,
    seed: int = 7,
    negative: str = "",
    guidance_rescale: float = 0.0,
) -> Shot:
    return Shot(
        index=index,
        prompt=PromptMix.of(prompt) if isinstance(prompt, str) else prompt,
        start=start,
        steps=steps,
        strength=strength,
        guidance=guidance,
        seed=seed,
        negative=negative,
        guidance_rescale=guidance_rescale,
    )


def request(
    shot: Shot, *, scheduler: SchedulerName = "ddim", size: int = 64, sources: dict[int, Picture] | None = None
) -> ShotRequest:
    return ShotRequest(shot=shot, width=size, height=size, scheduler=scheduler, sources=sources or {})


def denoise_round(model: DiffusionModel, lanes: Sequence[DiffusionLane], width: int) -> None:
    """Advance every lane that has steps left by one, `width` of one shape to a call, padded to that width."""
    going = sorted((lane for lane in lanes if lane.steps_left), key=lambda lane: lane.shape_key)
    for _, alike in groupby(going, key=lambda lane: lane.shape_key):
        group = list(alike)
        for first in range(0, len(group), width):
            model.denoise(group[first : first + width], width)


def denoise_through(model: DiffusionModel, lanes: Sequence[DiffusionLane], width: int) -> None:
    while any(lane.steps_left for lane in lanes):
        denoise_round(model, lanes, width)


def render(model: DiffusionModel, requests: Sequence[ShotRequest], *, width: int = 1) -> list[Picture]:
    lanes = model.open(requests)
    denoise_through(model, lanes, width)
    return [model.decode([lane])[0].picture() for lane in lanes]
