"""Feedback chains with a model, as the bot makes them: every frame is an image-to-image step from the one before."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from PIL import Image
from torch import Tensor

from training import loop, text


@dataclass(frozen=True)
class Feedback:
    """How a feedback frame is made."""

    steps: int = 8
    strength: float = 0.6
    guidance: float = 3.0
    zoom: float = 1.02
    first_steps: int = 20


class Studio:
    """Pictures from noise and frames from frames, with one model and one random generator."""

    def __init__(self, folder: Path, device: str, feedback: Feedback, seed: int) -> None:
        self.pipeline: Any = StableDiffusionPipeline.from_pretrained(
            folder, torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False
        ).to(device)
        self.again: Any = StableDiffusionImg2ImgPipeline(**self.pipeline.components, requires_safety_checker=False)
        for pipeline in (self.pipeline, self.again):
            pipeline.set_progress_bar_config(disable=True)
        self.feedback = feedback
        self.noise = torch.Generator().manual_seed(seed)
        self.negative = self.embed(self.ids(""))

    def ids(self, prompt: str) -> Tensor:
        return text.token_ids(self.pipeline.tokenizer, [prompt]).to(self.pipeline.device)

    def embed(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            states: Tensor = self.pipeline.text_encoder(ids)[0]
        return states

    def first(self, states: Tensor) -> Image.Image:
        images: list[Image.Image] = self.pipeline(
            prompt_embeds=states,
            negative_prompt_embeds=self.negative,
            num_inference_steps=self.feedback.first_steps,
            guidance_scale=self.feedback.guidance,
            generator=self.noise,
        ).images
        return images[0]

    def next(self, states: Tensor, image: Image.Image) -> Image.Image:
        images: list[Image.Image] = self.again(
            prompt_embeds=states,
            negative_prompt_embeds=self.negative,
            image=image,
            strength=self.feedback.strength,
            num_inference_steps=self.feedback.steps,
            guidance_scale=self.feedback.guidance,
            generator=self.noise,
        ).images
        return images[0]

    def zoom(self, prompt: str, frames: int) -> Iterator[Image.Image]:
        """A picture, then frames each made from the one before, a little closer."""
        states = self.embed(self.ids(prompt))
        image = self.first(states)
        yield image
        for _ in range(frames - 1):
            margin = image.width * (1 - 1 / self.feedback.zoom) / 2
            box = (margin, margin, image.width - margin, image.height - margin)
            image = self.next(states, image.resize(image.size, Image.Resampling.BICUBIC, box=box))
            yield image

    def morph(self, template: str, words: tuple[str, str], frames: int) -> Iterator[Image.Image]:
        """From one word to another by mixing their token embeddings. Both must be single tokens."""
        table = self.pipeline.text_encoder.get_input_embeddings()
        ids = self.ids(template.format(words[0]))
        start, end = (int(self.ids(word)[0, 1]) for word in words)
        place = int((ids[0] == start).nonzero()[0, 0])
        image: Image.Image | None = None
        for share in np.linspace(0, 1, frames):
            mixed = torch.lerp(table.weight[start], table.weight[end], float(share)).detach()

            def put(module: Any, inputs: Any, output: Tensor, mixed: Tensor = mixed) -> Tensor:
                changed = output.clone()
                changed[0, place] = mixed
                return changed

            hook = table.register_forward_hook(put)
            states = self.embed(ids)
            hook.remove()
            image = self.first(states) if image is None else self.next(states, image)
            yield image


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of every command that runs chains."""
    parser.add_argument("--model", type=Path, required=True, help="a model in diffusers' layout")
    parser.add_argument("--device", default=loop.default_device())
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--strength", type=float, default=0.6)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--zoom", type=float, default=1.02)
    parser.add_argument("--seed", type=int, default=1)


def studio_of(arguments: argparse.Namespace) -> Studio:
    settings = Feedback(arguments.steps, arguments.strength, arguments.guidance, arguments.zoom)
    return Studio(arguments.model, arguments.device, settings, arguments.seed)
