"""What people are told is a template with values, so that it can be put into another language."""

from __future__ import annotations

import msgspec
import pytest

from engine.errors import ConfigError, EngineError, LimitError, RecipeError, TappaError, describe
from engine.recipe.recipe import from_plain
from engine.sentence import Sentence


def test_the_values_stand_in_the_fields() -> None:
    assert str(Sentence("At most {limit} frames.", {"limit": 3})) == "At most 3 frames."


@pytest.mark.parametrize(("count", "words"), [(0, "0 frames"), (1, "1 frame"), (2, "2 frames")])
def test_the_count_chooses_singular_or_plural(count: int, words: str) -> None:
    assert str(Sentence("{count} frame", {"count": count}, "{count} frames")) == words


def test_a_sentence_can_be_a_value_of_another() -> None:
    frames = Sentence("{count} frame", {"count": 2}, "{count} frames")
    assert str(Sentence("That is {frames}.", {"frames": frames})) == "That is 2 frames."


def test_somebodys_words_stay_as_they_are() -> None:
    assert str(Sentence.plain("{0} {} {seed!r} }{")) == "{0} {} {seed!r} }{"


def test_a_value_with_braces_stays_as_it_is() -> None:
    assert str(LimitError("No “{prompt}” here.", prompt="a {limit} {}")) == "No “a {limit} {}” here."


def test_it_survives_the_way_to_another_process() -> None:
    sentence = Sentence("{a} of {b}", {"a": 1, "b": Sentence("{share}", {"share": 0.5})})
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(sentence), type=Sentence) == sentence


def test_an_error_holds_another_ones_sentence() -> None:
    inner = LimitError("At most {limit}.", limit=3)
    assert describe(ConfigError("presets: {fault}", fault=inner)) == Sentence(
        "presets: {fault}", {"fault": Sentence("At most {limit}.", {"limit": 3})}
    )


@pytest.mark.parametrize("error", [LimitError("No more."), EngineError("It broke.")])
def test_an_error_reads_as_its_english_sentence(error: TappaError) -> None:
    assert (str(error), str(describe(error))) == (str(error.sentence), str(error))


def test_what_nobody_raised_on_purpose_is_not_shown() -> None:
    assert "secret" not in str(describe(RuntimeError("secret")))


def test_what_a_recipe_finds_wrong_with_itself_can_be_translated() -> None:
    with pytest.raises(RecipeError) as refusal:
        from_plain({"kind": "zoom", "seed": 1, "prompt": " "})
    assert refusal.value.sentence == Sentence("{what} must not be empty.", {"what": Sentence("The prompt")})
