"""Reading card.toml from a model's directory."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from engine.errors import ModelError
from engine.protocol.card import Card
from engine.sentence import Sentence
from engine.validation import explain

CARD_FILE = "card.toml"


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
