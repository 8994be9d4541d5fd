"""A model's card, card.toml beside its weights: its name and the settings that suit it."""

from __future__ import annotations

from engine.recipe.settings import SettingsLayer


class Card(SettingsLayer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model's name and its layer of settings; `words` are all that a small model knows, in lower case."""

    name: str = ""
    words: tuple[str, ...] = ()
