"""The small world of the embedded model: what members are told about words that mean nothing to it."""

from __future__ import annotations

from cogs.client import Interaction
from cogs.context.places import styles_here
from cogs.ui.markdown import shorten
from engine.protocol.messages import Ready
from engine.recipe.prompts import texts_of, unknown_words, words_in
from engine.recipe.recipe import Recipe
from engine.sentence import Sentence

_MOST_UNKNOWN = 5
_MOST_KNOWN = 24
_LONGEST = 30


def known_words(interaction: Interaction) -> tuple[str, ...]:
    """Return the vocabulary of a small model; empty if any word may do, or nothing is loaded yet."""
    ready = interaction.client.studio.ready
    return ready.card.words if ready is not None else ()


def vocabulary_key(ready: Ready) -> str:
    """Return the key that marks a member as told about a model's vocabulary."""
    return f"words of {ready.model}"


async def note_unknown_words(interaction: Interaction, recipe: Recipe) -> Sentence | None:
    """Return what to tell a member about words that the model does not know; None if they have been told before.

    Words that a style added are not mentioned. Raises StorageError if it cannot be looked up.
    """
    ready = interaction.client.studio.ready
    known = known_words(interaction)
    styled = words_in(style.suffix for style in styles_here(interaction).values())
    unknown = unknown_words(texts_of(recipe), {*known, *styled}) if known else ()
    if ready is None or not unknown:
        return None
    if await interaction.client.studio.profiles.was_told(str(interaction.user.id), vocabulary_key(ready)):
        return None
    values: dict[str, str | int | float | Sentence] = {
        "count": len(unknown),
        "words": ", ".join(f"“{shorten(word, _LONGEST)}”" for word in unknown[:_MOST_UNKNOWN]),
        "model": ready.model,
        "known": ", ".join(known[:: -(-len(known) // _MOST_KNOWN)]),
    }
    return Sentence(
        "{words} means nothing to {model}: its world is small, and other words are passed over. It knows {known};"
        " more are offered while you type.",
        values,
        "{words} mean nothing to {model}: its world is small, and other words are passed over. It knows {known};"
        " more are offered while you type.",
    )
