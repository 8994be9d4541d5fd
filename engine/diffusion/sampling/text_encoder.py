"""A tokenizer and the CLIP text encoder that reads its tokens, with the place where two words can be mixed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from engine.diffusion.speed.transfer import to_device
from engine.errors import PromptError
from engine.storyboard.morph_path import TokenMix

MAX_QUOTED = 40
"""Characters of an offending prompt that are quoted back."""


class EncodedPrompt(NamedTuple):
    """What an encoder says of a prompt.

    Attributes:
        states: shape (1, tokens, channels).
        pooled: the prompt as a whole, shape (1, channels); None of an encoder without a projection.
    """

    states: Tensor
    pooled: Tensor | None


class TextEncoder:
    """One tokenizer with its encoder.

    Args:
        model: CLIPTextModel, or CLIPTextModelWithProjection.
        device: where it computes, wherever its weights wait.
        penultimate: whether the states are those before the last layer, as SDXL takes them, rather than the normalised
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
        """See whether a text can be encoded.

        Raises:
            PromptError: too many tokens, none at all, or characters the tokenizer does not know.
        """
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
        """Encode a text, on its own."""
        return self._run(self._tokenize(text))

    def encode_token_mix(self, mix: TokenMix) -> EncodedPrompt:
        """Mix two prompts at their token embeddings, row by row, and send the mixture through the encoder's layers.

        Where the prompts agree nothing changes. A word of as many tokens as the other is mixed with it in its place;
        when the counts differ, the rows behind the word slide from the one prompt to the other as the weight grows.
        What is said of the prompt as a whole is read where it ends, so there both ends are read and mixed.
        """
        source, target = (self._tokenize(fill_template(mix.template, word)) for word in (mix.source, mix.target))
        # lerp leaves equal rows exactly as they are, which (1 - w) * a + w * a does not.
        mixed = torch.lerp(self._embed(source), self._embed(target), mix.weight)
        with _replace_embeddings(self._model, mixed):
            encoded = self._run(source if mix.weight < 0.5 else target)
            if encoded.pooled is None or self._end(source) == self._end(target):
                return encoded
            ends = [self._run(ids).pooled for ids in (source, target)]
        return EncodedPrompt(encoded.states, torch.lerp(*ends, mix.weight))  # type: ignore[call-overload]

    def _tokenize(self, text: str) -> Tensor:
        """Return a prompt's tokens on the host: shape (1, length)."""
        tokens = self._tokenizer(text, padding="max_length", max_length=self._length, return_tensors="pt")
        ids: Tensor = tokens.input_ids
        return ids

    def _end(self, ids: Tensor) -> int:
        """Return where a prompt ends."""
        return int((ids[0] == self._tokenizer.eos_token_id).int().argmax())

    def _embed(self, ids: Tensor) -> Tensor:
        """Look tokens up where the embeddings lie: on their own they do not come to the device; see `offload`."""
        embeddings = self._model.get_input_embeddings()
        where = embeddings.weight.device
        rows: Tensor = embeddings(to_device(ids, self._device if where.type == "meta" else where))
        return rows.to(self._device)

    def _run(self, ids: Tensor) -> EncodedPrompt:
        # No mask: padding is attended to, as Stable Diffusion was trained.
        output = self._model(to_device(ids, self._device), output_hidden_states=self._penultimate)
        states = output.hidden_states[-2] if self._penultimate else output.last_hidden_state
        return EncodedPrompt(states, getattr(output, "text_embeds", None))


def fill_template(template: str, word: str) -> str:
    """Return a prompt with a word in the place that its template leaves."""
    return template.replace("{}", word)


@contextlib.contextmanager
def _replace_embeddings(model: Any, rows: Tensor) -> Iterator[None]:
    """Give `rows` in the place of whatever the encoder's embedding layer looks up, for one forward pass.

    A hook on the layer works with any encoder, while not every one accepts embeddings as an argument.
    """
    hook = model.get_input_embeddings().register_forward_hook(lambda module, arguments, output: rows)
    try:
        yield
    finally:
        hook.remove()
