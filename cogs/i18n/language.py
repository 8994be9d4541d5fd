"""The languages that members are spoken to in: a gettext catalogue each, `locales/<tag>.po`; English is the source.

say = language_of(interaction.locale)
say("Cancelled.")
say("seed {seed}", seed=4)
say.plural("{count} frame", "{count} frames", 2)
say.sentence(describe(error))

The texts in such calls are literals, for `python -m cogs.catalog` finds them by reading the source. Adding a language
is adding a file, named after one of Discord's locales.
"""

from __future__ import annotations

import functools
import gettext
from collections.abc import Mapping
from pathlib import Path

import discord
from babel import Locale
from babel.numbers import format_decimal
from discord import app_commands

from engine.sentence import Sentence
from studio.catalogue import read_catalogue

LOCALES = Path(__file__).parent / "locales"
SOURCE = "en-US"

_Where = app_commands.TranslationContextLocation
TERMS = {
    _Where.command_name: "name of a command",
    _Where.group_name: "name of a command",
    _Where.parameter_name: "name of an option",
    _Where.choice_name: "choice",
    _Where.command_description: "description",
    _Where.group_description: "description",
    _Where.parameter_description: "description",
}
"""Catalogue context (msgctxt) of each kind of text that Discord shows about a command."""


class Language:
    """One language. What its catalogue lacks is said in English.

    Attributes:
        tag: Discord's name of it, such as "it" or "pt-BR".
        locale: how it writes numbers.
    """

    def __init__(self, tag: str, translations: gettext.NullTranslations) -> None:
        self.tag = tag
        self.locale = Locale.parse(tag, sep="-")
        self._translations = translations

    def __call__(self, text: str, /, **values: object) -> str:
        """Return `text`, an English template with {named} fields, in this language and filled in."""
        return self._translations.gettext(text).format_map(self._format_values(values))

    def plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Return the one of two English templates that suits `count`, in this language and filled in."""
        template = self._translations.ngettext(one, many, count)
        return template.format_map(self._format_values({"count": count, **values}))

    def sentence(self, sentence: Sentence) -> str:
        """Return a sentence in this language, the sentences within it as well."""
        values = {**sentence.values}
        if sentence.plural and isinstance(count := values.pop("count", None), int):
            return self.plural(sentence.text, sentence.plural, count, **values)
        return self(sentence.text, **sentence.values)

    def term(self, context: str, text: str) -> str:
        """Return a word as it is used in one context, such as the name of an option."""
        return self._translations.pgettext(context, text)

    def number(self, number: float, digits: int = 0) -> str:
        """Return a number with so many digits after the decimal sign, none of them left out."""
        return format_decimal(number, "0." + "0" * digits if digits else "0", locale=self.locale)

    def _format_values(self, values: Mapping[str, object]) -> dict[str, str]:
        return {name: self._format_value(value) for name, value in values.items()}

    def _format_value(self, value: object) -> str:
        if isinstance(value, Sentence):
            return self.sentence(value)
        if isinstance(value, float):
            return format_decimal(value, locale=self.locale, decimal_quantization=False, group_separator=False)
        return str(value)


def language_of(locale: discord.Locale | str | None) -> Language:
    """Return the language of one of Discord's locales; English where there is none for it.

    A locale without a catalogue takes one of the same language: "es-419" is content with "es-ES".
    """
    tag = str(locale or SOURCE)
    known = _languages()
    related = (other for other in known if other.split("-")[0] == tag.split("-")[0])
    return known.get(tag) or known[next(related, SOURCE)]


def languages() -> tuple[Language, ...]:
    """Return every language there is, English first."""
    return tuple(_languages().values())


class Translator(app_commands.Translator):
    """Tells Discord what commands, options and choices are called in each language."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return the word in one of Discord's locales, or None where it is the English one."""
        if context.location not in TERMS:
            return None
        word = language_of(locale).term(TERMS[context.location], string.message)
        return None if word == string.message else word


@functools.cache
def _languages() -> dict[str, Language]:
    found = {SOURCE: Language(SOURCE, gettext.NullTranslations())}
    for path in sorted(LOCALES.glob("*.po")):
        found[path.stem] = Language(path.stem, read_catalogue(path))
    return found
