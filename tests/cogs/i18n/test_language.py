"""Members are spoken to in their language: words, plural forms, numbers."""

from __future__ import annotations

import gettext
import io

import discord
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from cogs.i18n.language import Language, language_of, languages
from engine.errors import LimitError, describe
from engine.sentence import Sentence


@pytest.fixture
def say() -> Language:
    """A language with two words, and two plural forms of one."""
    catalogue = Catalog(locale="it")
    catalogue.add("At most {limit} here.", "Qui al massimo {limit}.")
    catalogue.add(("{count} frame", "{count} frames"), ("{count} fotogramma", "{count} fotogrammi"))
    catalogue.add("frames", "fotogrammi", context="name of an option")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language("it", gettext.GNUTranslations(compiled))


def test_words_are_translated_and_filled_in(say: Language) -> None:
    assert say("At most {limit} here.", limit=3) == "Qui al massimo 3."


def test_what_is_not_translated_is_said_in_english(say: Language) -> None:
    assert say("Seed {seed}.", seed=3) == "Seed 3."


@pytest.mark.parametrize(("count", "words"), [(0, "0 fotogrammi"), (1, "1 fotogramma"), (5, "5 fotogrammi")])
def test_the_count_chooses_the_form(say: Language, count: int, words: str) -> None:
    assert say.plural("{count} frame", "{count} frames", count) == words


def test_a_sentence_is_translated_with_the_sentences_in_it(say: Language) -> None:
    frames = Sentence("{count} frame", {"count": 2}, "{count} frames")
    assert say.sentence(describe(LimitError("At most {limit} here.", limit=frames))) == "Qui al massimo 2 fotogrammi."


def test_a_members_words_are_never_translated_nor_read_as_a_template(say: Language) -> None:
    assert say.sentence(Sentence.plain("{count} frame")) == "{count} frame"
    assert say("At most {limit} here.", limit="{seed}") == "Qui al massimo {seed}."


def test_a_word_can_mean_something_else_as_the_name_of_an_option(say: Language) -> None:
    assert (say.term("name of an option", "frames"), say.term("name of a command", "frames")) == (
        "fotogrammi",
        "frames",
    )


def test_numbers_are_written_as_the_language_does_and_seeds_stay_as_they_are(say: Language) -> None:
    assert (say("{share}", share=0.5), say("{seed}", seed=4294967295)) == ("0,5", "4294967295")
    assert (say.number(12.55, 1), say.number(3.0, 1), say.number(1234.4)) == ("12,6", "3,0", "1234")


def test_english_is_said_as_it_is_written() -> None:
    say = language_of("en-GB")
    assert say.tag == "en-US"
    assert say.plural("{count} frame", "{count} frames", 1) == "1 frame"
    assert say.number(12.55, 1) == "12.6"


@pytest.mark.parametrize(
    ("locale", "tag"),
    [(discord.Locale.italian, "it"), ("it", "it"), ("it-CH", "it"), (discord.Locale.thai, "en-US"), (None, "en-US")],
)
def test_a_locale_without_a_catalogue_takes_the_nearest_one(locale: discord.Locale | str | None, tag: str) -> None:
    assert language_of(locale).tag == tag


def test_english_comes_first_among_the_languages() -> None:
    assert [say.tag for say in languages()][:1] == ["en-US"]
