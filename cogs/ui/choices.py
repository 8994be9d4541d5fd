"""Choices that Discord offers while a member types: at most 25 of at most 100 characters, each usable as it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from discord import app_commands

from engine.text import shorten

MAX_CHOICES = 25
MAX_CHARACTERS = 100
EXAMPLES = "examples"
"""Key of a command's `extras` for the examples in /help: what to type for which option."""

Choices: TypeAlias = list[app_commands.Choice[str]]


def filter_values(typed: str, values: Iterable[str]) -> list[str]:
    """Return those of `values` that contain what was typed, each once, those that begin with it first."""
    wanted = typed.strip().casefold()
    found = [value for value in dict.fromkeys(values) if wanted in value.casefold()]
    return sorted(found, key=lambda value: not value.casefold().startswith(wanted))


def make_choices(*groups: Iterable[str], before: str = "") -> Choices:
    """Return choices from groups of values that fit, group after group, each value once and with `before` in front."""
    values = (before + value for value in dict.fromkeys(itertools.chain(*groups)))
    usable = [value for value in values if 0 < len(value) <= MAX_CHARACTERS]
    return [app_commands.Choice(name=value, value=value) for value in usable[:MAX_CHOICES]]


def last_entry(typed: str, separator: str = ";") -> tuple[str, str]:
    """Split a list being typed into its finished entries, with their separators, and the last one."""
    head, found, last = typed.rpartition(separator)
    return f"{head}{separator} " if found else "", last


def label_choices(typed: str, labels: Mapping[str, str], found: Mapping[str, str] = MappingProxyType({})) -> Choices:
    """Return choices for the values whose text or label contains `typed`, then those of `found`, which fit already."""
    wanted = typed.strip().casefold()
    fitting = {value: label for value, label in labels.items() if wanted in f"{value} {label}".casefold()}
    more = {value: label for value, label in found.items() if value not in fitting}
    usable = [(value, label) for value, label in (fitting | more).items() if len(value) <= MAX_CHARACTERS]
    return [
        app_commands.Choice(name=shorten(label, MAX_CHARACTERS), value=value) for value, label in usable[:MAX_CHOICES]
    ]
