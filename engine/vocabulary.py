"""The words that a model with a small world knows, and those of a prompt that mean nothing to it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

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


def completed(typed: str, known: Iterable[str]) -> list[str]:
    """Return `typed` with its last word completed, or with one more word behind it, by each word that fits."""
    last = _WORD.findall(typed)[-1] if typed[-1:].isalpha() else ""
    begun, before = last.lower(), typed[: len(typed) - len(last)]
    return [before + word for word in known if word.startswith(begun) and word != begun]
