"""From words to conditioning, with two places where prompts can be mixed: after the text encoders, and before them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import torch

from engine.diffusion.sampling.conditioning import Conditioning
from engine.diffusion.sampling.text_encoder import EncodedPrompt, TextEncoder, fill_template
from engine.storyboard.morph_path import MeasuredPosition, PromptMix, TokenMix
from engine.storyboard.shot import Prompt

REMEMBERED = 256
"""Encoded prompts that are kept: more than an animation has stages, some tens of megabytes for a large model."""


class PromptEncoder:
    """A model's text encoders: one, or two whose states lie side by side.

    Every prompt goes through them on its own, never in a batch, so that company cannot change its digits.

    Args:
        dtype: of what they say.
        zero_negative: whether guidance leads away from zeros, rather than from the encoded empty prompt, where
            there is no negative prompt.
    """

    def __init__(self, encoders: Sequence[TextEncoder], dtype: torch.dtype, *, zero_negative: bool = False) -> None:
        self._encoders = tuple(encoders)
        self._dtype = dtype
        self._zeros_for_nothing = zero_negative
        self._remembered: OrderedDict[str | TokenMix, Conditioning] = OrderedDict()

    # ---- checks ----

    def check(self, prompts: Iterable[Prompt]) -> None:
        """See whether every prompt can be encoded, looking at each wording once.

        Raises:
            PromptError: too many tokens, none at all, or characters a tokenizer does not know.
        """
        words: set[str] = set()
        texts: set[str] = set()
        for prompt in prompts:
            match prompt:
                case PromptMix(parts=parts):
                    texts.update(text for text, _ in parts)
                case MeasuredPosition():
                    continue  # the frames of its surveys have all that it can come to
                case TokenMix(template=template, source=source, target=target):
                    words.update((source, target))
                    texts.update((fill_template(template, source), fill_template(template, target)))
        for text in sorted(words) + sorted(texts):
            self._check_text(text)

    def _check_text(self, text: str) -> None:
        for encoder in self._encoders:
            encoder.check(text)

    # ---- encoding ----

    def encode(self, prompt: Prompt) -> Conditioning:
        """Encode one prompt.

        Returns:
            one row of conditioning.

        Raises:
            PromptError: as `check`.
        """
        match prompt:
            case PromptMix(parts=parts):
                return Conditioning.mix([(self._encode_text(text), weight) for text, weight in parts])
            case TokenMix(template=template, source=source, weight=weight) if weight <= 0:
                return self._encode_text(fill_template(template, source))
            case TokenMix(template=template, target=target, weight=weight) if weight >= 1:
                return self._encode_text(fill_template(template, target))
            case TokenMix():
                return self._encode_swap(prompt)
            case MeasuredPosition():
                raise ValueError("a shot whose place on its path is not settled cannot be rendered")

    def encode_negative(self, text: str) -> Conditioning:
        """Encode what guidance leads away from: a negative prompt, or what stands for none.

        Raises:
            PromptError: as `check`.
        """
        if text:
            return self._encode_text(text)
        if known := self._recall(""):
            return known
        nothing = self._combine_states([encoder.encode("") for encoder in self._encoders])
        return self._remember("", nothing.zeros() if self._zeros_for_nothing else nothing)

    def _encode_text(self, text: str) -> Conditioning:
        if known := self._recall(text):
            return known
        self._check_text(text)
        return self._remember(text, self._combine_states([encoder.encode(text) for encoder in self._encoders]))

    def _encode_swap(self, swap: TokenMix) -> Conditioning:
        if known := self._recall(swap):
            return known
        self.check([swap])
        return self._remember(swap, self._combine_states([encoder.encode_swap(swap) for encoder in self._encoders]))

    def _combine_states(self, said: Sequence[EncodedPrompt]) -> Conditioning:
        """Return what the encoders say as one: their states side by side, and the last one's word on the whole."""
        states = said[0].states if len(said) == 1 else torch.cat([one.states for one in said], -1)
        pooled = said[-1].pooled
        return Conditioning(states.to(self._dtype), None if pooled is None else pooled.to(self._dtype))

    # ---- memory ----

    def _recall(self, key: str | TokenMix) -> Conditioning | None:
        if key in self._remembered:
            self._remembered.move_to_end(key)
        return self._remembered.get(key)

    def _remember(self, key: str | TokenMix, conditioning: Conditioning) -> Conditioning:
        self._remembered[key] = conditioning
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return conditioning
