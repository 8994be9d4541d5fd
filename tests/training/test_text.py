"""The tokenizer: CLIP's format, a small vocabulary, and no text it cannot read."""

import numpy as np
import pytest

from training import text
from training.drawing.captions import caption
from training.drawing.facts import sample


@pytest.fixture(scope="module")
def tokenizer():
    rng = np.random.default_rng(0)
    return text.build_tokenizer(caption(sample(rng), rng) for _ in range(1500))


@pytest.mark.parametrize("phrase", ["a skunk in tuscany", "the pink jersey at sunset, travel poster"])
def test_known_words_come_back_as_they_went(tokenizer, phrase):
    ids = tokenizer(phrase).input_ids
    assert tokenizer.decode(ids, skip_special_tokens=True).replace(" ,", ",").strip() == phrase


@pytest.mark.parametrize("phrase", ["zebra", "Ünïcödé", "龙", "🐸🚲", "", "a\nb\tc"])
def test_any_text_has_tokens(tokenizer, phrase):
    ids = text.token_ids(tokenizer, [phrase])
    assert ids.shape == (1, text.LENGTH)
    assert int(ids.max()) < len(tokenizer)
    assert tokenizer.bos_token_id == int(ids[0, 0])


@pytest.mark.parametrize("word", ["skunk", "puppy", "rabbit", "giraffe", "tuscany", "sunset"])
def test_the_words_of_this_world_are_single_tokens(tokenizer, word):
    assert len(tokenizer(word).input_ids) == 3


def test_it_is_the_same_after_saving(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    phrase = ["a Fox, on  the RIGHT 龙"]
    assert text.token_ids(text.load_tokenizer(tmp_path), phrase).equal(text.token_ids(tokenizer, phrase))


def test_the_encoder_takes_what_the_tokenizer_gives(tokenizer):
    states = text.build_encoder(tokenizer)(text.token_ids(tokenizer, ["a fox"])).last_hidden_state
    assert states.shape == (1, text.LENGTH, text.WIDTH)
