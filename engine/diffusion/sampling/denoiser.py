"""The UNet, called once for many lanes."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor
from torch.nn.attention import SDPBackend

from engine.diffusion.sampling.batch import Batch
from engine.diffusion.sampling.lane import DiffusionLane
from engine.diffusion.speed.acceleration import Acceleration, Function, measure_fastest_attention, use_attention_kernel
from engine.diffusion.speed.threads import Watch
from engine.diffusion.speed.transfer import to_device
from engine.storyboard.shot import Shot

BATCHES = 4
"""Batches that are kept packed: of a few shapes, each perhaps in two portions."""


class _PreparedBatch(NamedTuple):
    """A batch, and the inputs of its model besides latents, timesteps and prompts."""

    batch: Batch
    extras: list[Tensor]


class Denoiser:
    """A UNet with classifier-free guidance.

    It keeps the batches of its last calls, so that nothing is packed anew as long as the same lanes come again, also if
    lanes of several shapes take turns, or do not all fit into one call.

    Args:
        device: where it computes, wherever its weights are.
        factor: pixels of a picture along one side of a latent, for models that are conditioned on its size.

    Attributes:
        channels: of the latents.
    """

    def __init__(self, unet: Any, device: torch.device, acceleration: Acceleration, watch: Watch, factor: int) -> None:
        self._unet = unet
        self.channels: int = unet.config.in_channels
        self._factor = factor
        self._takes_guidance = unet.config.time_cond_proj_dim is not None
        self._takes_sizes = unet.config.addition_embed_type == "text_time"
        self._device = device
        self._dtype = unet.dtype  # diffusers goes through all weights for it
        self._acceleration = acceleration
        self._watch = watch
        self.forward = self._acceleration.compile(self._call, "the UNet")
        self._predictors: dict[tuple[bool, bool], Function] = {}
        self._batches: deque[_PreparedBatch] = deque(maxlen=BATCHES)

    def needs_guidance_pair(self, shot: Shot) -> bool:
        """Whether a shot takes two rows, with the prompt and without.

        Models distilled with guidance (LCM) take the scale as an input instead. They have no negative prompt, so a shot
        with one takes two rows, each at a scale of no guidance.
        """
        return shot.guidance > 1 and (bool(shot.negative) or not self._takes_guidance)

    def step(self, lanes: Sequence[DiffusionLane], width: int) -> None:
        """Advance every lane by one step of its own sampler, in one call.

        Args:
            lanes: at least one, all of one shape key.
            width: the call is filled up to this many lanes with copies of the first.
        """
        prepared = next((prepared for prepared in self._batches if prepared.batch.matches(lanes, width)), None)
        if prepared is None:
            prepared = self._prepare(Batch(lanes, width))
            self._batches.appendleft(prepared)
        prepared.batch.advance(self._predict_prepared(*prepared))

    def predict(self, batch: Batch) -> Tensor:
        """Return the guided prediction, a row of float32 for each lane and filler."""
        return self._predict_prepared(*self._prepare(batch))

    def _predict_prepared(self, batch: Batch, extras: list[Tensor]) -> Tensor:
        kind = batch.shape_key.is_guided, batch.rescale is not None
        if kind not in self._predictors:
            self._predictors[kind] = self._acceleration.record(functools.partial(self._predict, *kind))
        rescale = [] if batch.rescale is None else [batch.rescale]
        with self._watch(), use_attention_kernel(self._attention):
            prediction = self._predictors[kind](
                *batch.model_input(), batch.conditioning.hidden_states, batch.guidance, *rescale, *extras
            )
        # The next call overwrites a recording's result, which samplers look back on.
        return prediction.clone() if prediction.device.type == "cuda" else prediction

    def _predict(
        self,
        is_guided: bool,
        is_rescaled: bool,
        latents: Tensor,
        timesteps: Tensor,
        states: Tensor,
        guidance: Tensor,
        *others: Tensor,
    ) -> Tensor:
        latents = latents.to(self._dtype)
        extras = others[1:] if is_rescaled else others
        if not is_guided:
            return self.forward(latents, timesteps, states, *extras)
        pairs = latents.repeat(2, 1, 1, 1), timesteps.repeat(2)
        without, with_prompt = self.forward(*pairs, states, *extras).chunk(2)
        guided = without + guidance * (with_prompt - without)
        return rescale_guidance(guided, with_prompt, others[0]) if is_rescaled else guided

    def _call(self, latents: Tensor, timesteps: Tensor, states: Tensor, *extras: Tensor) -> Tensor:
        others: dict[str, Any] = {"timestep_cond": extras[0]} if self._takes_guidance and extras else {}
        if self._takes_sizes:
            others["added_cond_kwargs"] = {"text_embeds": extras[-2], "time_ids": extras[-1]}
        predictions = self._unet(latents, timesteps, encoder_hidden_states=states, **others, return_dict=False)
        prediction: Tensor = predictions[0].float()
        return prediction

    @functools.cached_property
    def _attention(self) -> SDPBackend | None:
        """The fastest attention kernel in the largest blocks; None to leave the choice to torch."""
        config = self._unet.config
        if self._device.type != "cuda" or not isinstance(config.sample_size, int):
            return None
        heads = config.num_attention_heads or config.attention_head_dim  # diffusers' name for it is a misnomer
        heads = heads[0] if isinstance(heads, (list, tuple)) else heads
        like = torch.empty(0, device=self._device, dtype=self._dtype)
        return measure_fastest_attention(heads, config.sample_size**2, config.block_out_channels[0] // heads, like)

    def _prepare(self, batch: Batch) -> _PreparedBatch:
        extras = [self._embed_guidance(batch)] if self._takes_guidance else []
        if self._takes_sizes:
            assert batch.conditioning.pooled is not None
            extras += [batch.conditioning.pooled, self._size_rows(batch)]
        return _PreparedBatch(batch, extras)

    def _size_rows(self, batch: Batch) -> Tensor:
        """Return SDXL's micro-conditioning for each row: original size, crop and target size.

        From Podell et al. 2023, section 2.2; as in diffusers' pipelines the original is as large as the picture.
        """
        height, width = (side * self._factor for side in batch.shape_key[:2])
        sizes = torch.tensor([[height, width, 0, 0, height, width]], dtype=self._dtype)
        return to_device(sizes, self._device).repeat(len(batch.conditioning.hidden_states), 1)

    def _embed_guidance(self, batch: Batch) -> Tensor:
        """Return the guidance scales as a distilled model takes them; both rows of a pair get that of no guidance."""
        size: int = self._unet.config.time_cond_proj_dim
        guidance = batch.guidance.flatten()
        scales = guidance.new_zeros(2 * len(guidance)) if batch.shape_key.is_guided else guidance - 1
        embedding: Tensor = get_timestep_embedding(scales * 1000, size, downscale_freq_shift=1)
        return embedding.to(self._dtype)


def rescale_guidance(guided: Tensor, with_prompt: Tensor, share: Tensor) -> Tensor:
    """Return guided predictions with their spread drawn back to that of the prompt's alone, by `share`.

    Guidance widens the spread of a prediction, which oversaturates colours. From Lin et al. 2023, "Common Diffusion
    Noise Schedules and Sample Steps are Flawed", section 3.4.

    Args:
        share: shape (rows, 1, 1, 1), 0…1; rows of 0 are unchanged to the last bit.
    """
    axes = (1, 2, 3)
    factor = with_prompt.std(axes, keepdim=True) / guided.std(axes, keepdim=True)
    return torch.where(share > 0, guided * (share * factor + (1 - share)), guided)
