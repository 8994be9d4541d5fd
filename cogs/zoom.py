"""/zoom: ever closer to one point, and back to the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import msgspec
from discord import app_commands
from discord.ext import commands

from cogs.options import SEED_HELP, FramesOption, PromptOption, SeedOption, build_recipe
from cogs.ordering import place
from cogs.suggestions import choices, named
from engine.focus import NAMED, parse_focus
from engine.recipe import Zoom

if TYPE_CHECKING:
    from bot import Tappa


class ZoomCog(commands.Cog):
    """The command and its suggestions."""

    def __init__(self, bot: Tappa) -> None:
        self._studio = bot.studio
        self._presets = bot.config.presets

    @app_commands.command(description="Zoom into a picture without end: it loops")
    @app_commands.describe(
        prompt="What the picture shows, such as a road by the sea",
        frames="How many frames one round takes (default: 60)",
        focus="The point to move towards, x,y from 0,0 (top left) to 1,1, or a name (default: centre)",
        seed=SEED_HELP,
    )
    async def zoom(
        self,
        interaction: discord.Interaction[Tappa],
        prompt: PromptOption,
        frames: FramesOption | None = None,
        focus: app_commands.Range[str, 1, 40] | None = None,
        seed: SeedOption | None = None,
    ) -> None:
        """Order the zoom."""
        point = None if focus is None else msgspec.to_builtins(parse_focus(focus))
        await place(interaction, build_recipe("zoom", seed, prompt=prompt.strip(), frames=frames, focus=point))

    @zoom.autocomplete("prompt")
    async def suggest_prompt(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the member's own earlier prompts, then those of the presets."""
        earlier = await self._studio.recent(str(interaction.user.id), "zoom")
        own = [record.recipe.prompt for record in earlier if isinstance(record.recipe, Zoom)]
        ready = [stage.prompt for preset in self._presets.values() for stage in preset.parsed()]
        return choices(typed, [*own, *ready])

    @zoom.autocomplete("focus")
    async def suggest_focus(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the points that have a name."""
        return named(typed, {name: f"{name} ({point.x:g},{point.y:g})" for name, point in NAMED.items()})


async def setup(bot: Tappa) -> None:
    """Add the command to the bot."""
    await bot.add_cog(ZoomCog(bot))
