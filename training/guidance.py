"""Guidance in one call: how the denoiser is told a scale, what it learns from that, and how it forgets again.

Meng et al. 2022, "On Distillation of Guided Diffusion Models"; told as diffusers' latent consistency models are.
"""

from __future__ import annotations

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor

SCALE_WIDTH = 64  # of the embedding by which the denoiser is told the guidance scale
SCALES = (1.5, 6.0)  # guidance scales it learns to give in one call
RESCALE = 0.5  # how far guided velocities are brought back to the spread of unguided ones


def scale_embedding(scales: Tensor) -> Tensor:
    """Guidance scales as the denoiser is told them; scale 1 is no guidance. From N to N×SCALE_WIDTH, float32.

    The arithmetic of diffusers' latent consistency pipelines, which take the same models.
    """
    embedded: Tensor = get_timestep_embedding((scales - 1) * 1000, SCALE_WIDTH, downscale_freq_shift=1)
    return embedded


def guided(with_prompt: Tensor, without: Tensor, scales: Tensor) -> Tensor:
    """Classifier-free guidance, its spread brought back by RESCALE towards the unguided one (Lin et al. 2023)."""
    led = without + scales.view(-1, 1, 1, 1) * (with_prompt - without)
    back = with_prompt.std((1, 2, 3), keepdim=True) / led.std((1, 2, 3), keepdim=True)
    return led * (RESCALE * back + 1 - RESCALE)


@torch.no_grad()
def untold(denoiser: UNet2DConditionModel) -> UNet2DConditionModel:
    """Return a denoiser that says, asked without a guidance scale, what `denoiser` says when it is told scale 1.

    What scale 1 adds to the timestep's embedding is always the same, so it goes into the bias of the layer behind.
    """
    weights = dict(denoiser.state_dict())
    listening = weights.pop("time_embedding.cond_proj.weight")
    added = listening.float() @ scale_embedding(torch.ones(1, device=listening.device))[0]
    first, bias = weights["time_embedding.linear_1.weight"].float(), weights["time_embedding.linear_1.bias"].float()
    weights["time_embedding.linear_1.bias"] = (bias + first @ added).to(denoiser.dtype)
    plain: UNet2DConditionModel = UNet2DConditionModel.from_config({**denoiser.config, "time_cond_proj_dim": None})
    plain.to(denoiser.device, denoiser.dtype).load_state_dict(weights)
    return plain
