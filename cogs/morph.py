"""/morph: one word turns into another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.options import SEED_HELP, FramesOption, PromptOption, SeedOption, WordOption, build_recipe
from cogs.ordering import place
from cogs.suggestions import choices
from engine.recipe import Morph

if TYPE_CHECKING:
    from bot import Tappa

TEMPLATES = ("a picture of a {}", "a painting of a {}", "a photo of a {} in the snow", "a drawing of a {}")


class MorphCog(commands.Cog):
    """The command and its suggestions."""

    def __init__(self, bot: Tappa) -> None:
        self._studio = bot.studio

    @app_commands.command(description="Turn one thing into another: /morph skunk puppy")
    @app_commands.describe(
        source="What it begins as, such as skunk",
        target="What it becomes, such as puppy",
        prompt="The picture around it, {} in its place (default: a picture of a {})",
        frames="How many frames it takes (default: 21)",
        seed=SEED_HELP,
    )
    async def morph(
        self,
        interaction: discord.Interaction[Tappa],
        source: WordOption,
        target: WordOption,
        prompt: PromptOption | None = None,
        frames: FramesOption | None = None,
        seed: SeedOption | None = None,
    ) -> None:
        """Order the morph."""
        words = {"source": source.strip(), "target": target.strip()}
        await place(interaction, build_recipe("morph", seed, **words, prompt=prompt, frames=frames))

    @morph.autocomplete("prompt")
    async def suggest_prompt(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the member's own earlier prompts, then some common ones."""
        earlier = await self._studio.recent(str(interaction.user.id), "morph")
        own = [record.recipe.prompt for record in earlier if isinstance(record.recipe, Morph)]
        return choices(typed, [*own, *TEMPLATES])


async def setup(bot: Tappa) -> None:
    """Add the command to the bot."""
    await bot.add_cog(MorphCog(bot))
