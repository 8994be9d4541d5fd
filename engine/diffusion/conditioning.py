"""What steers the denoiser besides the noisy latents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Conditioning:
    """An encoded prompt, as the UNet takes it. Models that take more than hidden states get more fields here.

    Attributes:
        hidden_states: the text encoder's, shape (rows, tokens, channels).
    """

    hidden_states: Tensor

    @classmethod
    def stack(cls, rows: Sequence[Conditioning]) -> Conditioning:
        """Return all of `rows` as one batch."""
        return cls(torch.cat([row.hidden_states for row in rows]))

    @classmethod
    def mix(cls, parts: Sequence[tuple[Conditioning, float]]) -> Conditioning:
        """Return the weighted sum of conditionings; one part of weight 1 is returned as it is."""
        (first, weight), *others = parts
        if not others and weight == 1:
            return first
        mixed = first.hidden_states * weight
        for other, weight in others:
            mixed = mixed + other.hidden_states * weight
        return cls(mixed)
