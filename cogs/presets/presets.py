"""/preset: animations that a member keeps under a name."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import Interaction, Tappa
from cogs.context.places import styles_here
from cogs.context.viewer import viewer_of
from cogs.i18n.language import language_of
from cogs.orders.options import SEED_HELP, STYLE_HELP, SeedOption, StagesOption, StyleOption
from cogs.orders.preset_choice import fill_from_preset, find_preset, own_labels, preset_labels
from cogs.orders.prompt_suggestions import suggest_stages
from cogs.orders.request import RenderRequest
from cogs.orders.styles import find_style_name, suggest_style
from cogs.orders.submit import acknowledge, submit_acknowledged
from cogs.presets.preset_list import PresetPageButton, preset_page
from cogs.renders.recipe_file import (
    RecipeFile,
    RenderOption,
    attachment_note,
    parse_job_id,
    suggest_render,
    upload_of,
)
from cogs.ui.choices import EXAMPLES, label_choices
from cogs.ui.drafts import MAX_CONTENT, Upload
from cogs.ui.headline import describe_length
from cogs.ui.markdown import code, code_block, inert
from engine.errors import LimitError
from engine.recipe.command_line import command_line
from engine.recipe.recipe import Animation, Giro, Recipe, Variations, kind_of
from engine.recipe.seeds import new_seed
from engine.recipe.settings import Kind
from engine.recipe.stages import format_stages, parse_stages
from engine.sentence import Sentence
from studio.profiles.profiles import MAX_NAME_LENGTH

NameOption = app_commands.Range[str, 1, MAX_NAME_LENGTH]


async def suggest_own_preset(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return label_choices(typed, await own_labels(interaction))


async def suggest_preset(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer the member's own presets, then the server's."""
    return label_choices(typed, await preset_labels(interaction))


class PresetCog(
    commands.GroupCog, group_name="preset", group_description="Animations that you keep under a name for another time"
):
    @app_commands.command(
        description="Keep an animation under a name: the stages you give, a render, or your last order",
        extras={EXAMPLES: ({"name": "seaside"}, {"name": "up and down", "stages": "a road up | 25; a road down | 25"})},
    )
    @app_commands.describe(
        name="What to call it; a preset of yours that is called so already is replaced",
        stages="prompt | frames; prompt | frames; … (default: what you ordered last)",
        render="Which one, instead of stages: yours or one that was shared",
    )
    @app_commands.autocomplete(name=suggest_own_preset, stages=suggest_stages, render=suggest_render)
    async def save(
        self,
        interaction: Interaction,
        name: NameOption,
        stages: StagesOption | None = None,
        render: RenderOption | None = None,
    ) -> None:
        if stages is not None and render is not None:
            raise LimitError("Give either stages or a render, not both.")
        typed = None if stages is None else Giro(seed=new_seed(), stages=parse_stages(stages))
        await interaction.response.defer(ephemeral=True)
        recipe = typed or await _find_ordered(interaction, render)
        profiles = interaction.client.studio.profiles
        replaced = await profiles.save_preset(str(interaction.user.id), name, recipe)
        say = language_of(interaction.locale)
        option = "/giro preset" if isinstance(recipe, Giro) else "/preset use name"
        command = code(f"{option}:{name.strip()}")
        if replaced:
            await interaction.followup.send(say("Replaced. Have it again with {command}.", command=command))
        else:
            await interaction.followup.send(say("Kept. Have it again with {command}.", command=command))

    @app_commands.command(
        description="Order an animation from a preset, yours or the server's",
        extras={EXAMPLES: ({"name": "seaside"}, {"name": "seaside", "style": "snow"})},
    )
    @app_commands.describe(name="Which preset", style=STYLE_HELP, seed=SEED_HELP)
    @app_commands.autocomplete(name=suggest_preset, style=suggest_style)
    async def use(
        self,
        interaction: Interaction,
        name: NameOption,
        style: StyleOption | None = None,
        seed: SeedOption | None = None,
    ) -> None:
        if style is not None:
            find_style_name(style, styles_here(interaction))  # an unknown one is refused at once
        message = await acknowledge(interaction)
        _, recipe = await find_preset(interaction, name)
        request = RenderRequest(kind=_kind(recipe), style=style, seed=seed)
        await submit_acknowledged(interaction, message, fill_from_preset(request, recipe))

    @app_commands.command(name="list", description="The presets there are: yours, then the server's; only you see it")
    async def show_all(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        content, view = await preset_page(interaction, 0)
        await interaction.followup.send(content, view=view or discord.utils.MISSING)

    @app_commands.command(description="What is in a preset, yours or the server's; only you see it")
    @app_commands.describe(name="Which preset")
    @app_commands.autocomplete(name=suggest_preset)
    async def show(self, interaction: Interaction, name: NameOption) -> None:
        await interaction.response.defer(ephemeral=True)
        say = language_of(interaction.locale)
        full_name, recipe = await find_preset(interaction, name)
        head = f"**{inert(full_name)}** · {describe_length(recipe, say)}"
        if isinstance(recipe, Giro):
            lines = format_stages(recipe.stages)
            block: str | None = f"```\n{lines.replace('`', 'ˋ')}\n```"
            file, why = Upload("stages.txt", lines.encode(), say("The stages, one on each line")), ""
        else:
            line, file = command_line(recipe, {}), upload_of(RecipeFile(recipe), say)
            block = None if line is None else code_block(line)
            why = f"\n{attachment_note(line, say)}"
        if block is not None and len(content := f"{head}\n{block}") <= MAX_CONTENT:
            await interaction.followup.send(content)
        else:
            await interaction.followup.send(f"{head}{why}", file=file.as_file())

    @app_commands.command(description="Throw one of your presets away")
    @app_commands.describe(name="Which of yours")
    @app_commands.autocomplete(name=suggest_own_preset)
    async def delete(self, interaction: Interaction, name: NameOption) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.client.studio.profiles.delete_preset(str(interaction.user.id), name)
        say = language_of(interaction.locale)
        await interaction.followup.send(say("{name} is deleted.", name=code(name.strip())))


def _kind(recipe: Recipe) -> Kind:
    """Return the kind of a preset, which is never a contact sheet."""
    kind = kind_of(recipe)
    assert kind != "variations"
    return kind


async def _find_ordered(interaction: Interaction, render: str | None) -> Animation:
    """Return the recipe of a render or, without one, of the member's last order."""
    history = interaction.client.studio.history
    if render is not None:
        recipe = (await history.visible(parse_job_id(render), viewer_of(interaction))).recipe
        return recipe.of if isinstance(recipe, Variations) else recipe
    for record in await history.recent(str(interaction.user.id), None, 1):
        if not isinstance(record.recipe, Variations):
            return record.recipe
    example = Sentence("a road by the sea | 50; a road going up a mountain | 50")
    raise LimitError("You have not ordered anything yet: give stages, such as “{example}”.", example=example)


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(PresetPageButton)
    await bot.add_cog(PresetCog())
