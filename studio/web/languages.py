"""The languages of the pages: gettext catalogues in `locales`."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date

from engine.errors import ConfigError
from studio.catalogue import read_catalogue

SOURCE_LANGUAGE = "en"
LOCALES = Path(__file__).parent / "locales"


def languages() -> list[str]:
    """Return the tags of every language there is: the source's, and one for each catalogue."""
    return sorted({SOURCE_LANGUAGE, *(path.stem for path in LOCALES.glob("*.po"))})


def load_translations(language: str) -> gettext.NullTranslations:
    """Return the words of one language; raises ConfigError if there is no catalogue for it."""
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    if language not in languages():
        raise ConfigError("There is no such language; there is {languages}.", languages=", ".join(languages()))
    return read_catalogue(LOCALES / f"{language}.po")


def long_date(language: str) -> Callable[[float], str]:
    """Return a function that formats seconds since the epoch as a date, such as "21 November 2026", in UTC."""
    locale = Locale.parse("en-GB" if language == SOURCE_LANGUAGE else language, sep="-")

    @cache
    def of_day(day: int) -> str:
        return format_date(datetime.fromtimestamp(day * 86_400, UTC), format="long", locale=locale)

    return lambda seconds: of_day(int(seconds // 86_400))
