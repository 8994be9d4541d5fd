"""The list of presets that a member can use: their own, marked, then the server's."""

from __future__ import annotations

from typing import Self

import discord

from cogs.client import Interaction
from cogs.context.failures import tells_errors
from cogs.context.places import presets_here
from cogs.i18n.language import Language, language_of
from cogs.orders.preset_choice import NAME_SHOWN, OWN
from cogs.ui.headline import describe_length, short_title
from cogs.ui.markdown import brief
from cogs.ui.paging import cut_page
from cogs.ui.persistent import PersistentButton
from engine.recipe.recipe import Giro, Recipe

PER_PAGE = 10
"""Lines that fit a message however much of them has to be escaped."""
_MAX_PROMPT = 60


class PresetPageButton(PersistentButton, template=r"tappa:presets:(?P<page>\d{1,3})"):
    """Turns to another page of the list, as whoever presses it may see it."""

    @classmethod
    def of(cls, label: str, page: int) -> Self:
        return cls.make(label=label, custom_id=f"tappa:presets:{page}")

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        content, view = await preset_page(interaction, int(self.fields["page"]))
        await interaction.edit_original_response(content=content, view=view)


async def preset_page(interaction: Interaction, number: int) -> tuple[str, discord.ui.View | None]:
    """Return a page of the list, the last one if it has become shorter, and the buttons to the pages beside it."""
    say = language_of(interaction.locale)
    own = await interaction.client.studio.profiles.presets(str(interaction.user.id))
    lines = [_line(f"{OWN} {preset.name}", preset.recipe, say) for preset in own]
    ready = presets_here(interaction).items()
    lines += [_line(name, Giro(seed=0, stages=preset.parse_stages()), say) for name, preset in ready]
    if not lines:
        return say("There are no presets here yet; /preset save keeps what you ordered last."), None
    page = cut_page(lines, number, PER_PAGE)
    return "\n".join([*page.entries, *page.footer(say)]), page.view(PresetPageButton.of, say)


def _line(name: str, recipe: Recipe, say: Language) -> str:
    what = recipe.stages[0].prompt if isinstance(recipe, Giro) else short_title(recipe, say)
    return f"**{brief(name, NAME_SHOWN)}** · {describe_length(recipe, say)} · {brief(what, _MAX_PROMPT)}"
