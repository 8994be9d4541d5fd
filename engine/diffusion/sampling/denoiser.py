"""The UNet, called once for many lanes."""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import torch
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor
from torch.nn.attention import SDPBackend

from engine.diffusion.sampling.batch import Batch
from engine.diffusion.sampling.lane import DiffusionLane
from engine.diffusion.speed.acceleration import Acceleration, Function, measure_fastest_attention, use_attention_kernel
from engine.diffusion.speed.transfer import to_device
from engine.storyboard.shot import Shot

BATCHES = 4
"""Batches that are kept: those of a few shapes, each perhaps in two portions."""


class _PreparedBatch(NamedTuple):
    """A batch, and what the model is told with it beside prompts and timesteps."""

    batch: Batch
    told: list[Tensor]


class Denoiser:
    """A UNet, and how guidance is applied to what it says.

    It keeps the batches of its last calls: as long as the same lanes come again, nothing is packed anew, also where
    lanes of several shapes take turns, or memory has no room for all lanes in one call.

    Args:
        device: where it computes, wherever its weights wait.
        acceleration: how calls are made fast.
        watch: entered around every call.
        factor: pixels of a picture along one side of a latent, for models that are told how large it will be.
    """

    def __init__(
        self,
        unet: Any,
        device: torch.device,
        acceleration: Acceleration | None = None,
        watch: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
        factor: int = 8,
    ) -> None:
        self._unet = unet
        self._factor = factor
        self._takes_guidance = unet.config.time_cond_proj_dim is not None
        self._takes_sizes = unet.config.addition_embed_type == "text_time"
        self._device = device
        self._dtype = unet.dtype  # asked once: diffusers goes through all weights for it
        self._acceleration = acceleration or Acceleration(device)
        self._watch = watch
        self.forward = self._acceleration.compile(self._call, "the UNet")
        self._predictors: dict[tuple[bool, bool], Function] = {}
        self._batches: deque[_PreparedBatch] = deque(maxlen=BATCHES)

    @property
    def channels(self) -> int:
        """Channels of the latents."""
        count: int = self._unet.config.in_channels
        return count

    def needs_guidance_pair(self, shot: Shot) -> bool:
        """Whether a shot takes two rows: with the prompt and without.

        Models distilled with their guidance (LCM) are told the scale instead, and take one row. They know of no
        negative prompt, so a shot that has one takes two rows here as well; each is told that there is no guidance.
        """
        return shot.guidance > 1 and (bool(shot.negative) or not self._takes_guidance)

    def step(self, lanes: Sequence[DiffusionLane], width: int) -> None:
        """Advance every lane by one step of its own sampler, in one call.

        Args:
            lanes: at least one, all of one shape key.
            width: the call is filled up to this many lanes with copies of the first.
        """
        told = next((told for told in self._batches if told.batch.matches(lanes, width)), None)
        if told is None:
            told = self._prepare(Batch(lanes, width))
            self._batches.appendleft(told)
        told.batch.advance(self._predict_prepared(*told))

    def predict(self, batch: Batch) -> Tensor:
        """Predict what each lane's sampler asks for, guidance applied, in one call.

        Returns:
            one row of float32 for each lane and filler.
        """
        return self._predict_prepared(*self._prepare(batch))

    def _predict_prepared(self, batch: Batch, told: list[Tensor]) -> Tensor:
        kind = batch.guided, batch.rescale is not None
        if kind not in self._predictors:
            self._predictors[kind] = self._acceleration.record(functools.partial(self._predict, *kind))
        rescale = [] if batch.rescale is None else [batch.rescale]
        with self._watch(), use_attention_kernel(self._attention):
            prediction = self._predictors[kind](
                *batch.model_input(),
                batch.conditioning.hidden_states,
                batch.guidance,
                *rescale,
                *told,
            )
        # A recording's result is overwritten by the next call, and samplers look back on it.
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
        told = others[1:] if is_rescaled else others
        if not is_guided:
            return self.forward(latents, timesteps, states, *told)
        pairs = latents.repeat(2, 1, 1, 1), timesteps.repeat(2)
        without, with_prompt = self.forward(*pairs, states, *told).chunk(2)
        guided = without + guidance * (with_prompt - without)
        return rescale_guidance(guided, with_prompt, others[0]) if is_rescaled else guided

    def _call(self, latents: Tensor, timesteps: Tensor, states: Tensor, *told: Tensor) -> Tensor:
        others: dict[str, Any] = {"timestep_cond": told[0]} if self._takes_guidance and told else {}
        if self._takes_sizes:
            others["added_cond_kwargs"] = {"text_embeds": told[-2], "time_ids": told[-1]}
        prediction: Tensor = self._unet(latents, timesteps, encoder_hidden_states=states, **others, return_dict=False)[
            0
        ]
        return prediction.float()

    @functools.cached_property
    def _attention(self) -> SDPBackend | None:
        """Which kernel attends fastest in the largest blocks, where that is worth a look."""
        config = self._unet.config
        if self._device.type != "cuda" or not isinstance(config.sample_size, int):
            return None
        heads = config.num_attention_heads or config.attention_head_dim  # diffusers' name for it is a misnomer
        heads = heads[0] if isinstance(heads, (list, tuple)) else heads
        like = torch.empty(0, device=self._device, dtype=self._dtype)
        return measure_fastest_attention(heads, config.sample_size**2, config.block_out_channels[0] // heads, like)

    def _prepare(self, batch: Batch) -> _PreparedBatch:
        """Put together what else this model is told: guidance, what the prompts are as a whole, and sizes."""
        told = [self._embed_guidance(batch)] if self._takes_guidance else []
        if self._takes_sizes:
            assert batch.conditioning.pooled is not None
            told += [batch.conditioning.pooled, self._size_rows(batch)]
        return _PreparedBatch(batch, told)

    def _size_rows(self, batch: Batch) -> Tensor:
        """Return for each row the size of an original, where it was cropped, and the size wanted, as SDXL takes them.

        From Podell et al. 2023, section 2.2; as in diffusers' pipelines the original is as large as the picture.
        """
        height, width = (side * self._factor for side in batch.sides)
        told = torch.tensor([[height, width, 0, 0, height, width]], dtype=self._dtype)
        return to_device(told, self._device).repeat(len(batch.conditioning.hidden_states), 1)

    def _embed_guidance(self, batch: Batch) -> Tensor:
        """Return the guidance scales as a distilled model takes them: of a pair each row is told that there is none."""
        size: int = self._unet.config.time_cond_proj_dim
        scales = batch.guidance.new_zeros(2 * len(batch.guidance)) if batch.guided else batch.guidance.flatten() - 1
        embedding: Tensor = get_timestep_embedding(scales * 1000, size, downscale_freq_shift=1)
        return embedding.to(self._dtype)


def rescale_guidance(guided: Tensor, with_prompt: Tensor, share: Tensor) -> Tensor:
    """Return guided predictions with the spread of those that follow the prompt alone, as far as `share` says.

    Guidance widens the spread of a prediction, which is seen as colours that saturate. From Lin et al. 2023, "Common
    Diffusion Noise Schedules and Sample Steps are Flawed", section 3.4.

    Args:
        share: shape (rows, 1, 1, 1), 0…1; a row of 0 stays as it is to the last bit.
    """
    axes = (1, 2, 3)
    factor = with_prompt.std(axes, keepdim=True) / guided.std(axes, keepdim=True)
    return torch.where(share > 0, guided * (share * factor + (1 - share)), guided)
