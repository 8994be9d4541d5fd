"""/giro: through a list of prompts, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.orders.camera_options import View, suggest_camera, suggest_focus
from cogs.orders.options import (
    CAMERA_HELP,
    EXAMPLES,
    FOCUS_HELP,
    NEGATIVE_HELP,
    SEED_HELP,
    STYLE_HELP,
    CameraOption,
    FocusOption,
    NegativeOption,
    SeedOption,
    StagesOption,
    StyleOption,
)
from cogs.orders.preset_choice import preset_labels, submit_preset
from cogs.orders.prompt_suggestions import suggest_negative, suggest_stages
from cogs.orders.request import suggest_styles
from cogs.orders.stages_form import CorrectStagesButton, Journey, open_stages_form, submit_giro, take_stages_form
from cogs.orders.suggestions import label_choices
from engine.errors import LimitError
from engine.recipe.recipe import Mode
from engine.recipe.stages import SEED_STAGES, format_stages

if TYPE_CHECKING:
    from cogs.client import Tappa


class GiroCog(commands.Cog):
    """The command and its suggestions."""

    @app_commands.command(
        description="Ride through a list of prompts, as one animation that loops",
        extras={EXAMPLES: ({}, {"stages": "a road by the sea | 50; a road going up a mountain | 50", "seed": 4})},
    )
    @app_commands.describe(
        stages="prompt | frames; prompt | frames; … Without stages or preset, a form opens",
        preset="A giro that is ready to ride",
        loop="Come back to where it started, so that it plays without end (default: yes)",
        mode="How a stage begins (default: it grows out of the one before)",
        focus=FOCUS_HELP,
        camera=CAMERA_HELP,
        style=STYLE_HELP,
        negative=NEGATIVE_HELP,
        seed=SEED_HELP,
    )
    @app_commands.choices(
        mode=[
            app_commands.Choice(name=app_commands.locale_str("chain: it grows out of the one before"), value="chain"),
            app_commands.Choice(
                name=app_commands.locale_str("parallel: all from pictures of their own, rendered side by side"),
                value="parallel",
            ),
        ]
    )
    async def giro(
        self,
        interaction: discord.Interaction[Tappa],
        stages: StagesOption | None = None,
        preset: str | None = None,
        loop: bool | None = None,
        mode: Mode | None = None,
        focus: FocusOption | None = None,
        camera: CameraOption | None = None,
        style: StyleOption | None = None,
        negative: NegativeOption | None = None,
        seed: SeedOption | None = None,
    ) -> None:
        """Ride the stages given, or a preset, or ask for stages in a form."""
        if stages is not None and preset is not None:
            raise LimitError("Give either stages or a preset, not both.")
        typed = format_stages(SEED_STAGES) if stages is None else stages
        view = View(focus=focus, camera=camera)
        view.options()  # what cannot be read is refused before a form asks for more
        wishes = Journey(stages=typed, loop=loop, mode=mode, view=view, style=style, negative=negative, seed=seed)
        if stages is not None:
            await submit_giro(interaction, wishes)
        elif preset is not None:
            await submit_preset(interaction, preset, wishes)
        else:
            await open_stages_form(interaction, wishes)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Find the forms that ask for stages among everything that members do; see `cogs.renders.recipe_form`."""
        if interaction.type is discord.InteractionType.modal_submit:
            await take_stages_form(interaction)

    @giro.autocomplete("preset")
    async def suggest_preset(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the member's own presets, marked, then the server's."""
        return label_choices(typed, await preset_labels(interaction, giros_only=True))

    @giro.autocomplete("focus")
    async def suggest_focus(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the points that have a name."""
        return suggest_focus(interaction, typed)

    @giro.autocomplete("camera")
    async def suggest_camera(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer moves."""
        return suggest_camera(interaction, typed)

    @giro.autocomplete("style")
    async def suggest_style(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the styles."""
        return suggest_styles(interaction, typed)

    @giro.autocomplete("stages")
    async def suggest_stages(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the next one of the list."""
        return await suggest_stages(interaction, typed)

    @giro.autocomplete("negative")
    async def suggest_negative(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what pictures have been led away from."""
        return await suggest_negative(interaction, typed)


async def setup(bot: Tappa) -> None:
    """Add the command to the bot."""
    bot.add_dynamic_items(CorrectStagesButton)
    await bot.add_cog(GiroCog())
