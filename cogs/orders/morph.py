"""/morph: one thing turns into another, and perhaps into more."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs.client import Interaction, Tappa
from cogs.orders.options import (
    NEGATIVE_HELP,
    SEED_HELP,
    STYLE_HELP,
    FramesOption,
    NegativeOption,
    PromptOption,
    SeedOption,
    StyleOption,
    TriesOption,
    WaypointsOption,
)
from cogs.orders.prompt_suggestions import suggest_negative, suggest_template, suggest_waypoint
from cogs.orders.request import RenderRequest
from cogs.orders.styles import suggest_style
from cogs.orders.submit import submit_request
from cogs.ui.choices import EXAMPLES
from engine.recipe.recipe import MorphLoop
from engine.recipe.waypoints import waypoint_options


class MorphCog(commands.Cog):
    @app_commands.command(
        description="Turn one thing into another: /morph skunk puppy",
        extras={
            EXAMPLES: (
                {"source": "skunk", "target": "puppy"},
                {"source": "skunk", "target": "puppy", "tries": 8},
                {"source": "skunk", "target": "puppy > rabbit > skunk", "prompt": "a painting of a {}", "frames": 40},
                {"source": "a road by the sea", "target": "a road up a mountain", "prompt": "{}"},
            )
        },
    )
    @app_commands.describe(
        source="What it begins as, such as skunk",
        target="What it becomes, such as puppy; or all that follows, such as puppy > rabbit > skunk",
        prompt="The picture around it, {} in its place (default: a picture of a {}); {} alone: whole prompts",
        frames="How many frames are rendered (default: 21)",
        loop="How it comes back (default: there and back)",
        tries="So many seeds are tried, and the best is rendered (default: 1)",
        style=STYLE_HELP,
        negative=NEGATIVE_HELP,
        seed=SEED_HELP,
    )
    @app_commands.autocomplete(
        source=suggest_waypoint,
        target=suggest_waypoint,
        prompt=suggest_template,
        style=suggest_style,
        negative=suggest_negative,
    )
    async def morph(
        self,
        interaction: Interaction,
        source: WaypointsOption,
        target: WaypointsOption,
        prompt: PromptOption | None = None,
        frames: FramesOption | None = None,
        loop: MorphLoop | None = None,
        tries: TriesOption | None = None,
        style: StyleOption | None = None,
        negative: NegativeOption | None = None,
        seed: SeedOption | None = None,
    ) -> None:
        given = {**waypoint_options(source, target), "prompt": prompt, "frames": frames, "loop": loop, "tries": tries}
        request = RenderRequest(kind="morph", options=given, style=style, negative=negative, seed=seed)
        await submit_request(interaction, request)


async def setup(bot: Tappa) -> None:
    await bot.add_cog(MorphCog())
