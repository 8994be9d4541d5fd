"""What a user would do instead: a loop over diffusers' pipelines, one animation after another."""

from __future__ import annotations

import copy
import io
from typing import Any

import torch
from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from PIL import Image

from benchmarks.speed.subject import Subject
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.storyboard import Storyboard


class PipelineLoop:
    """The giro seed's loop: a picture from text, then each from the one before, trimmed and scaled back; `compiled`
    with UNet and VAE compiled and recorded by torch, as diffusers' documentation has it."""

    def __init__(self, subject: Subject, *, compiled: bool = False) -> None:
        parts = subject.parts
        unet, vae = parts.unet, copy.copy(parts.vae)  # a copy that shares the weights, not its methods
        if compiled:
            unet, vae.encode, vae.decode = (
                torch.compile(call, mode="reduce-overhead") for call in (unet, vae.encode, vae.decode)
            )
        scheduler = DDIMScheduler.from_config(subject.scheduler.config)
        model = {"unet": unet, "vae": vae, "text_encoder": parts.text_encoder, "tokenizer": parts.tokenizer}
        without = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        self._from_text: Any = StableDiffusionPipeline(**model, scheduler=scheduler, **without)
        self._from_image: Any = StableDiffusionImg2ImgPipeline(**model, scheduler=scheduler, **without)
        for pipeline in (self._from_text, self._from_image):
            pipeline.set_progress_bar_config(disable=True)

    def render(self, board: Storyboard) -> bytes:
        frames: list[Image.Image] = []
        for shot in board.shots:
            assert isinstance(shot.prompt, PromptMix)  # a journey without transitions
            common = {
                "prompt": shot.prompt.parts[0][0],
                "num_inference_steps": shot.steps,
                "guidance_scale": shot.guidance,
                "generator": torch.Generator("cpu").manual_seed(shot.seed),
            }
            if isinstance(shot.start, NoiseStart):
                picture = self._from_text(width=board.width, height=board.height, **common).images[0]
            else:
                image = _closer(frames[-1], shot.start.camera.zoom)
                picture = self._from_image(image=image, strength=shot.strength, **common).images[0]
            frames.append(picture)
        file = io.BytesIO()
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=board.frame_ms, loop=0)
        return file.getvalue()


def _closer(picture: Image.Image, zoom: float) -> Image.Image:
    trimmed = (1 - 1 / zoom) / 2
    width, height = picture.size
    box = (trimmed * width, trimmed * height, (1 - trimmed) * width, (1 - trimmed) * height)
    return picture.resize(picture.size, Image.Resampling.LANCZOS, box=box)
