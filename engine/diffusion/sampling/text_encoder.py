"""A tokenizer with its CLIP text encoder, and the place where two words can be mixed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from engine.diffusion.speed.transfer import to_device
from engine.errors import PromptError
from engine.storyboard.morph_path import TokenMix

MAX_QUOTED = 40
"""Characters of an offending prompt that are quoted back."""


class EncodedPrompt(NamedTuple):
    """An encoder's output.

    Attributes:
        states: shape (1, tokens, channels).
        pooled: shape (1, channels); None for an encoder without a projection.
    """

    states: Tensor
    pooled: Tensor | None


class TextEncoder:
    """One tokenizer with its encoder.

    Args:
        model: a CLIPTextModel, perhaps with a projection.
        device: where it computes, wherever its weights are.
        penultimate: whether to return the states before the last layer, as SDXL takes them, instead of the normalised
            last ones.
    """

    def __init__(self, tokenizer: Any, model: Any, device: torch.device, *, penultimate: bool = False) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self._device = device
        self._penultimate = penultimate
        self._special_ids = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id}
        self._length = min(tokenizer.model_max_length, model.config.max_position_embeddings)

    def check(self, text: str) -> None:
        """Raise PromptError if a text has too many tokens, none at all, or characters the tokenizer does not know."""
        tokens = self._tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        shown = text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"
        if not tokens:
            raise PromptError("The model finds no word in “{shown}”.", shown=shown)
        if not self._special_ids.isdisjoint(tokens):
            raise PromptError("“{shown}” has characters that the model's vocabulary does not hold.", shown=shown)
        most = self._length - self._tokenizer.num_special_tokens_to_add()
        if len(tokens) > most:
            raise PromptError(
                "The prompt that begins “{shown}” has {count} tokens; the model takes at most {most}.",
                shown=shown,
                count=len(tokens),
                most=most,
            )

    def encode(self, text: str) -> EncodedPrompt:
        return self._run(self._tokenize(text))

    def encode_token_mix(self, mix: TokenMix) -> EncodedPrompt:
        """Mix two prompts at their token embeddings, row by row, and run the mixture through the encoder's layers.

        Where the prompts agree nothing changes. Words of equally many tokens are mixed in place; otherwise the rows
        after the word cross over from one prompt to the other as the weight grows. The pooled states are read at a
        prompt's end: if the ends differ, those of both are mixed.
        """
        source, target = map(self._tokenize, mix.ends)
        # lerp leaves equal rows unchanged, unlike (1 - w) * a + w * a.
        mixed = torch.lerp(self._embed(source), self._embed(target), mix.weight)
        with _replace_embeddings(self._model, mixed):
            encoded = self._run(source if mix.weight < 0.5 else target)
            if encoded.pooled is None or self._end(source) == self._end(target):
                return encoded
            ends = [self._run(ids).pooled for ids in (source, target)]
        return EncodedPrompt(encoded.states, torch.lerp(*ends, mix.weight))  # type: ignore[call-overload]

    def _tokenize(self, text: str) -> Tensor:
        tokens = self._tokenizer(text, padding="max_length", max_length=self._length, return_tensors="pt")
        return cast("Tensor", tokens.input_ids)

    def _end(self, ids: Tensor) -> int:
        return int((ids[0] == self._tokenizer.eos_token_id).int().argmax())

    def _embed(self, ids: Tensor) -> Tensor:
        """Look tokens up where the embeddings lie: offloaded ones do not move to the device on their own."""
        embeddings = self._model.get_input_embeddings()
        where = embeddings.weight.device
        rows: Tensor = embeddings(to_device(ids, self._device if where.type == "meta" else where))
        return rows.to(self._device)

    def _run(self, ids: Tensor) -> EncodedPrompt:
        # No mask: Stable Diffusion was trained to attend to padding.
        output = self._model(to_device(ids, self._device), output_hidden_states=self._penultimate)
        states = output.hidden_states[-2] if self._penultimate else output.last_hidden_state
        return EncodedPrompt(states, getattr(output, "text_embeds", None))


@contextlib.contextmanager
def _replace_embeddings(model: Any, rows: Tensor) -> Iterator[None]:
    """Replace what the encoder's embedding layer looks up by `rows`; not every encoder takes embeddings as input."""
    hook = model.get_input_embeddings().register_forward_hook(lambda module, arguments, output: rows)
    try:
        yield
    finally:
        hook.remove()
