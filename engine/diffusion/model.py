"""The real backend: Stable Diffusion, many shots at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import cast

import torch

from engine.backend import Lane, Picture, ShotRequest
from engine.card import Card
from engine.diffusion.autoencoder import Autoencoder
from engine.diffusion.denoiser import Denoiser
from engine.diffusion.device import memory_errors_explained
from engine.diffusion.feedback import starting_image
from engine.diffusion.lane import DiffusionLane, ShapeKey
from engine.diffusion.parts import Parts
from engine.diffusion.prompt import PromptEncoder
from engine.errors import RecipeError
from engine.storyboard import Feedback, Storyboard


class DiffusionModel:
    """A Stable Diffusion model as Core uses it; implements `engine.backend.Backend`."""

    def __init__(self, name: str, card: Card, parts: Parts) -> None:
        self._name = name
        self._card = card
        self._parts = parts
        self._samplers = parts.samplers
        self._prompts = PromptEncoder(parts.tokenizer, parts.text_encoder, parts.dtype)
        self._autoencoder = Autoencoder(parts.vae)
        with torch.inference_mode():
            self._denoiser = Denoiser(parts.unet, self._prompts.encode_nothing())

    @property
    def name(self) -> str:
        """What the model is called."""
        return self._name

    @property
    def card(self) -> Card:
        """The settings that suit this model."""
        return self._card

    @property
    def device(self) -> str:
        """The hardware it runs on, such as "cpu" or "cuda:0"."""
        return str(self._parts.device)

    @property
    def dtype(self) -> str:
        """The numbers it computes in, such as "float32"."""
        return str(self._parts.dtype).removeprefix("torch.")

    def check(self, storyboard: Storyboard) -> None:
        """See whether every shot can be rendered; see `Backend.check`."""
        factor = self._autoencoder.factor
        if storyboard.width % factor or storyboard.height % factor:
            raise RecipeError(
                f"This model makes pictures whose sides are multiples of {factor} pixels; "
                f"{storyboard.width}×{storyboard.height} was asked for."
            )
        for steps in {shot.steps for shot in storyboard.shots}:
            self._samplers.check(storyboard.scheduler, steps)
        self._prompts.check({shot.prompt for shot in storyboard.shots})

    @torch.inference_mode()
    def open(self, requests: Sequence[ShotRequest]) -> Sequence[DiffusionLane]:
        """Start shots; see `Backend.open`."""
        with memory_errors_explained():
            lanes = [self._new_lane(request) for request in requests]
            self._encode_sources(zip(lanes, requests, strict=True))
            return lanes

    @torch.inference_mode()
    def denoise(self, lanes: Sequence[Lane], width: int) -> None:
        """Advance every lane by one step, in one UNet call; see `Backend.denoise`."""
        own = _own(lanes)
        with memory_errors_explained():
            for lane, prediction in zip(own, self._denoiser.predict(own, width), strict=True):
                lane.advance(prediction)

    @torch.inference_mode()
    def develop(self, lanes: Sequence[Lane], width: int) -> list[Picture]:
        """Decode finished lanes; see `Backend.develop`."""
        with memory_errors_explained():
            return self._autoencoder.decode([lane.latents for lane in _own(lanes)], width)

    def _new_lane(self, request: ShotRequest) -> DiffusionLane:
        """Return a lane on pure noise; that of a feedback shot waits for `_encode_sources` to fill its latents."""
        shot = request.shot
        factor = self._autoencoder.factor
        shape = (1, self._denoiser.channels, request.height // factor, request.width // factor)
        sampler = self._samplers.start(request.scheduler, shot)
        latents = torch.empty(shape, device=self._parts.device)
        return DiffusionLane(
            shape_key=ShapeKey(shape[2], shape[3], self._denoiser.needs_guidance_pair(shot.guidance)),
            sampler=sampler,
            latents=latents if isinstance(shot.start, Feedback) else sampler.noise(latents),
            conditioning=self._prompts.encode(shot.prompt),
            guidance=shot.guidance,
        )

    def _encode_sources(self, opened: Iterable[tuple[DiffusionLane, ShotRequest]]) -> None:
        """Give the lanes of feedback shots their start: pictures of one size are encoded together."""
        by_size: defaultdict[ShapeKey, list[tuple[DiffusionLane, torch.Tensor]]] = defaultdict(list)
        for lane, request in opened:
            if isinstance(start := request.shot.start, Feedback):
                image = starting_image(start, request.sources, self._parts.device)
                by_size[lane.shape_key].append((lane, image))
        for group in by_size.values():
            latents = self._autoencoder.encode(
                [image for _, image in group], [lane.sampler.generator for lane, _ in group]
            )
            for (lane, _), clean in zip(group, latents, strict=True):
                lane.latents = lane.sampler.renoise(clean)


def _own(lanes: Sequence[Lane]) -> Sequence[DiffusionLane]:
    """Return lanes that came from `open`, as what they are."""
    return cast("Sequence[DiffusionLane]", lanes)
