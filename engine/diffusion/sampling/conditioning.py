"""What the denoiser is conditioned on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Conditioning:
    """Encoded prompts, as the UNet takes them.

    Attributes:
        hidden_states: of the text encoder, or of both side by side, shape (rows, tokens, channels).
        pooled: one vector per prompt, shape (rows, channels); None for models that do not take it.
    """

    hidden_states: Tensor
    pooled: Tensor | None = None

    @classmethod
    def stack(cls, rows: Sequence[Conditioning]) -> Conditioning:
        return cls._combine(rows, torch.cat)

    @classmethod
    def mix(cls, parts: Sequence[tuple[Conditioning, float]]) -> Conditioning:
        """Return the weighted sum of conditionings; a single one of weight 1 is returned as it is."""
        (first, weight), *others = parts
        if not others and weight == 1:
            return first
        weights = [weight for _, weight in parts]
        return cls._combine([part for part, _ in parts], lambda tensors: _weighted_sum(tensors, weights))

    def zeros(self) -> Conditioning:
        return self._combine([self], lambda tensors: torch.zeros_like(tensors[0]))

    @classmethod
    def _combine(cls, rows: Sequence[Conditioning], combine: Callable[[list[Tensor]], Tensor]) -> Conditioning:
        pooled = [row.pooled for row in rows if row.pooled is not None]
        return cls(combine([row.hidden_states for row in rows]), combine(pooled) if pooled else None)


def _weighted_sum(tensors: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    total = tensors[0] * weights[0]
    for tensor, weight in zip(tensors[1:], weights[1:], strict=True):
        total = total + tensor * weight
    return total
