"""The words of a recipe: what members typed to say what is to be seen."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from engine.recipe.recipe import Giro, Morph, Recipe, Variations, Zoom


def prompts_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the prompts that a recipe is made of, each once; a morph's is the template that its words go into,
    or they are its waypoints."""
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
    """Return everything in a recipe that says what is to be seen: the prompts and a morph's waypoints."""
    if isinstance(recipe, Variations):
        return texts_of(recipe.of)
    if isinstance(recipe, Morph):
        return tuple(dict.fromkeys((recipe.prompt, *recipe.waypoints)))
    return prompts_of(recipe)


def waypoints_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the words that a morph puts into its prompt, each once; none where they are prompts themselves."""
    if isinstance(recipe, Variations):
        return waypoints_of(recipe.of)
    if isinstance(recipe, Morph) and not recipe.is_whole:
        return tuple(dict.fromkeys(recipe.waypoints))
    return ()


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


_SMALL = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "beside", "between", "by", "down", "for", "from", "in", "into", "is"),
        *("it", "its", "of", "on", "or", "over", "the", "this", "through", "to", "under", "up", "with"),
    )
)
"""Words that hold others together: nobody misses them where they mean nothing."""


def unknown_words(texts: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the words of `texts` that are not among those a model knows, each once, in lower case, in their order.

    Args:
        known: in lower case; empty for a model that takes any word.
    """
    if not known:
        return ()
    return tuple(word for word in words_in(texts) if word not in known and word not in _SMALL)


def words_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the words of `texts`, each once, in lower case, in their order."""
    return tuple(dict.fromkeys(word for text in texts for word in _WORD.findall(text.lower())))


def complete_word(typed: str, known: Iterable[str]) -> list[str]:
    """Return `typed` with its last word completed, or with one more word behind it, by each word that fits."""
    last = _WORD.findall(typed)[-1] if typed[-1:].isalpha() else ""
    begun, before = last.lower(), typed[: len(typed) - len(last)]
    return [before + word for word in known if word.startswith(begun) and word != begun]
