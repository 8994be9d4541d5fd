"""The words of a model with a small world."""

from engine.diffusion.loading.card_file import read_card
from engine.diffusion.loading.source import EMBEDDED
from engine.recipe.prompts import complete_word, unknown_words, words_in

KNOWN = ("road", "sea", "tuscany", "trees")


def test_words_that_mean_nothing_are_found_once_in_order() -> None:
    texts = ["a Road by the sea, dragons and DRAGONS", "castles in Tuscany, 4 of them"]
    assert unknown_words(texts, KNOWN) == ("dragons", "castles", "them")


def test_a_model_that_takes_any_word_has_no_unknown_ones() -> None:
    assert unknown_words(["dragons"], ()) == ()


def test_words_of_other_scripts_and_with_accents_are_words() -> None:
    assert words_in(["Città, it's 龙!"]) == ("città", "it's", "龙")


def test_the_last_word_is_completed_and_the_rest_stays() -> None:
    assert complete_word("a Road by the s", KNOWN) == ["a Road by the sea"]
    assert complete_word("a road in t", KNOWN) == ["a road in tuscany", "a road in trees"]


def test_behind_a_finished_word_the_next_one_is_offered() -> None:
    assert complete_word("by the ", KNOWN) == ["by the road", "by the sea", "by the tuscany", "by the trees"]
    assert complete_word("", KNOWN) == list(KNOWN)


def test_the_embedded_models_words_are_single_tokens_of_its_tokenizer() -> None:
    """So the list cannot outlive the model that it is about."""
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer")
    words = read_card(EMBEDDED).words
    assert len(words) > 50 and len(set(words)) == len(words)
    assert [word for word in words if len(tokenizer.tokenize(word)) > 1 or word != word.lower()] == []
