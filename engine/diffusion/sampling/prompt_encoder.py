"""From words to conditioning; prompts can be mixed after the text encoders, or before them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import torch
from cachetools import LRUCache, cachedmethod

from engine.diffusion.sampling.conditioning import Conditioning
from engine.diffusion.sampling.text_encoder import EncodedPrompt, TextEncoder
from engine.storyboard.morph_path import MeasuredPosition, PromptMix, TokenMix
from engine.storyboard.shot import Prompt

REMEMBERED = 256
"""Encoded prompts that are kept: more than an animation has stages; some tens of MB for a large model."""


class PromptEncoder:
    """A model's text encoders: one, or two whose states are concatenated.

    Prompts are encoded one by one, never in a batch, so that a prompt's neighbours cannot change its digits.

    Args:
        dtype: of the conditioning.
        zero_negative: whether zeros, rather than the encoded empty prompt, stand for no negative prompt.
    """

    def __init__(self, encoders: Sequence[TextEncoder], dtype: torch.dtype, *, zero_negative: bool = False) -> None:
        self._encoders = tuple(encoders)
        self._dtype = dtype
        self._zero_negative = zero_negative
        self._cache: LRUCache[Hashable, Conditioning] = LRUCache(REMEMBERED)

    def check(self, prompts: Iterable[Prompt]) -> None:
        """Raise PromptError if an encoder refuses a prompt or a word; see `TextEncoder.check`."""
        words: set[str] = set()
        texts: set[str] = set()
        for prompt in prompts:
            match prompt:
                case PromptMix(parts=parts):
                    texts.update(text for text, _ in parts)
                case MeasuredPosition():
                    continue  # the shots of its surveys have the same texts
                case TokenMix(source=source, target=target, ends=ends):
                    words.update((source, target))
                    texts.update(ends)
        for text in sorted(words) + sorted(texts):
            self._check_text(text)

    def _check_text(self, text: str) -> None:
        for encoder in self._encoders:
            encoder.check(text)

    def encode(self, prompt: Prompt) -> Conditioning:
        """Encode one prompt as one row of conditioning; raises PromptError as `check` does."""
        match prompt:
            case PromptMix(parts=parts):
                return Conditioning.mix([(self._encode_text(text), weight) for text, weight in parts])
            case TokenMix(weight=weight, ends=(text, _)) if weight <= 0:
                return self._encode_text(text)
            case TokenMix(weight=weight, ends=(_, text)) if weight >= 1:
                return self._encode_text(text)
            case TokenMix():
                return self._encode_token_mix(prompt)
            case MeasuredPosition():
                raise ValueError("a shot whose position was not measured cannot be rendered")

    def encode_negative(self, text: str) -> Conditioning:
        """Encode what guidance leads away from; an empty text stands for nothing in particular."""
        return self._encode_text(text) if text else self._encode_nothing()

    @cachedmethod(lambda self: self._cache)
    def _encode_nothing(self) -> Conditioning:
        nothing = self._combine([encoder.encode("") for encoder in self._encoders])
        return nothing.zeros() if self._zero_negative else nothing

    @cachedmethod(lambda self: self._cache)
    def _encode_text(self, text: str) -> Conditioning:
        self._check_text(text)
        return self._combine([encoder.encode(text) for encoder in self._encoders])

    @cachedmethod(lambda self: self._cache)
    def _encode_token_mix(self, mix: TokenMix) -> Conditioning:
        self.check([mix])
        return self._combine([encoder.encode_token_mix(mix) for encoder in self._encoders])

    def _combine(self, encoded: Sequence[EncodedPrompt]) -> Conditioning:
        """Return the encoders' states side by side, with the last encoder's pooled states."""
        states = encoded[0].states if len(encoded) == 1 else torch.cat([one.states for one in encoded], -1)
        pooled = encoded[-1].pooled
        return Conditioning(states.to(self._dtype), None if pooled is None else pooled.to(self._dtype))
