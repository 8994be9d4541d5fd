"""One shot in flight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from engine.diffusion.sampling.conditioning import Conditioning
from engine.diffusion.sampling.sampler import Sampler


class ShapeKey(NamedTuple):
    """What lanes must have in common to share a UNet call.

    Guidance is part of it: a guided lane takes two rows of the batch, an unguided one takes one. Kept apart, the
    number of rows follows from the width alone, whoever the neighbours are, and nobody pays for rows nobody needs.
    """

    height: int
    width: int
    guided: bool

    @property
    def cells(self) -> int:
        """Cells of the latents that the UNet computes for a lane."""
        return self.height * self.width * (2 if self.guided else 1)


class StepRecord(NamedTuple):
    """Latents, and what the UNet predicted for them."""

    latents: Tensor
    prediction: Tensor


class KeptShare(NamedTuple):
    """A share of the picture that a shot started from, which is to stay in what it becomes."""

    picture: Tensor
    share: float


@dataclass(slots=True, eq=False)
class DiffusionLane:
    """One shot in flight: its latents, and where its own sampler stands.

    Attributes:
        latents: shape (1, channels, height, width), float32 whatever the model computes in, so that many small steps
            do not lose what they add up. Usually a row of a batch's: never changed in place.
        conditioning: one row.
        unconditional: one row, of what guidance leads away from.
        guidance: classifier-free guidance scale.
        guidance_rescale: share of the spread that guidance adds to a prediction which is taken away again.
        history: of the steps before, newest first, as many as the sampler looks back on.
        kept_share: what stays of the picture that the shot started from; None for nothing.
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
        """Denoising steps still to go."""
        return self.sampler.steps_left
