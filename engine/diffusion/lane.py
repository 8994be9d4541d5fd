"""One shot in flight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from engine.diffusion.conditioning import Conditioning
from engine.diffusion.sampler import Sampler


class ShapeKey(NamedTuple):
    """What lanes must have in common to share a UNet call.

    Guidance is part of it: a guided lane takes two rows of the batch, an unguided one takes one. Kept apart, the
    number of rows follows from the width alone, whoever the neighbours are, and nobody pays for rows nobody needs.
    """

    height: int
    width: int
    guided: bool


@dataclass(slots=True)
class DiffusionLane:
    """One shot in flight: its latents, and where its own sampler stands.

    Attributes:
        latents: shape (1, channels, height, width), float32 whatever the model computes in, so that many small steps
            do not lose what they add up.
        conditioning: one row.
        guidance: classifier-free guidance scale.
    """

    shape_key: ShapeKey
    sampler: Sampler
    latents: Tensor
    conditioning: Conditioning
    guidance: float

    @property
    def steps_left(self) -> int:
        """Denoising steps still to go."""
        return self.sampler.steps_left

    def model_input(self) -> Tensor:
        """Return the latents as the UNet expects them at this lane's timestep."""
        return self.sampler.model_input(self.latents)

    def advance(self, prediction: Tensor) -> None:
        """Take one step."""
        self.latents = self.sampler.step(prediction, self.latents)
