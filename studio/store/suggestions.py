"""Suggests texts from the prompts of what members of a server have shared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from engine.recipe.prompts import prompts_of, waypoints_of
from engine.recipe.recipe import Recipe
from studio.store.database import Database
from studio.store.search_words import fold_text, scope_words, search_expression, words_of

PLACEHOLDER = "{}"
"""What makes a prompt a morph's template."""

_MAX_MATCHES = 2000
"""From this many matches on, the most used ones are found by walking the prompts by use."""

_LAST = "\U0010ffff"

PromptKind = Literal["prompt", "template", "waypoint", "negative"]
"""What a text is typed as; a template is a morph's prompt, and its waypoints are what goes into that."""

_SUFFIXES: dict[PromptKind, str] = {"prompt": "", "template": "t", "waypoint": "w", "negative": "n"}


class Suggestions:
    """The distinct texts shared in each server, with how often each was."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def suggest(self, server: str, what: PromptKind, typed: str, limit: int) -> list[str]:
        """Return texts that fit what was typed so far, at most `limit`.

        Those that begin with it come first, then those that hold its words, the last of which may be unfinished; of
        each the most used first.

        Raises:
            StorageError: the database cannot be used.
        """
        scope = _scope(server, what)
        beginning = fold_text(typed.replace(PLACEHOLDER, " "))
        found = await self._beginning(scope, beginning, limit)
        if beginning and len(found) < limit:
            containing = await self._containing(scope, beginning, limit)
            found = list(dict.fromkeys([*found, *containing]))[:limit]
        return found

    async def _beginning(self, scope: str, beginning: str, limit: int) -> list[str]:
        span = (scope, beginning, beginning + _LAST)
        condition = "scope = ? AND folded >= ? AND folded < ?"
        many = await self._count(
            f"SELECT 1 FROM prompts INDEXED BY prompts_by_text WHERE {condition} LIMIT {_MAX_MATCHES}", *span
        )
        index = "prompts_by_use" if many else "prompts_by_text"
        sql = f"SELECT text FROM prompts INDEXED BY {index} WHERE {condition} ORDER BY uses DESC, folded DESC LIMIT ?"
        return [row["text"] for row in await self._database.rows(sql, *span, limit)]

    async def _containing(self, scope: str, beginning: str, limit: int) -> list[str]:
        expression = search_expression(scope, beginning)
        matches = f"SELECT rowid FROM prompt_words WHERE prompt_words MATCH ? LIMIT {_MAX_MATCHES}"
        if await self._count(matches, expression):
            *whole, last = beginning.split()
            parts = [*(f" {word} " for word in whole), f" {last}"]
            held = " AND ".join(["instr(' ' || folded || ' ', ?) > 0"] * len(parts))
            sql = (
                f"SELECT text FROM prompts INDEXED BY prompts_by_use WHERE scope = ? AND {held}"
                " ORDER BY uses DESC, folded DESC LIMIT ?"
            )
            values: tuple[object, ...] = (scope, *parts, limit)
        else:
            sql = f"SELECT text FROM prompts WHERE number IN ({matches}) ORDER BY uses DESC, folded DESC LIMIT ?"
            values = (expression, limit)
        return [row["text"] for row in await self._database.rows(sql, *values)]

    async def _count(self, sql: str, *values: object) -> bool:
        """Return whether a statement has at least `_MAX_MATCHES` rows."""
        count: int = await self._database.value(f"SELECT count(*) FROM ({sql})", *values)
        return count >= _MAX_MATCHES


def suggestions_of(server: str, recipe: Recipe) -> str:
    """Return what a share adds to the suggestions, as the JSON that the schema's triggers read."""
    entries: dict[tuple[str, str], dict[str, str]] = {}
    for what, text in _prompts_by_kind(recipe):
        scope = _scope(server, what)
        if beginning := fold_text(text):
            words = scope_words(scope, words_of(text))
            entries[scope, beginning] = {"scope": scope, "folded": beginning, "text": text, "words": words}
    return msgspec.json.encode(list(entries.values())).decode()


def _prompts_by_kind(recipe: Recipe) -> Iterator[tuple[PromptKind, str]]:
    for prompt in prompts_of(recipe):
        yield ("template" if PLACEHOLDER in prompt else "prompt"), prompt
    for waypoint in waypoints_of(recipe):
        yield "waypoint", waypoint
    if recipe.negative:
        yield "negative", recipe.negative


def _scope(server: str, what: PromptKind) -> str:
    return f"{server}{_SUFFIXES[what]}"
