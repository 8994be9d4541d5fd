"""The words of a recipe, and which of them a model knows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from engine.recipe.recipe import Giro, Morph, Recipe, Variations, Zoom

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def prompts_of(recipe: Recipe) -> tuple[str, ...]:
    """Return a recipe's prompts, each once; of a morph its template, or its waypoints if they are whole prompts."""
    match recipe:
        case Giro():
            return tuple(dict.fromkeys(stage.prompt for stage in recipe.stages))
        case Morph(is_whole=True, waypoints=waypoints):
            return tuple(dict.fromkeys(waypoints))
        case Morph(prompt=prompt) | Zoom(prompt=prompt):
            return (prompt,)
        case Variations(of=of):
            return prompts_of(of)


def texts_of(recipe: Recipe) -> tuple[str, ...]:
    """Return all texts in a recipe that say what is to be seen: prompts, template and waypoints."""
    if isinstance(recipe, Variations):
        return texts_of(recipe.of)
    if isinstance(recipe, Morph):
        return tuple(dict.fromkeys((recipe.prompt, *recipe.waypoints)))
    return prompts_of(recipe)


def waypoints_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the words that a morph puts into its template, each once; none if its waypoints are whole prompts."""
    if isinstance(recipe, Variations):
        return waypoints_of(recipe.of)
    if isinstance(recipe, Morph) and not recipe.is_whole:
        return tuple(dict.fromkeys(recipe.waypoints))
    return ()


_SMALL = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "beside", "between", "by", "down", "for", "from", "in", "into", "is"),
        *("it", "its", "of", "on", "or", "over", "the", "this", "through", "to", "under", "up", "with"),
    )
)
"""Function words, which a model need not know."""


def unknown_words(texts: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the words of `texts` that a model does not know, each once, in lower case, in order.

    Args:
        known: in lower case; empty for a model that takes any word.
    """
    if not known:
        return ()
    return tuple(word for word in words_in(texts) if word not in known and word not in _SMALL)


def words_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the words of `texts`, each once, in lower case, in order."""
    return tuple(dict.fromkeys(word for text in texts for word in _WORD.findall(text.lower())))


def complete_word(typed: str, known: Iterable[str]) -> list[str]:
    """Return `typed` with its last word completed, or another word appended, for each known word that fits."""
    last = _WORD.findall(typed)[-1] if typed[-1:].isalpha() else ""
    begun, before = last.lower(), typed[: len(typed) - len(last)]
    return [before + word for word in known if word.startswith(begun) and word != begun]
