"""From the options of a command to a recipe: what was typed, then the member's own defaults, then the style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import discord
import msgspec
from discord import app_commands

from cogs.context.places import styles_here
from cogs.i18n.language import language_of
from cogs.orders.submit import acknowledge, submit
from cogs.orders.suggestions import label_choices
from engine.errors import LimitError
from engine.recipe.edits import with_style
from engine.recipe.recipe import Recipe, from_plain
from engine.recipe.seeds import new_seed
from engine.recipe.settings import Kind
from engine.recipe.style import Style
from engine.text import shorten
from studio.profiles.defaults import Defaults

if TYPE_CHECKING:
    from cogs.client import Tappa

_MOST_SHOWN = 300

NONE = "none"
"""Typed for a style or a negative prompt: none, whatever the member's own default is."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What a command was told; None, and what is missing from `options`, was left out.

    A member's defaults stand in for what was left out, unless a seed is given: that repeats an animation, and the line
    under one has to mean the same to everybody.
    """

    kind: Kind
    options: Mapping[str, Any]
    style: str | None = None
    negative: str | None = None
    seed: int | None = None

    def recipe(self, defaults: Defaults) -> Recipe:
        """Return the recipe, without the style.

        Raises:
            RecipeError: an option holds something that is not possible.
        """
        typed = {**self.options, "negative": self.negative}
        given = {name: value for name, value in typed.items() if value is not None}
        if self.negative is not None and self.negative.strip().casefold() == NONE:
            given["negative"] = ""
        own = {} if self.seed is not None else defaults.options(self.kind)
        return from_plain({"kind": self.kind, "seed": new_seed() if self.seed is None else self.seed, **own, **given})

    def chosen_style(self, defaults: Defaults, styles: Mapping[str, Style]) -> Style | None:
        """Return the style, None for none.

        Raises:
            LimitError: the one that was typed is not there.
        """
        if self.style is None:
            return None if self.seed is not None else styles.get(defaults.style)
        return styles.get(named_style(self.style, styles))


def named_style(typed: str, styles: Mapping[str, Style]) -> str:
    """Return what the style that was typed is called exactly; empty for none.

    Raises:
        LimitError: it is not there.
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


async def order(interaction: discord.Interaction[Tappa], wishes: Wishes) -> None:
    """Acknowledge a command, then order what it asks for.

    Raises:
        MemberError: the order was refused, before the acknowledgement or after it.
    """
    wishes.recipe(Defaults())  # what was typed is refused at once, before anybody sees that the bot is at it
    wishes.chosen_style(Defaults(), styles_here(interaction))
    await carry_out(interaction, await acknowledge(interaction), wishes)


async def carry_out(interaction: discord.Interaction[Tappa], message: int, wishes: Wishes) -> None:
    """Order what an acknowledged command asks for; `message` is the one that says that the bot is at it.

    Raises:
        MemberError: the order was refused.
    """
    styles = styles_here(interaction)
    defaults = await interaction.client.studio.profiles.defaults(str(interaction.user.id))
    recipe, style = wishes.recipe(defaults), wishes.chosen_style(defaults, styles)
    await submit(interaction, message, with_style(recipe, style) if style is not None else recipe)


def suggest_styles(interaction: discord.Interaction[Tappa], typed: str) -> list[app_commands.Choice[str]]:
    """Offer the styles by name and description, and to have none."""
    say = language_of(interaction.locale)
    return label_choices(typed, {**style_labels(styles_here(interaction)), NONE: say("none: the prompts as they are")})


def style_labels(styles: Mapping[str, Style]) -> dict[str, str]:
    """Return what a list of styles shows for each of them."""
    return {name: f"{name}: {style.description or style.suffix}" for name, style in styles.items()}
