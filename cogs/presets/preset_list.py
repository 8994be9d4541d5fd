"""The presets there are for a member: their own, marked, then the server's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

import discord

from cogs.context.failures import guarded
from cogs.context.places import presets_here
from cogs.i18n.language import Language, language_of
from cogs.ui.headline import short_title
from cogs.ui.markdown import brief, shorten
from engine.errors import LimitError
from engine.recipe.recipe import Giro, Recipe
from studio.members.profiles import no_preset

if TYPE_CHECKING:
    from cogs.client import Tappa

OWN = "★"
"""Marks a preset of the member's own."""
PER_PAGE = 10
"""Of so many lines each fits a message, however much of it has to be escaped."""
_NAME_SHOWN = 40
_PROMPT_SHOWN = 60


class PresetPageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"tappa:presets:(?P<page>\d{1,3})"
):
    """Turns to another page of the list; it shows what whoever presses it may see."""

    def __init__(self, page: int, label: str = "·") -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"tappa:presets:{page}"))
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(int(match["page"]))

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Show the page; a list that has become shorter shows its last one."""
        await interaction.response.defer()
        content, view = await preset_page(interaction, self.page)
        await interaction.edit_original_response(content=content, view=view)


async def preset_page(interaction: discord.Interaction[Tappa], page: int) -> tuple[str, discord.ui.View | None]:
    """Return one page of the presets there are for a member, and the buttons to the pages beside it."""
    say = language_of(interaction.locale)
    own = await interaction.client.studio.belongings.presets(str(interaction.user.id))
    lines = [_line(f"{OWN} {preset.name}", preset.recipe, say) for preset in own]
    ready = presets_here(interaction).items()
    lines += [_line(name, Giro(seed=0, stages=preset.parsed()), say) for name, preset in ready]
    if not lines:
        return say("There are no presets here yet; /preset save keeps what you ordered last."), None
    last = (len(lines) - 1) // PER_PAGE
    page = min(page, last)
    content = "\n".join(lines[page * PER_PAGE : (page + 1) * PER_PAGE])
    if last == 0:
        return content, None
    view = discord.ui.View(timeout=None)
    if page > 0:
        view.add_item(PresetPageButton(page - 1, say("Back")))
    if page < last:
        view.add_item(PresetPageButton(page + 1, say("More")))
    return f"{content}\n-# {say('Page {page} of {pages}', page=page + 1, pages=last + 1)}", view


async def preset_labels(interaction: discord.Interaction[Tappa], *, giros_only: bool = False) -> dict[str, str]:
    """Return what a list of presets shows for each: the member's own first, marked, then the server's."""
    ready = {
        name: f"{name}: {preset.description}" if preset.description else name
        for name, preset in presets_here(interaction).items()
    }
    labels = await own_labels(interaction, giros_only=giros_only)
    hidden = {name.casefold() for name in labels}
    return labels | {name: label for name, label in ready.items() if name.casefold() not in hidden}


async def own_labels(interaction: discord.Interaction[Tappa], *, giros_only: bool = False) -> dict[str, str]:
    """Return what a list of presets shows for each of the member's own."""
    say = language_of(interaction.locale)
    own = await interaction.client.studio.belongings.presets(str(interaction.user.id))
    shown = (preset for preset in own if isinstance(preset.recipe, Giro) or not giros_only)
    return {preset.name: f"{OWN} {preset.name}: {_summary(preset.recipe, say)}" for preset in shown}


async def find_preset(interaction: discord.Interaction[Tappa], name: str) -> tuple[str, Recipe]:
    """Return a preset by name, the member's own before the server's, and what it is called exactly.

    Raises:
        LimitError: there is none.
    """
    own = await interaction.client.studio.belongings.preset(str(interaction.user.id), name)
    if own is not None:
        return own.name, own.recipe
    wanted = name.strip().casefold()
    ready = presets_here(interaction)
    for known, preset in ready.items():
        if known.casefold() == wanted:
            return known, Giro(seed=0, stages=preset.parsed(), loop=preset.loop)
    if not ready:
        raise no_preset(name)
    raise LimitError(
        "There is no preset “{name}”; there are {presets}.",
        name=name[:_NAME_SHOWN],
        presets=shorten(", ".join(ready), 300),
    )


def extent(recipe: Recipe, say: Language) -> str:
    """Return how long an animation is, in a few words."""
    frames = say.plural("{count} frame", "{count} frames", recipe.frames)
    if isinstance(recipe, Giro):
        return f"{say.plural('{count} stage', '{count} stages', len(recipe.stages))}, {frames}"
    return frames


def _summary(recipe: Recipe, say: Language) -> str:
    if isinstance(recipe, Giro):
        return f"{extent(recipe, say)}, {recipe.stages[0].prompt}"
    return f"{short_title(recipe, say)}, {extent(recipe, say)}"


def _line(name: str, recipe: Recipe, say: Language) -> str:
    what = recipe.stages[0].prompt if isinstance(recipe, Giro) else short_title(recipe, say)
    return f"**{brief(name, _NAME_SHOWN)}** · {extent(recipe, say)} · {brief(what, _PROMPT_SHOWN)}"
