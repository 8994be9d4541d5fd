"""/giro: through a list of prompts, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.form import Journey, StagesForm, ride
from cogs.options import SEED_HELP, SeedOption
from cogs.suggestions import named, next_in_list
from engine.errors import LimitError
from engine.stages import SEED_STAGES, format_stages

if TYPE_CHECKING:
    from bot import Tappa

StagesOption = app_commands.Range[str, 1, 6000]


class GiroCog(commands.Cog):
    """The command and its suggestions."""

    def __init__(self, bot: Tappa) -> None:
        self._presets = bot.config.presets

    @app_commands.command(description="Ride through a list of prompts, as one animation that loops")
    @app_commands.describe(
        stages="prompt | frames; prompt | frames; …  Without stages or preset, a form opens",
        preset="A giro that is ready to ride",
        loop="Come back to where it started, so that it plays without end (default: yes)",
        seed=SEED_HELP,
    )
    async def giro(
        self,
        interaction: discord.Interaction[Tappa],
        stages: StagesOption | None = None,
        preset: str | None = None,
        loop: bool | None = None,
        seed: SeedOption | None = None,
    ) -> None:
        """Ride the stages given, or a preset, or ask for stages in a form."""
        if stages is not None and preset is not None:
            raise LimitError("Give either stages or a preset, not both.")
        if stages is not None:
            await ride(interaction, Journey(stages=stages, loop=loop, seed=seed))
        elif preset is not None:
            await ride(interaction, self._ready_journey(preset, loop, seed))
        else:
            form = StagesForm(Journey(stages=format_stages(SEED_STAGES), loop=loop, seed=seed))
            await interaction.response.send_modal(form)

    def _ready_journey(self, name: str, loop: bool | None, seed: int | None) -> Journey:
        if name not in self._presets:
            raise LimitError(f"There is no preset “{name[:40]}”; there are {', '.join(self._presets) or 'none here'}.")
        preset = self._presets[name]
        return Journey(stages=preset.stages, loop=preset.loop if loop is None else loop, seed=seed)

    @giro.autocomplete("preset")
    async def suggest_preset(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the presets by name and description."""
        labels = {
            name: f"{name}: {preset.description}" if preset.description else name
            for name, preset in self._presets.items()
        }
        return named(typed, labels)

    @giro.autocomplete("stages")
    async def suggest_stages(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer stages of the presets as the next one of the list."""
        known = (stage for preset in self._presets.values() for stage in preset.parsed())
        return next_in_list(typed, (f"{stage.prompt} | {stage.frames}" for stage in known))


async def setup(bot: Tappa) -> None:
    """Add the command to the bot."""
    await bot.add_cog(GiroCog(bot))
