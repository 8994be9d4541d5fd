"""The UNet, called once for many lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor

from engine.diffusion.conditioning import Conditioning
from engine.diffusion.lane import DiffusionLane


class Denoiser:
    """A UNet and the empty prompt's conditioning, which guidance leads away from."""

    def __init__(self, unet: Any, unconditional: Conditioning) -> None:
        self._unet = unet
        self._unconditional = unconditional

    @property
    def channels(self) -> int:
        """Channels of the latents."""
        count: int = self._unet.config.in_channels
        return count

    def needs_guidance_pair(self, guidance: float) -> bool:
        """Whether a lane of this guidance takes two rows: with the prompt and without.

        Models distilled with their guidance (LCM) are told the scale instead, and take one row.
        """
        return guidance > 1 and self._unet.config.time_cond_proj_dim is None

    def predict(self, lanes: Sequence[DiffusionLane], width: int) -> Sequence[Tensor]:
        """Predict what each lane's sampler asks for, guidance applied, in one call.

        Args:
            lanes: at least one, all of one shape key.
            width: the call is filled up to this many lanes with copies of the first.

        Returns:
            one tensor of shape (1, channels, height, width), float32, for each lane.
        """
        filled = [*lanes, *([lanes[0]] * (width - len(lanes)))]
        latents = torch.cat([lane.model_input() for lane in filled])
        timesteps = torch.tensor([lane.sampler.timestep for lane in filled], device=latents.device)
        conditioning = [lane.conditioning for lane in filled]
        if not lanes[0].shape_key.guided:
            prediction = self._call(latents, timesteps, conditioning, self._told_guidance(filled))
            return torch.split(prediction, 1)[: len(lanes)]

        pair = torch.cat([latents, latents]), torch.cat([timesteps, timesteps])
        prediction = self._call(*pair, [self._unconditional] * len(filled) + conditioning, None)
        without, with_prompt = prediction.chunk(2)
        scale = torch.tensor([lane.guidance for lane in filled], device=latents.device).view(-1, 1, 1, 1)
        return torch.split(without + scale * (with_prompt - without), 1)[: len(lanes)]

    def _call(
        self, latents: Tensor, timesteps: Tensor, rows: Sequence[Conditioning], guidance: Tensor | None
    ) -> Tensor:
        prediction: Tensor = self._unet(
            latents.to(self._unet.dtype),
            timesteps,
            encoder_hidden_states=Conditioning.stack(rows).hidden_states,
            timestep_cond=guidance,
            return_dict=False,
        )[0]
        return prediction.float()

    def _told_guidance(self, lanes: Sequence[DiffusionLane]) -> Tensor | None:
        """Return the guidance scales as a distilled model takes them, or None for any other model."""
        size = self._unet.config.time_cond_proj_dim
        if size is None:
            return None
        scales = torch.tensor([lane.guidance - 1 for lane in lanes], device=self._unet.device)
        embedding: Tensor = get_timestep_embedding(scales * 1000, size, downscale_freq_shift=1)
        return embedding.to(self._unet.dtype)
