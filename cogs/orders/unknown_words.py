"""The small world of the embedded model: what members are told about words that mean nothing to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from cogs.context.places import styles_here
from cogs.ui.markdown import shorten
from engine.protocol.messages import Ready
from engine.recipe.prompts import texts_of, unknown_words, words_in
from engine.recipe.recipe import Recipe
from engine.sentence import Sentence

if TYPE_CHECKING:
    from cogs.client import Tappa

_MOST_UNKNOWN = 5
_MOST_KNOWN = 24
_LONGEST = 30


def known_words(interaction: discord.Interaction[Tappa]) -> tuple[str, ...]:
    """Return all the words of a model with a small world; none where any word may do, or nothing is loaded yet."""
    ready = interaction.client.studio.ready
    return ready.card.words if ready is not None else ()


def vocabulary_key(ready: Ready) -> str:
    """Return under which name it is kept that a member has been told about a model's words."""
    return f"words of {ready.model}"


async def note_unknown_words(interaction: discord.Interaction[Tappa], recipe: Recipe) -> Sentence | None:
    """Return what to tell a member whose recipe has words that the model does not know; None if they know already.

    Words that a style brought are not theirs, and not mentioned.

    Raises:
        StorageError: what they have been told cannot be looked up.
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
