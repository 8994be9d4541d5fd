"""Variations: four seeds of an animation on one contact sheet, and each of them in full at the press of its number.

The seeds that a morph has tried are chosen from in the same way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

import discord

from cogs.failures import guarded
from cogs.language import Language, language_of
from cogs.ordering import acknowledge, submit
from cogs.viewer import viewer_of
from engine.errors import LimitError
from engine.messages import JobId
from engine.recipe import MAX_TRIES, Variations
from engine.remix import picked, variations
from engine.seeds import new_seeds

if TYPE_CHECKING:
    from bot import Tappa

_NUMBER = "|".join(map(str, range(1, MAX_TRIES + 1)))
_JOB = r"(?P<job>[0-9a-f]{16})"


class VariationsButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:variations:{_JOB}"
):
    """Asks for the contact sheet of an animation; under a contact sheet, for four others."""

    def __init__(self, job: JobId, say: Language, *, label: str = "") -> None:
        super().__init__(
            discord.ui.Button(label=label or say("Variations"), emoji="🎞️", custom_id=f"tappa:variations:{job}")
        )
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["job"], language_of(interaction.locale))

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Order the sheet."""
        message = await acknowledge(interaction)
        recipe = await interaction.client.studio.archive.recipe(self.job, viewer_of(interaction))
        await submit(interaction, message, variations(recipe, new_seeds()), parent=self.job)


class PickButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:pick:(?P<number>[1-4]):{_JOB}"
):
    """Asks for one of the animations of a contact sheet in full."""

    def __init__(self, number: int, job: JobId) -> None:
        super().__init__(
            discord.ui.Button(
                label=str(number), style=discord.ButtonStyle.primary, custom_id=f"tappa:pick:{number}:{job}"
            )
        )
        self.number = number
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(int(match["number"]), match["job"])

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Order the animation."""
        message = await acknowledge(interaction)
        sheet = await interaction.client.studio.archive.recipe(self.job, viewer_of(interaction))
        if not isinstance(sheet, Variations):
            raise LimitError("This is no contact sheet; there is nothing to pick from it.")
        await submit(interaction, message, picked(sheet, self.number), parent=self.job)


class TryButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:try:(?P<number>{_NUMBER}):{_JOB}"
):
    """Asks for the morph of another of the seeds that were tried, in full."""

    def __init__(self, number: int, job: JobId) -> None:
        super().__init__(
            discord.ui.Button(
                label=str(number), style=discord.ButtonStyle.primary, custom_id=f"tappa:try:{number}:{job}"
            )
        )
        self.number = number
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(int(match["number"]), match["job"])

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Order the morph."""
        message = await acknowledge(interaction)
        recipe = await interaction.client.studio.archive.another_try(self.job, self.number, viewer_of(interaction))
        await submit(interaction, message, recipe, parent=self.job)
