"""What a user would do instead: a loop over diffusers' pipelines, one animation after another."""

from __future__ import annotations

import io
from typing import Any

import torch
from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from PIL import Image
from torch import Tensor

from benchmarks.speed.meter import Cost, Meter
from benchmarks.speed.subject import Subject
from engine.diffusion.model import Calls
from engine.diffusion.speed.acceleration import Acceleration
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import Shot
from engine.storyboard.storyboard import Storyboard


class PipelineLoop:
    """The giro seed's loop: a picture from text, then each from the one before, trimmed and scaled back."""

    def __init__(self, subject: Subject) -> None:
        parts = subject.parts
        components = {
            "unet": parts.unet,
            "vae": parts.vae,
            "text_encoder": parts.text_encoder,
            "tokenizer": parts.tokenizer,
            "scheduler": DDIMScheduler.from_config(subject.scheduler.config),
            "safety_checker": None,
            "feature_extractor": None,
            "requires_safety_checker": False,
        }
        self._from_text: Any = StableDiffusionPipeline(**components)
        self._from_image: Any = StableDiffusionImg2ImgPipeline(**components)
        for pipeline in (self._from_text, self._from_image):
            pipeline.set_progress_bar_config(disable=True)

    def run(self, meter: Meter, boards: list[Storyboard]) -> Cost:
        """Render one animation after another, each to its GIF."""
        with meter.run() as cost:
            for board in boards:
                self.render(board)
                meter.look_at_memory(cost)
        return cost

    def accelerate(self, calls: Calls, acceleration: Acceleration) -> None:
        """Let the pipelines make the very calls that the engine makes, compiled and recorded."""
        recorded = Calls(*(acceleration.record(call) for call in calls))
        for pipeline in (self._from_text, self._from_image):
            pipeline.unet = _Unet(pipeline.unet, recorded)
            pipeline.vae = _Vae(pipeline.vae, recorded)

    def render(self, board: Storyboard) -> bytes:
        """Render one animation to its GIF."""
        frames: list[Image.Image] = []
        for shot in board.shots:
            generator = torch.Generator("cpu").manual_seed(shot.seed)
            common = {
                "prompt": _prompt(shot),
                "num_inference_steps": shot.steps,
                "guidance_scale": shot.guidance,
                "generator": generator,
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


class _StandIn:
    """Takes the place of a part in a pipeline."""

    def __init__(self, part: Any, calls: Calls) -> None:
        self._part = part
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


class _Unet(_StandIn):
    def __call__(self, latents: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, **_: Any) -> tuple[Tensor]:
        timesteps = timestep.to(latents.device, torch.float32).expand(len(latents)).contiguous()
        prediction = self._calls.unet(latents.to(self._part.dtype), timesteps, encoder_hidden_states)
        return (prediction.to(latents.dtype, copy=True),)


class _Vae(_StandIn):
    def encode(self, images: Tensor) -> AutoencoderKLOutput:
        moments = self._calls.encode(images.float()).to(self._part.dtype, copy=True)
        return AutoencoderKLOutput(latent_dist=DiagonalGaussianDistribution(moments))

    def decode(self, latents: Tensor, **_: Any) -> tuple[Tensor]:
        decoded = self._calls.decode((latents * self._part.config.scaling_factor).float())
        return (decoded.to(self._part.dtype, copy=True),)


def _prompt(shot: Shot) -> str:
    assert isinstance(shot.prompt, PromptMix)  # a journey without transitions
    return shot.prompt.parts[0][0]


def _closer(picture: Image.Image, zoom: float) -> Image.Image:
    trimmed = (1 - 1 / zoom) / 2
    width, height = picture.size
    box = (trimmed * width, trimmed * height, (1 - trimmed) * width, (1 - trimmed) * height)
    return picture.resize(picture.size, Image.Resampling.LANCZOS, box=box)
