"""One shot in flight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from engine.diffusion.sampling.conditioning import Conditioning
from engine.diffusion.sampling.sampler import Sampler


class ShapeKey(NamedTuple):
    """What lanes must have in common to share a UNet call.

    Guidance is part of it, because a guided lane takes two rows of the batch and an unguided one takes one: the number
    of rows then follows from the width alone, whatever the other lanes are.
    """

    height: int
    width: int
    is_guided: bool

    @property
    def cells(self) -> int:
        """Number of latent cells that the UNet computes for a lane."""
        return self.height * self.width * (2 if self.is_guided else 1)


class StepRecord(NamedTuple):
    """Latents, and the UNet's prediction for them."""

    latents: Tensor
    prediction: Tensor


class KeptShare(NamedTuple):
    """The starting picture of a shot, and the share of it that stays in the finished one."""

    picture: Tensor
    share: float


@dataclass(slots=True, eq=False)
class DiffusionLane:
    """One shot in flight.

    Attributes:
        latents: shape (1, channels, height, width), float32 whatever the model's dtype, so that many small steps add up
            exactly. Usually a view of a batch's row: never changed in place.
        conditioning: one row.
        unconditional: one row, of what guidance leads away from.
        history: of the steps before, newest first, as many as the sampler looks back on.
        kept_share: what stays of the starting picture; None for nothing.
    """

    shape_key: ShapeKey
    sampler: Sampler
    latents: Tensor
    conditioning: Conditioning
    unconditional: Conditioning
    guidance: float
    guidance_rescale: float
    history: list[StepRecord] = field(default_factory=list)
    kept_share: KeptShare | None = None

    @property
    def steps_left(self) -> int:
        return self.sampler.steps_left
