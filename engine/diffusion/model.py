"""The real backend: Stable Diffusion, many shots at a time."""

from __future__ import annotations

import contextlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, cast

import torch

from engine.backend import Lane, Memory, PendingPicture, Picture, ShotRequest
from engine.diffusion.loading.device import memory_of
from engine.diffusion.loading.parts import Parts
from engine.diffusion.safety_checker import SafetyChecker
from engine.diffusion.sampling.autoencoder import Autoencoder
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
from engine.errors import ModelError, RecipeError
from engine.protocol.card import Card
from engine.recipe.settings import BUILT_IN, Settings
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import FeedbackStart, Shot
from engine.storyboard.storyboard import Storyboard
from engine.vision.vanishing import aim_camera

CALLS_AHEAD = 2
"""Denoising calls that a graphics card is given before the first of them is done: it never waits for the next one, and
whoever comes meanwhile is not too late for the one after."""


class Calls(NamedTuple):
    """Forwards of a model's parts; what one returns may be overwritten by its next.

    Attributes:
        unet: takes latents in the model's numbers, timesteps and hidden states of as many rows.
        encode: takes pictures, -1…1, and returns moments; decode takes latents as the UNet knows them.
    """

    unet: Function
    encode: Function
    decode: Function


class DiffusionModel:
    """A Stable Diffusion model as Core uses it; implements `engine.backend.Backend`.

    Args:
        acceleration: how its calls are made fast.
        watch: entered around every call of the UNet and the VAE.
    """

    def __init__(
        self,
        name: str,
        card: Card,
        parts: Parts,
        safety_checker: SafetyChecker | None = None,
        acceleration: Acceleration | None = None,
        watch: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        self._name = name
        self._card = card
        self._parts = parts
        self._safety_checker = safety_checker
        self._acceleration = acceleration or Acceleration(parts.device)
        self._samplers = parts.samplers
        self._prompts = PromptEncoder(parts.readers, parts.dtype, zero_negative=parts.zero_negative)
        self._autoencoder = Autoencoder(parts.vae, parts.device, self._acceleration, watch)
        self._denoiser = Denoiser(parts.unet, parts.device, self._acceleration, watch, self._autoencoder.factor)
        self._pictures = DevicePictures(parts.device)
        self._noise_warper = NoiseWarper(parts.device)
        self._portions = {phase: Portions(self._release) for phase in ("encode", "denoise", "decode")}
        self._calls: deque[Any] = deque()

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

    @property
    def calls(self) -> Calls:
        """The model's own forwards, made as fast as they are here."""
        return Calls(self._denoiser.forward, self._autoencoder.encoder, self._autoencoder.decoder)

    @property
    def judges(self) -> bool:
        """Whether a safety checker is loaded."""
        return self._safety_checker is not None

    @property
    def memory(self) -> Memory:
        """What the device's memory holds now; see `Backend.memory`."""
        return memory_of(self._parts.device)

    def check(self, storyboard: Storyboard) -> None:
        """See whether every shot can be rendered; see `Backend.check`."""
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
        """Start shots; see `Backend.open`."""
        with explain_memory_errors():
            return self._portions["encode"].process(requests, self._open, max(map(_count_pixels, requests), default=0))

    @torch.inference_mode()
    def denoise(self, lanes: Sequence[Lane], width: int) -> None:
        """Advance every lane by one step, in one UNet call; see `Backend.denoise`."""
        with explain_memory_errors():
            self._wait_for_calls()
            own = _as_diffusion_lanes(lanes)
            size = own[0].shape_key.cells
            self._portions["denoise"].process(own, lambda some: self._step(some, width), size, filled=width)
            self._mark_call()

    @torch.inference_mode()
    def decode(self, lanes: Sequence[Lane]) -> Sequence[PendingPicture]:
        """Decode finished lanes; see `Backend.decode`."""
        with explain_memory_errors():
            own = _as_diffusion_lanes(lanes)
            size = max((lane.latents.numel() for lane in own), default=0)
            return self._portions["decode"].process(own, self._decode, size)

    @torch.inference_mode()
    def warm_up(self, width: int) -> None:
        """Let a graphics card record the calls that a giro in the model's own size takes, with up to `width` lanes.

        It also finds out whether there is memory for so many. What is compiled is compiled now; other sizes run as they
        are.

        Raises:
            ModelError: there is not enough for a single picture.
        """
        settings = Settings.from_layers([BUILT_IN.for_kind("giro"), self._card.for_kind("giro")])
        shot = Shot(
            index=0,
            prompt=PromptMix.of(""),
            start=NoiseStart(),
            steps=settings.steps,
            strength=1.0,
            guidance=settings.guidance,
            guidance_rescale=settings.guidance_rescale,
            seed=0,
        )
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
                model=self._name,
            ) from None
        self._acceleration.stop_compiling()

    @torch.inference_mode()
    def judge(self, pictures: Sequence[Picture]) -> list[bool]:
        """Return which pictures the safety checker objects to; see `Backend.judge`."""
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
        """Let go of all that is kept on the device only to be faster."""
        self._noise_warper.clear_cache()
        self._pictures.clear_cache()
        self._acceleration.clear_recordings()
        if self._parts.device.type == "cuda":
            torch.cuda.empty_cache()

    def _open(self, requests: Sequence[ShotRequest]) -> list[DiffusionLane]:
        lanes = [self._open_lane(request) for request in requests]
        self._encode_sources(zip(lanes, requests, strict=True))
        return lanes

    def _step(self, lanes: Sequence[DiffusionLane], width: int) -> Sequence[DiffusionLane]:
        most = self._portions["denoise"].limit(lanes[0].shape_key.cells)
        self._denoiser.step(lanes, width if most is None else min(width, most))
        return lanes

    def _wait_for_calls(self) -> None:
        """Wait until the card has little to do; what it has still keeps it busy."""
        while len(self._calls) >= CALLS_AHEAD:
            self._calls.popleft().synchronize()

    def _mark_call(self) -> None:
        if self._parts.device.type == "cuda":
            event: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
            self._calls.append(event)

    def _decode(self, lanes: Sequence[DiffusionLane]) -> list[PendingPicture]:
        """Decode some lanes; the pictures of the first arrive while the others are at work."""
        arriving: list[PendingPicture] = []
        rows = self._autoencoder.rows
        for some in (lanes[first : first + rows] for first in range(0, len(lanes), rows)):
            images = self._autoencoder.decode([lane.latents for lane in some])
            arriving += self._pictures.transfer(finish_pictures(images, [lane.kept_share for lane in some]))
        return arriving

    def _open_lane(self, request: ShotRequest) -> DiffusionLane:
        shot = request.shot
        return self._make_lane(request, self._prompts.encode(shot.prompt), self._prompts.encode_negative(shot.negative))

    def _make_lane(
        self, request: ShotRequest, conditioning: Conditioning, unconditional: Conditioning
    ) -> DiffusionLane:
        """Return a lane on pure noise; that of a feedback shot waits for `_encode_sources` to fill its latents."""
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
        """Give the lanes of feedback shots their start: pictures of one size are encoded together."""
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
    """Return lanes that came from `open`, as what they are."""
    return cast("Sequence[DiffusionLane]", lanes)


def _count_pixels(request: ShotRequest) -> int:
    return request.width * request.height
