"""The pages' languages are complete."""

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from engine.errors import ConfigError
from studio.web.languages import LOCALES, SOURCE_LANGUAGE, languages, load_translations, long_date
from studio.web.page_renderer import TEMPLATES

CATALOGUES = sorted(LOCALES.glob("*.po"))


def in_templates() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(TEMPLATES, [("**.html", "jinja2")], {"**.html": {"trimmed": "false"}})
    return {message for _, _, message, _, _ in found}


def test_there_are_english_and_italian() -> None:
    assert {"en", "it"} <= set(languages())
    assert load_translations(SOURCE_LANGUAGE).gettext("Makers") == "Makers"
    assert load_translations("it").gettext("Makers") == "Autori"
    with pytest.raises(ConfigError, match="no such language"):
        load_translations("../it")


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_has_every_string_and_no_other(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    assert {message.id for message in catalogue if message.id} == in_templates()
    assert [
        message.id for message in catalogue if message.id and (message.fuzzy or not all(_texts(message.string)))
    ] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_has_the_fields_of_its_original(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    wrong = [message.id for message in catalogue if message.id and list(message.check())]
    assert wrong == []


def test_dates_are_written_as_people_write_them() -> None:
    assert long_date("en")(1_790_000_000.0) == "21 September 2026"
    assert long_date("it")(1_790_000_000.0) == "21 settembre 2026"
    assert long_date("pt-BR")(1_790_000_000.0) == "21 de setembro de 2026"


def _texts(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else string
