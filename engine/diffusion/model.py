"""The real backend: Stable Diffusion, many shots at a time."""

from __future__ import annotations

import contextlib
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

import torch

from engine.backend import Lane, Memory, PendingPicture, Picture, ShotRequest
from engine.diffusion.loading.device import memory_of
from engine.diffusion.loading.parts import Parts
from engine.diffusion.safety_checker import SafetyChecker
from engine.diffusion.sampling.autoencoder import ROWS, Autoencoder
from engine.diffusion.sampling.batch import Batch
from engine.diffusion.sampling.conditioning import Conditioning
from engine.diffusion.sampling.denoiser import Denoiser
from engine.diffusion.sampling.feedback import compose_starting_image, finish_pictures
from engine.diffusion.sampling.lane import DiffusionLane, KeptShare, ShapeKey
from engine.diffusion.sampling.noise_warper import NoiseWarper
from engine.diffusion.sampling.pictures import DevicePictures
from engine.diffusion.sampling.prompt_encoder import PromptEncoder
from engine.diffusion.speed.acceleration import WARM_UPS, Acceleration, Function
from engine.diffusion.speed.portions import Portions, explain_memory_errors
from engine.diffusion.speed.threads import Watch
from engine.errors import ModelError, RecipeError
from engine.protocol.card import Card
from engine.recipe.settings import BUILT_IN, Settings
from engine.storyboard.morph_path import PromptMix
from engine.storyboard.shot import FeedbackStart, Shot, noise_shot
from engine.storyboard.storyboard import Storyboard
from engine.vision.vanishing import aim_camera

CALLS_AHEAD = 2
"""Denoising calls queued on a graphics card: it never waits for the next one, and a shot that arrives joins soon."""


class Calls(NamedTuple):
    """Forward functions of a model's parts; each call may overwrite the result of the one before.

    Attributes:
        unet: of latents in the model's dtype, timesteps and hidden states, row by row.
        encode: of pictures, -1…1, to moments.
        decode: of latents as the UNet knows them.
    """

    unet: Function
    encode: Function
    decode: Function


