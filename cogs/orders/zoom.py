"""/zoom: ever closer to one point, and back to the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    FramesOption,
    NegativeOption,
    PromptOption,
    SeedOption,
    StyleOption,
)
from cogs.orders.prompt_suggestions import suggest_negative, suggest_prompt
from cogs.orders.request import Wishes, order, suggest_styles

if TYPE_CHECKING:
    from cogs.client import Tappa


class ZoomCog(commands.Cog):
    """The command and its suggestions."""

    @app_commands.command(
        description="Zoom into a picture without end: it loops",
        extras={
            EXAMPLES: ({"prompt": "a road by the sea"}, {"prompt": "a road by the sea", "focus": "below", "seed": 128})
        },
    )
    @app_commands.describe(
        prompt="What the picture shows, such as a road by the sea",
        frames="How many frames one round takes (default: 60)",
        focus=FOCUS_HELP,
        camera=CAMERA_HELP,
        style=STYLE_HELP,
        negative=NEGATIVE_HELP,
        seed=SEED_HELP,
    )
    async def zoom(
        self,
        interaction: discord.Interaction[Tappa],
        prompt: PromptOption,
        frames: FramesOption | None = None,
        focus: FocusOption | None = None,
        camera: CameraOption | None = None,
        style: StyleOption | None = None,
        negative: NegativeOption | None = None,
        seed: SeedOption | None = None,
    ) -> None:
        """Order the zoom."""
        given = {"prompt": prompt.strip(), "frames": frames, **View(focus=focus, camera=camera).options()}
        await order(interaction, Wishes(kind="zoom", options=given, style=style, negative=negative, seed=seed))

    @zoom.autocomplete("style")
    async def suggest_style(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the styles."""
        return suggest_styles(interaction, typed)

    @zoom.autocomplete("prompt")
    async def suggest_prompt(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer prompts."""
        return await suggest_prompt(interaction, typed, "zoom")

    @zoom.autocomplete("negative")
    async def suggest_negative(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what pictures have been led away from."""
        return await suggest_negative(interaction, typed)

    @zoom.autocomplete("focus")
    async def suggest_focus(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the points that have a name."""
        return suggest_focus(interaction, typed)

    @zoom.autocomplete("camera")
    async def suggest_camera(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer moves."""
        return suggest_camera(interaction, typed)


async def setup(bot: Tappa) -> None:
    """Add the command to the bot."""
    await bot.add_cog(ZoomCog())
