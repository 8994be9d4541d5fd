"""Captions as members type them."""

import numpy as np

from training.drawing.wording import SMALL, loosen

TEXT = "a road by the sea, trees on the right, at sunset"


def loosened(count=300):
    rng = np.random.default_rng(0)
    return [loosen(TEXT, rng) for _ in range(count)]


def test_every_word_that_means_something_stays():
    for text in loosened():
        words = text.replace(",", " ").split()
        assert {"road", "sea", "trees", "right", "sunset"} <= set(words)


def test_small_words_go_parts_change_places_and_words_of_no_meaning_come_in():
    texts = loosened()
    known = set(TEXT.replace(",", " ").split())
    assert any(not SMALL & set(text.replace(",", " ").split()) for text in texts)
    assert any(text.startswith("at sunset") for text in texts)
    assert any(set(text.replace(",", " ").split()) - known for text in texts)
    assert len(set(texts)) > 150
