"""From words to conditioning, with two places where prompts can be mixed: after the text encoder, and before it."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from engine.diffusion.conditioning import Conditioning
from engine.errors import PromptError
from engine.storyboard import Prompt, Swap, Text

REMEMBERED = 256
"""Encoded prompts that are kept: more than an animation has stages, some tens of megabytes for a large model."""
SHOWN = 40
"""Characters of an offending prompt that are quoted back."""


class PromptEncoder:
    """A tokenizer and its text encoder.

    Every prompt goes through the encoder on its own, never in a batch, so that company cannot change its digits.
    """

    def __init__(self, tokenizer: Any, text_encoder: Any, dtype: torch.dtype) -> None:
        self._tokenizer = tokenizer
        self._text_encoder = text_encoder
        self._dtype = dtype
        self._foreign = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id}
        self._length = min(tokenizer.model_max_length, text_encoder.config.max_position_embeddings)
        self._remembered: OrderedDict[str | Swap, Conditioning] = OrderedDict()

    # ---- checks ----

    def check(self, prompts: Iterable[Prompt]) -> None:
        """See whether every prompt can be encoded, looking at each wording once.

        Raises:
            PromptError: too many tokens, none at all, or characters the tokenizer does not know.
        """
        words: set[str] = set()
        texts: set[str] = set()
        for prompt in prompts:
            match prompt:
                case Text(parts=parts):
                    texts.update(text for text, _ in parts)
                case Swap(template=template, source=source, target=target):
                    words.update((source, target))
                    texts.update((_fill(template, source), _fill(template, target)))
        for text in sorted(words) + sorted(texts):
            self._check_text(text)

    def _check_text(self, text: str) -> None:
        tokens = self._tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        shown = text if len(text) <= SHOWN else text[:SHOWN] + "…"
        if not tokens:
            raise PromptError(f"The model finds no word in “{shown}”.")
        if not self._foreign.isdisjoint(tokens):
            raise PromptError(f"“{shown}” has characters that the model's vocabulary does not hold.")
        most = self._length - self._tokenizer.num_special_tokens_to_add()
        if len(tokens) > most:
            raise PromptError(
                f"The prompt that begins “{shown}” has {len(tokens)} tokens (about one a word); "
                f"the model takes at most {most}."
            )

    # ---- encoding ----

    def encode(self, prompt: Prompt) -> Conditioning:
        """Encode one prompt.

        Returns:
            one row of conditioning.

        Raises:
            PromptError: as `check`.
        """
        match prompt:
            case Text(parts=parts):
                return Conditioning.mix([(self._encode_text(text), weight) for text, weight in parts])
            case Swap(template=template, source=source, weight=weight) if weight <= 0:
                return self._encode_text(_fill(template, source))
            case Swap(template=template, target=target, weight=weight) if weight >= 1:
                return self._encode_text(_fill(template, target))
            case Swap():
                return self._encode_swap(prompt)

    def encode_nothing(self) -> Conditioning:
        """Encode the empty prompt, which guidance leads away from."""
        return self._recall("") or self._remember("", self._run(self._tokenize("")))

    def _encode_text(self, text: str) -> Conditioning:
        if known := self._recall(text):
            return known
        self._check_text(text)
        return self._remember(text, self._run(self._tokenize(text)))

    def _encode_swap(self, swap: Swap) -> Conditioning:
        """Mix two prompts at their token embeddings, row by row, and send the mixture through the encoder's layers.

        Where the prompts agree nothing changes. A word of as many tokens as the other is mixed with it in its place;
        when the counts differ, the rows behind the word slide from the one prompt to the other as the weight grows.
        """
        if known := self._recall(swap):
            return known
        self.check([swap])
        source = self._tokenize(_fill(swap.template, swap.source))
        target = self._tokenize(_fill(swap.template, swap.target))
        embed = self._text_encoder.get_input_embeddings()
        # lerp leaves equal rows exactly as they are, which (1 - w) * a + w * a does not.
        mixed = torch.lerp(embed(source), embed(target), swap.weight)
        with _embeddings_replaced(self._text_encoder, mixed):
            return self._remember(swap, self._run(source if swap.weight < 0.5 else target))

    def _tokenize(self, text: str) -> Tensor:
        tokens = self._tokenizer(text, padding="max_length", max_length=self._length, return_tensors="pt")
        ids: Tensor = tokens.input_ids.to(self._text_encoder.device)
        return ids

    def _run(self, ids: Tensor) -> Conditioning:
        # No mask: padding is attended to, as Stable Diffusion was trained.
        return Conditioning(self._text_encoder(ids).last_hidden_state.to(self._dtype))

    # ---- memory ----

    def _recall(self, key: str | Swap) -> Conditioning | None:
        if key in self._remembered:
            self._remembered.move_to_end(key)
        return self._remembered.get(key)

    def _remember(self, key: str | Swap, conditioning: Conditioning) -> Conditioning:
        self._remembered[key] = conditioning
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return conditioning


def _fill(template: str, word: str) -> str:
    return template.replace("{}", word)


@contextlib.contextmanager
def _embeddings_replaced(text_encoder: Any, rows: Tensor) -> Iterator[None]:
    """Give `rows` in the place of whatever the encoder's embedding layer looks up, for one forward pass.

    A hook on the layer works with any encoder, while not every one accepts embeddings as an argument.
    """
    hook = text_encoder.get_input_embeddings().register_forward_hook(lambda module, arguments, output: rows)
    try:
        yield
    finally:
        hook.remove()