class DiffusionModel:
    """A Stable Diffusion model; implements `engine.backend.Backend`."""

    def __init__(
        self,
        name: str,
        card: Card,
        parts: Parts,
        safety_checker: SafetyChecker | None = None,
        acceleration: Acceleration | None = None,
        watch: Watch = contextlib.nullcontext,
    ) -> None:
        self.name = name
        self.card = card
        self.device = str(parts.device)
        self.dtype = str(parts.dtype).removeprefix("torch.")
        self._parts = parts
        self._safety_checker = safety_checker
        self._acceleration = acceleration or Acceleration(parts.device)
        self._samplers = parts.samplers
        self._prompts = PromptEncoder(parts.build_text_encoders(), parts.dtype, zero_negative=parts.zero_negative)
        self._autoencoder = Autoencoder(parts.vae, self._acceleration, watch)
        self._denoiser = Denoiser(parts.unet, parts.device, self._acceleration, watch, self._autoencoder.factor)
        self._pictures = DevicePictures(parts.device)
        self._noise_warper = NoiseWarper(parts.device)
        self._portions = {phase: Portions(self._release) for phase in ("encode", "denoise", "decode")}
        self._calls: deque[Any] = deque()

    @property
    def calls(self) -> Calls:
        return Calls(self._denoiser.forward, self._autoencoder.encoder, self._autoencoder.decoder)

    @property
    def judges(self) -> bool:
        return self._safety_checker is not None

    @property
    def memory(self) -> Memory:
        return memory_of(self._parts.device)

    def check(self, storyboard: Storyboard) -> None:
        factor = self._autoencoder.factor
        if storyboard.width % factor or storyboard.height % factor:
            raise RecipeError(
                "This model makes pictures whose sides are multiples of {factor} pixels; {width}×{height} was "
                "asked for.",
                factor=factor,
                width=storyboard.width,
                height=storyboard.height,
            )
        for steps in {shot.steps for shot in storyboard.shots}:
            self._samplers.check(storyboard.scheduler, steps)
        self._prompts.check({shot.prompt for shot in storyboard.shots})
        self._prompts.check({PromptMix.of(shot.negative) for shot in storyboard.shots if shot.negative})

    @torch.inference_mode()
    def open(self, requests: Sequence[ShotRequest]) -> Sequence[DiffusionLane]:
        size = max((request.width * request.height for request in requests), default=0)
        with explain_memory_errors():
            return self._portions["encode"].process(requests, self._open, size)

    @torch.inference_mode()
    def denoise(self, lanes: Sequence[Lane], width: int) -> None:
        with explain_memory_errors():
            while len(self._calls) >= CALLS_AHEAD:
                self._calls.popleft().synchronize()
            own = _as_diffusion_lanes(lanes)
            size = own[0].shape_key.cells
            self._portions["denoise"].process(own, lambda some: self._step(some, width), size, filled=width)
            if self._parts.device.type == "cuda":
                event: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
                event.record()
                self._calls.append(event)

    @torch.inference_mode()
    def decode(self, lanes: Sequence[Lane]) -> Sequence[PendingPicture]:
        with explain_memory_errors():
            own = _as_diffusion_lanes(lanes)
            size = max((lane.latents.numel() for lane in own), default=0)
            return self._portions["decode"].process(own, self._decode, size)

    @torch.inference_mode()
    def warm_up(self, width: int) -> None:
        """Record, on a graphics card, the calls of a giro in the model's own size with up to `width` lanes.

        This also finds out for how many there is memory; raises ModelError if there is too little for a single picture.
        What is compiled is compiled now; other sizes run uncompiled.
        """
        settings = Settings.from_layers([BUILT_IN.for_kind("giro"), self.card.for_kind("giro")])
        shot = noise_shot(0, PromptMix.of(""), settings, seed=0)
        request = ShotRequest(
            shot=shot, width=settings.size, height=settings.size, scheduler=settings.scheduler, sources={}
        )
        try:
            nothing = self._prompts.encode_negative("")
            self._record_denoising([self._make_lane(request, nothing, nothing) for _ in range(width)])
            for _ in range(WARM_UPS + 1):
                (image,) = self._autoencoder.decode([self._make_lane(request, nothing, nothing).latents])
                self._autoencoder.encode([image], [torch.Generator("cpu").manual_seed(0)])
        except torch.OutOfMemoryError:
            raise ModelError(
                "The graphics card has too little memory for one picture of {size} pixels with {model}; "
                '[model] offload = "model" needs less, and so does a smaller model.',
                size=settings.size,
                model=self.name,
            ) from None
        self._acceleration.stop_compiling()

    @torch.inference_mode()
    def judge(self, pictures: Sequence[Picture]) -> list[bool]:
        assert self._safety_checker is not None  # as `judges` says
        with explain_memory_errors():
            return self._safety_checker.judge(pictures)

    def _record_denoising(self, lanes: Sequence[DiffusionLane]) -> None:
        for count in range(len(lanes), 0, -1):
            try:
                for _ in range(WARM_UPS + 1):
                    self._denoiser.predict(Batch(lanes[:count], count))
            except torch.OutOfMemoryError:
                if count == 1:
                    raise
                self._portions["denoise"].lower_limit(lanes[0].shape_key.cells, count - 1)

    def _release(self) -> None:
        """Free all memory on the device that only caches something."""
        self._noise_warper.clear_cache()
        self._pictures.clear_cache()
        self._acceleration.clear_recordings()
        if self._parts.device.type == "cuda":
            torch.cuda.empty_cache()

    def _open(self, requests: Sequence[ShotRequest]) -> list[DiffusionLane]:
        lanes = []
        for request in requests:
            conditioning = self._prompts.encode(request.shot.prompt)
            lanes.append(self._make_lane(request, conditioning, self._prompts.encode_negative(request.shot.negative)))
        self._encode_sources(zip(lanes, requests, strict=True))
        return lanes

    def _step(self, lanes: Sequence[DiffusionLane], width: int) -> Sequence[DiffusionLane]:
        most = self._portions["denoise"].limit(lanes[0].shape_key.cells)
        self._denoiser.step(lanes, width if most is None else min(width, most))
        return lanes

    def _decode(self, lanes: Sequence[DiffusionLane]) -> list[PendingPicture]:
        """Decode lanes in several calls, so that the first pictures arrive while the others are decoded."""
        arriving: list[PendingPicture] = []
        for some in (lanes[first : first + ROWS] for first in range(0, len(lanes), ROWS)):
            images = self._autoencoder.decode([lane.latents for lane in some])
            arriving += self._pictures.transfer(finish_pictures(images, [lane.kept_share for lane in some]))
        return arriving

    def _make_lane(
        self, request: ShotRequest, conditioning: Conditioning, unconditional: Conditioning
    ) -> DiffusionLane:
        """Return a lane on pure noise; that of a feedback shot gets its latents from `_encode_sources`."""
        shot = request.shot
        factor = self._autoencoder.factor
        shape = (1, self._denoiser.channels, request.height // factor, request.width // factor)
        sampler = self._samplers.start(request.scheduler, shot)
        latents = torch.empty(shape, device=self._parts.device)
        return DiffusionLane(
            shape_key=ShapeKey(shape[2], shape[3], self._denoiser.needs_guidance_pair(shot)),
            sampler=sampler,
            latents=latents if isinstance(shot.start, FeedbackStart) else sampler.noise(latents, shot.start),
            conditioning=conditioning,
            unconditional=unconditional,
            guidance=shot.guidance,
            guidance_rescale=shot.guidance_rescale,
        )

    def _encode_sources(self, opened: Iterable[tuple[DiffusionLane, ShotRequest]]) -> None:
        """Set the latents of feedback lanes; pictures of one size are encoded together."""
        by_size: defaultdict[ShapeKey, list[tuple[DiffusionLane, Shot, torch.Tensor]]] = defaultdict(list)
        for lane, request in opened:
            shot = aim_camera(request.shot, request.sources)
            if isinstance(shot.start, FeedbackStart):
                image = compose_starting_image(shot.start, request.sources, self._pictures)
                by_size[lane.shape_key].append((lane, shot, image))
        for group in by_size.values():
            latents = self._autoencoder.encode(
                [image for _, _, image in group], [lane.sampler.generator for lane, _, _ in group]
            )
            for (lane, shot, image), clean in zip(group, latents, strict=True):
                if isinstance(shot.start, FeedbackStart) and shot.start.persistence:
                    lane.kept_share = KeptShare(image, shot.start.persistence)
                lane.latents = lane.sampler.renoise(clean, self._noise_warper.mix_noise(lane.sampler.draw(clean), shot))


def _as_diffusion_lanes(lanes: Sequence[Lane]) -> Sequence[DiffusionLane]:
    return cast("Sequence[DiffusionLane]", lanes)
