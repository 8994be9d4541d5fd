"""Prompts: what is refused, and where two of them are mixed."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.sampling import prompt_encoder as prompt_module
from engine.diffusion.sampling.prompt_encoder import PromptEncoder
from engine.errors import PromptError
from engine.storyboard.morph_path import PromptMix, TokenMix
from tests.embedded import embedded_model, numpy_deprecation

pytestmark = [numpy_deprecation, pytest.mark.usefixtures("inference")]

PLACE = "a picture of a {}"
ONE_TOKEN = ("skunk", "puppy")
TWO_LENGTHS = ("skunk", "frog on stilts")


@pytest.fixture
def inference():
    with torch.inference_mode():
        yield


@pytest.fixture
def encoder() -> PromptEncoder:
    parts = embedded_model()._parts
    return PromptEncoder(parts.build_text_encoders(), torch.float32)


def encode(encoder, prompt):
    return encoder.encode(prompt).hidden_states


# ---- mixing after the encoder ----


def test_a_text_is_the_text_encoders_last_hidden_state(encoder):
    parts = embedded_model()._parts
    ids = parts.tokenizer("a road", padding="max_length", max_length=77, return_tensors="pt").input_ids

    assert torch.equal(encode(encoder, PromptMix.of("a road")), parts.text_encoder(ids).last_hidden_state)


def test_two_texts_are_mixed_by_their_weights(encoder):
    first, second = encode(encoder, PromptMix.of("a road")), encode(encoder, PromptMix.of("a frog"))

    mixed = encode(encoder, PromptMix.crossfade("a road", "a frog", 0.25))

    assert mixed == pytest.approx(0.75 * first + 0.25 * second, abs=1e-6)


# ---- mixing before the encoder ----


@pytest.mark.parametrize("words", [ONE_TOKEN, TWO_LENGTHS], ids=["equal lengths", "other lengths"])
def test_a_swap_begins_and_ends_exactly_at_the_plain_prompts(encoder, words):
    source, target = words

    assert torch.equal(
        encode(encoder, TokenMix(PLACE, source, target, 0)), encode(encoder, PromptMix.of(f"a picture of a {source}"))
    )
    assert torch.equal(
        encode(encoder, TokenMix(PLACE, source, target, 1)), encode(encoder, PromptMix.of(f"a picture of a {target}"))
    )


@pytest.mark.parametrize("words", [ONE_TOKEN, TWO_LENGTHS], ids=["equal lengths", "other lengths"])
def test_a_swap_comes_close_to_its_ends_without_a_jump(encoder, words):
    source, target = words

    for almost, end in ((1e-4, 0.0), (1 - 1e-4, 1.0)):
        near = encode(encoder, TokenMix(PLACE, source, target, almost))
        assert near == pytest.approx(encode(encoder, TokenMix(PLACE, source, target, end)), abs=1e-2)


def test_words_before_the_swap_are_untouched_by_it(encoder):
    whole = encode(encoder, PromptMix.of("a picture of a skunk"))

    half = encode(encoder, TokenMix(PLACE, "skunk", "puppy", 0.5))

    assert torch.equal(half[:, :5], whole[:, :5])
    assert not torch.allclose(half[:, 5], whole[:, 5], atol=1e-3)


def test_a_swap_leaves_the_text_encoder_as_it_was(encoder):
    embedding = embedded_model()._parts.text_encoder.get_input_embeddings()

    encode(encoder, TokenMix(PLACE, "skunk", "puppy", 0.5))

    assert not embedding._forward_hooks


def test_the_hook_goes_even_when_the_encoder_fails(encoder, monkeypatch):
    text_encoder = embedded_model()._parts.text_encoder
    monkeypatch.setattr(text_encoder.encoder, "forward", lambda *args, **kwargs: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        encode(encoder, TokenMix(PLACE, "skunk", "puppy", 0.5))

    assert not text_encoder.get_input_embeddings()._forward_hooks


# ---- memory ----


def test_a_prompt_is_encoded_once(encoder):
    first = encoder.encode(PromptMix.of("a road"))

    assert encoder.encode(PromptMix.of("a road")) is first
    assert encoder.encode_negative("") is encoder.encode_negative("")


def test_only_so_many_prompts_are_remembered(encoder, monkeypatch):
    monkeypatch.setattr(prompt_module, "REMEMBERED", 2)
    encoder = PromptEncoder(encoder._encoders, torch.float32)
    first = encoder.encode(PromptMix.of("a road"))
    second = encoder.encode(PromptMix.of("a frog"))
    encoder.encode(PromptMix.of("a road"))

    encoder.encode(PromptMix.of("a cat"))

    assert encoder.encode(PromptMix.of("a road")) is first, "used last, so kept"
    assert encoder.encode(PromptMix.of("a frog")) is not second


# ---- what is refused ----


def test_a_prompt_of_exactly_the_tokenizers_length_is_taken(encoder):
    encoder.check([PromptMix.of(" ".join(["road"] * 75))])


def test_a_prompt_that_is_too_long_is_refused_with_its_start_and_the_numbers(encoder):
    with pytest.raises(PromptError, match=r"“road road .*…” has 76 tokens; the model takes at most 75"):
        encoder.check([PromptMix.of(" ".join(["road"] * 76))])


def test_a_word_that_makes_a_template_too_long_is_refused(encoder):
    template = " ".join(["road"] * 74) + " {}"
    encoder.check([TokenMix(template, "frog", "cat", 0.5)])

    with pytest.raises(PromptError, match="has 78 tokens"):
        encoder.check([TokenMix(template, "frog", "a frog on stilts", 0.5)])


@pytest.mark.parametrize("word", ["\u00a0", "\u2003 \u3000"])
def test_a_word_of_no_tokens_is_refused(encoder, word):
    with pytest.raises(PromptError, match="finds no word"):
        encoder.check([TokenMix(PLACE, "skunk", word, 0.5)])


def test_the_tokenizers_own_marks_are_refused(encoder):
    with pytest.raises(PromptError, match="vocabulary does not hold"):
        encoder.check([PromptMix.of("a road <|endoftext|> by the sea")])


def test_any_script_can_be_held(encoder):
    encoder.check([PromptMix.of("strada — 道 🐸 дорога")])


def test_encoding_refuses_what_checking_refuses(encoder):
    with pytest.raises(PromptError):
        encoder.encode(PromptMix.of("road " * 100))
    with pytest.raises(PromptError):
        encoder.encode(TokenMix(PLACE, "skunk", "\u00a0", 0.5))
