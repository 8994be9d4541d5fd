"""What Discord offers while a member types: at most 25 choices of at most 100 characters, each one usable as it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from engine.text import shorten
from studio.store.suggestions import PromptKind

if TYPE_CHECKING:
    from cogs.client import Tappa

MAX_CHOICES = 25
MAX_CHARACTERS = 100


def filter_values(typed: str, values: Iterable[str]) -> list[str]:
    """Return those of `values` that contain what was typed, each once, those that begin with it first."""
    wanted = typed.strip().casefold()
    found = [value for value in dict.fromkeys(values) if wanted in value.casefold()]
    return sorted(found, key=lambda value: not value.casefold().startswith(wanted))


def make_choices(*groups: Iterable[str], before: str = "") -> list[app_commands.Choice[str]]:
    """Return choices from several groups of values, one group after another, each value once.

    Args:
        groups: values that fit what was typed.
        before: what was typed already and goes in front of each.
    """
    values = (before + value for value in dict.fromkeys(itertools.chain(*groups)))
    usable = [value for value in values if 0 < len(value) <= MAX_CHARACTERS]
    return [app_commands.Choice(name=value, value=value) for value in usable[:MAX_CHOICES]]


def last_entry(typed: str, separator: str = ";") -> tuple[str, str]:
    """Return the entries of a list that were typed already, separator and all, and the one that is being typed."""
    head, found, last = typed.rpartition(separator)
    return f"{head}{separator} " if found else "", last


async def shared_texts(interaction: discord.Interaction[Tappa], what: PromptKind, typed: str) -> list[str]:
    """Return what was shared in the server and fits what was typed; in a direct message that is nothing."""
    if interaction.guild_id is None:
        return []
    return await interaction.client.studio.gallery.suggest(str(interaction.guild_id), what, typed, MAX_CHOICES)


def label_choices(
    typed: str, labels: Mapping[str, str], found: Mapping[str, str] = MappingProxyType({})
) -> list[app_commands.Choice[str]]:
    """Return choices from values to their labels.

    Args:
        typed: what has to be in a value or its label.
        labels: what is looked through.
        found: more of them, which were looked for elsewhere and fit.
    """
    wanted = typed.strip().casefold()
    fitting = {value: label for value, label in labels.items() if wanted in f"{value} {label}".casefold()}
    more = {value: label for value, label in found.items() if value not in fitting}
    usable = [(value, label) for value, label in (fitting | more).items() if len(value) <= MAX_CHARACTERS]
    return [
        app_commands.Choice(name=shorten(label, MAX_CHARACTERS), value=value) for value, label in usable[:MAX_CHOICES]
    ]
