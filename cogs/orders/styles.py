"""Styles as members choose them: by name, or none."""

from __future__ import annotations

from collections.abc import Mapping

from cogs.client import Interaction
from cogs.context.places import styles_here
from cogs.i18n.language import language_of
from cogs.ui.choices import Choices, label_choices
from engine.errors import LimitError
from engine.recipe.style import Style
from engine.text import shorten

NONE = "none"
"""Typed for a style or a negative prompt: none, whatever the member's default is."""

_MOST_SHOWN = 300


def find_style_name(typed: str, styles: Mapping[str, Style]) -> str:
    """Return the exact name of the style that was typed; empty for none.

    Raises:
        LimitError: there is no such style.
    """
    wanted = typed.strip().casefold()
    if wanted == NONE:
        return ""
    for name in styles:
        if name.casefold() == wanted:
            return name
    if not styles:
        raise LimitError("There are no styles here.")
    known = shorten(", ".join(styles), _MOST_SHOWN)
    raise LimitError("There is no style “{name}”; there are {styles}.", name=typed, styles=known)


def label_styles(styles: Mapping[str, Style]) -> dict[str, str]:
    return {name: f"{name}: {style.description or style.suffix}" for name, style in styles.items()}


async def suggest_style(interaction: Interaction, typed: str) -> Choices:
    """Offer the styles by name and description, and none."""
    say = language_of(interaction.locale)
    return label_choices(typed, {**label_styles(styles_here(interaction)), NONE: say("none: the prompts as they are")})
