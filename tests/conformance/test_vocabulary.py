"""With CLIP's real vocabulary, words are the tokens that the seed notebook names."""

from __future__ import annotations

import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from engine.diffusion.sampling.prompt_encoder import PromptEncoder
from engine.diffusion.sampling.text_encoder import TextEncoder
from engine.storyboard.morph_path import TokenMix
from tests.clip import VOCABULARY_SIZE, clip_tokenizer, write_clip_tokenizer

PUPPY, SKUNK = 6829, 42194


def test_puppy_and_skunk_are_the_notebooks_tokens():
    tokenizer = clip_tokenizer()

    assert tokenizer("puppy", add_special_tokens=False).input_ids == [PUPPY]
    assert tokenizer("skunk", add_special_tokens=False).input_ids == [SKUNK]


@pytest.mark.parametrize("text", ["A picture of a puppy", "frogs on stilts, at the theater!", "can’t – 日本 🐸 naïve"])
def test_the_files_that_stable_diffusion_ships_read_the_same(text, tmp_path):
    write_clip_tokenizer(tmp_path)
    shipped = CLIPTokenizer.from_pretrained(tmp_path)

    assert shipped(text).input_ids == clip_tokenizer()(text).input_ids
    assert shipped.model_max_length == 77


@torch.no_grad()
def test_a_swap_replaces_the_token_embedding_as_the_notebook_does():
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        bos_token_id=VOCABULARY_SIZE - 2,
        eos_token_id=VOCABULARY_SIZE - 1,
    )
    text_encoder = CLIPTextModel(config).eval()
    input_ids = clip_tokenizer()("A picture of a puppy", padding="max_length", return_tensors="pt").input_ids
    embeddings = text_encoder.embeddings
    rows = embeddings.token_embedding(input_ids)
    word = torch.where(input_ids[0] == PUPPY)[0]
    puppy, skunk = (embeddings.token_embedding(torch.tensor(token)) for token in (PUPPY, SKUNK))
    rows[0, word] = 0.3 * puppy + 0.7 * skunk
    hidden = text_encoder.encoder(
        inputs_embeds=rows + embeddings.position_embedding(torch.arange(77))[None],
        attention_mask=torch.full((77, 77), float("-inf")).triu(1)[None, None],
    ).last_hidden_state
    expected = text_encoder.final_layer_norm(hidden)

    encoder = PromptEncoder([TextEncoder(clip_tokenizer(), text_encoder, torch.device("cpu"))], torch.float32)
    ours = encoder.encode(TokenMix("A picture of a {}", "skunk", "puppy", weight=0.3)).hidden_states

    assert ours == pytest.approx(expected, abs=1e-5)
