"""A model's card, card.toml beside its weights: its name and the settings that suit it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from engine.errors import ModelError
from engine.recipe.settings import SettingsLayer
from engine.sentence import Sentence
from engine.validation import explain

CARD_FILE = "card.toml"


class Card(SettingsLayer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model's name and its layer of settings; `words` are all that a small model knows, in lower case."""

    name: str = ""
    words: tuple[str, ...] = ()


def read_card(directory: Path) -> Card:
    """Read the card in a model's directory, or return an empty one; raises ModelError if it cannot be used."""
    path = directory / CARD_FILE
    if not path.exists():
        return Card()
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Card)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError("{path}: cannot be read ({error}).", path=path, error=error) from None
    except msgspec.ValidationError as error:
        raise ModelError("{path}: {fault}", path=path, fault=explain(error, Card, Sentence("The card"))) from None
