"""/zoom: ever closer to one point, and back to the start."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs.client import Interaction, Tappa
from cogs.orders.camera_suggestions import suggest_camera, suggest_focus
from cogs.orders.options import (
    CAMERA_HELP,
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
from cogs.orders.request import RenderRequest, parse_view
from cogs.orders.styles import suggest_style
from cogs.orders.submit import submit_request
from cogs.ui.choices import EXAMPLES


class ZoomCog(commands.Cog):
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
    @app_commands.autocomplete(
        prompt=suggest_prompt,
        focus=suggest_focus,
        camera=suggest_camera,
        style=suggest_style,
        negative=suggest_negative,
    )
    async def zoom(
        self,
        interaction: Interaction,
        prompt: PromptOption,
        frames: FramesOption | None = None,
        focus: FocusOption | None = None,
        camera: CameraOption | None = None,
        style: StyleOption | None = None,
        negative: NegativeOption | None = None,
        seed: SeedOption | None = None,
    ) -> None:
        given = {"prompt": prompt.strip(), "frames": frames, **parse_view(focus, camera)}
        request = RenderRequest(kind="zoom", options=given, style=style, negative=negative, seed=seed)
        await submit_request(interaction, request)


async def setup(bot: Tappa) -> None:
    await bot.add_cog(ZoomCog())
