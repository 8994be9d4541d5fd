"""Variations: four seeds of an animation on a contact sheet, each rendered in full at the press of its number."""

from __future__ import annotations

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.orders.submit import acknowledge, submit
from cogs.ui.persistent import JobButton, NumberButton
from engine.errors import LimitError
from engine.recipe.edits import make_variations, pick_variation
from engine.recipe.recipe import MAX_TRIES, VARIATIONS, Variations
from engine.recipe.seeds import new_seeds


class VariationsButton(JobButton, action="variations", emoji="🎞️", label=lambda say: say("Variations")):
    """Orders a contact sheet of an animation; under a contact sheet, four others."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        message = await acknowledge(interaction)
        recipe = await interaction.client.studio.history.recipe(self.job, viewer_of(interaction))
        await submit(interaction, message, make_variations(recipe, new_seeds()), parent=self.job)


class PickButton(NumberButton, action="pick", most=VARIATIONS):
    """Orders one of the animations of a contact sheet in full."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        message = await acknowledge(interaction)
        sheet = await interaction.client.studio.history.recipe(self.job, viewer_of(interaction))
        if not isinstance(sheet, Variations):
            raise LimitError("This is no contact sheet; there is nothing to pick from it.")
        await submit(interaction, message, pick_variation(sheet, self.number), parent=self.job)


class TryButton(NumberButton, action="try", most=MAX_TRIES):
    """Orders the morph of another seed that was tried."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        message = await acknowledge(interaction)
        recipe = await interaction.client.studio.history.another_try(self.job, self.number, viewer_of(interaction))
        await submit(interaction, message, recipe, parent=self.job)


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(VariationsButton, PickButton, TryButton)
