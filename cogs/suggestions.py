"""What Discord offers while a member types: at most 25 choices of at most 100 characters, each one usable as it is."""

from __future__ import annotations

from collections.abc import Iterable

from discord import app_commands

MAX_CHOICES = 25
MAX_CHARACTERS = 100


def choices(typed: str, values: Iterable[str]) -> list[app_commands.Choice[str]]:
    """Return those of `values` that contain what was typed, each once, those that begin with it first."""
    wanted = typed.strip().casefold()
    fitting = [value for value in dict.fromkeys(values) if len(value) <= MAX_CHARACTERS and wanted in value.casefold()]
    fitting.sort(key=lambda value: not value.casefold().startswith(wanted))
    return [app_commands.Choice(name=value, value=value) for value in fitting[:MAX_CHOICES]]


def next_in_list(typed: str, values: Iterable[str], separator: str = ";") -> list[app_commands.Choice[str]]:
    """Return choices for the last entry of a list, behind the entries that were typed already."""
    head, found, last = typed.rpartition(separator)
    before = f"{head}{separator} " if found else ""
    return choices("", (before + choice.value for choice in choices(last, values)))


def named(typed: str, labels: dict[str, str]) -> list[app_commands.Choice[str]]:
    """Return choices from values to their labels, where one or the other contains what was typed."""
    wanted = typed.strip().casefold()
    fitting = [(value, label) for value, label in labels.items() if wanted in f"{value} {label}".casefold()]
    return [
        app_commands.Choice(name=label[:MAX_CHARACTERS], value=value)
        for value, label in fitting[:MAX_CHOICES]
        if len(value) <= MAX_CHARACTERS
    ]
