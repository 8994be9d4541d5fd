"""The presets there are for a member: their own, marked, then the server's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

import discord

from cogs.context.failures import tells_errors
from cogs.context.places import presets_here
from cogs.i18n.language import Language, language_of
from cogs.orders.preset_choice import NAME_SHOWN, OWN
from cogs.ui.headline import describe_length, short_title
from cogs.ui.markdown import brief
from engine.recipe.recipe import Giro, Recipe

if TYPE_CHECKING:
    from cogs.client import Tappa

PER_PAGE = 10
"""Of so many lines each fits a message, however much of it has to be escaped."""
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

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Show the page; a list that has become shorter shows its last one."""
        await interaction.response.defer()
        content, view = await preset_page(interaction, self.page)
        await interaction.edit_original_response(content=content, view=view)


async def preset_page(interaction: discord.Interaction[Tappa], page: int) -> tuple[str, discord.ui.View | None]:
    """Return one page of the presets there are for a member, and the buttons to the pages beside it."""
    say = language_of(interaction.locale)
    own = await interaction.client.studio.profiles.presets(str(interaction.user.id))
    lines = [_line(f"{OWN} {preset.name}", preset.recipe, say) for preset in own]
    ready = presets_here(interaction).items()
    lines += [_line(name, Giro(seed=0, stages=preset.parse_stages()), say) for name, preset in ready]
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


def _line(name: str, recipe: Recipe, say: Language) -> str:
    what = recipe.stages[0].prompt if isinstance(recipe, Giro) else short_title(recipe, say)
    return f"**{brief(name, NAME_SHOWN)}** · {describe_length(recipe, say)} · {brief(what, _PROMPT_SHOWN)}"
