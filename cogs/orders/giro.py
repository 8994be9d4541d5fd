"""/giro: through a list of prompts, one after another."""

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
    NegativeOption,
    SeedOption,
    StagesOption,
    StyleOption,
)
from cogs.orders.preset_choice import submit_preset, suggest_giro_preset
from cogs.orders.prompt_suggestions import suggest_negative, suggest_stages
from cogs.orders.request import RenderRequest, parse_view
from cogs.orders.stages_form import (
    STAGES_FORM,
    CorrectStagesButton,
    StagesDraft,
    handle_stages_form,
    open_stages_form,
    submit_giro,
)
from cogs.orders.styles import suggest_style
from cogs.ui.choices import EXAMPLES
from engine.errors import LimitError
from engine.recipe.recipe import Mode
from engine.recipe.stages import SEED_STAGES, format_stages


class GiroCog(commands.Cog):
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
    @app_commands.autocomplete(
        stages=suggest_stages,
        preset=suggest_giro_preset,
        focus=suggest_focus,
        camera=suggest_camera,
        style=suggest_style,
        negative=suggest_negative,
    )
    async def giro(
        self,
        interaction: Interaction,
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
        if stages is not None and preset is not None:
            raise LimitError("Give either stages or a preset, not both.")
        given = {"loop": loop, "mode": mode, **parse_view(focus, camera)}
        request = RenderRequest(kind="giro", options=given, style=style, negative=negative, seed=seed)
        if preset is not None:
            await submit_preset(interaction, preset, request)
        elif stages is not None:
            await submit_giro(interaction, StagesDraft(stages=stages, request=request))
        else:
            await open_stages_form(interaction, StagesDraft(stages=format_stages(SEED_STAGES), request=request))


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(CorrectStagesButton)
    bot.forms.add(STAGES_FORM, handle_stages_form)
    await bot.add_cog(GiroCog())
