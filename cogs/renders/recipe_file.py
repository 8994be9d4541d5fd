"""/recipe: a render's recipe as a file, and a file as a render."""

from __future__ import annotations

import discord
import msgspec
from discord import app_commands
from discord.asset import Asset
from discord.ext import commands

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.outage import DISCORD_ERRORS
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language, language_of
from cogs.orders.submit import acknowledge, submit
from cogs.ui.choices import label_choices
from cogs.ui.drafts import Upload
from cogs.ui.headline import headline, short_title
from cogs.ui.persistent import JobButton
from engine.errors import LimitError, RecipeError
from engine.protocol.messages import JobId
from engine.recipe.edits import without_settings
from engine.recipe.recipe import Recipe, from_plain, kind_of, plain_json
from engine.sentence import Sentence
from engine.text import shorten
from studio.store import JobRecord

MOST_BYTES = 64 * 1024
"""Fifty of the longest stages take a quarter of it."""

RenderOption = app_commands.Range[str, 1, 100]
_JOB_LENGTH = 16
_LONGEST_MODEL = 100
_MEDIA = "https://media.discordapp.net/"


class RecipeFile(msgspec.Struct, frozen=True):
    """A recipe, and the model that it was made with, if that is known."""

    recipe: Recipe
    model: str | None = None


async def suggest_render(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer one's own latest renders, then what the server has shared."""
    studio = interaction.client.studio
    say, viewer = language_of(interaction.locale), viewer_of(interaction)
    own = {
        record.id: f"{short_title(record.final_recipe, say)} · {record.final_recipe.seed}"
        for record in await studio.history.renders(viewer)
    }
    theirs: dict[JobId, str] = {}
    for share in await studio.gallery.search(viewer, typed):
        title = f"{short_title(share.recipe, say)} · {share.recipe.seed}"
        theirs[share.id] = say("{title}, by {maker}", title=title, maker=share.member.name)
    return label_choices(typed, own, theirs)


class RecipeCog(commands.GroupCog, group_name="recipe", group_description="Take a recipe with you, or bring one along"):
    def __init__(self, bot: Tappa) -> None:
        self._studio = bot.studio

    @app_commands.command(description="Give a render's recipe as a file, all that is needed to make it again")
    @app_commands.describe(render="Which one (default: the last one in this channel)")
    @app_commands.autocomplete(render=suggest_render)
    async def export(self, interaction: Interaction, render: RenderOption | None = None) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        await send_recipe(interaction, await self._find(interaction, render))

    @app_commands.command(name="import", description="Render a recipe from a file that /recipe export or a shell gave")
    @app_commands.describe(file="A JSON file of at most 64 KiB")
    async def bring(self, interaction: Interaction, file: discord.Attachment) -> None:
        message = await acknowledge(interaction)
        found, ready = await read_attachment(file), interaction.client.studio.ready
        if ready is None or found.model in (None, ready.model):
            await submit(interaction, message, found.recipe)
            return
        note = Sentence(
            "It was made with {model}; here it is made with {loaded}, and with the settings that suit this one.",
            {"model": shorten(found.model, _LONGEST_MODEL), "loaded": ready.model},
        )
        await submit(interaction, message, without_settings(found.recipe), notes=(note,))

    async def _find(self, interaction: Interaction, render: str | None) -> JobRecord:
        viewer = viewer_of(interaction)
        if render is not None:
            return await self._studio.history.visible(parse_job_id(render), viewer)
        latest = await self._studio.history.latest(str(interaction.channel_id), viewer)
        if latest is None:
            raise LimitError("Nothing was rendered in this channel lately; say which render you mean.")
        return latest


class RecipeButton(JobButton, action="recipe", emoji="📄", label=lambda say: say("Recipe")):
    """Gives a render's recipe as a file, to whoever presses it."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        record = await interaction.client.studio.history.visible(self.job, viewer_of(interaction))
        await send_recipe(interaction, record)


async def send_recipe(interaction: Interaction, record: JobRecord) -> None:
    """Send the recipe of a render to whoever used an acknowledged interaction."""
    say = language_of(interaction.locale)
    upload = upload_of(file_of(record), say)
    await interaction.followup.send(headline(record.recipe, say), file=upload.as_file(), ephemeral=True)


def file_of(record: JobRecord) -> RecipeFile:
    """Return the recipe of a job with every setting written out, and its model."""
    return RecipeFile(record.final_recipe, record.plan.model if record.plan else None)


def upload_of(file: RecipeFile, say: Language) -> Upload:
    """Return a file to attach, which /recipe import takes."""
    name = f"{kind_of(file.recipe)}-{file.recipe.seed}.json"
    return Upload(name, msgspec.json.format(msgspec.json.encode(file), indent=2), say("The recipe as JSON"))


def attachment_note(line: str | None, say: Language) -> str:
    """Return why a message has a recipe attached in place of its command `line`, None if no command asks for it."""
    if line is None:
        return f"-# {say('No command says all of this; give the file to /recipe import.')}"
    return f"-# {say('The command is too long for a message; give the file to /recipe import.')}"


async def read_attachment(file: discord.Attachment) -> RecipeFile:
    """Download a recipe that a member has attached, from nowhere but Discord's CDN."""
    if file.size > MOST_BYTES:
        raise LimitError(
            "A recipe is a file of at most {most} KiB; this one has {size}.",
            most=MOST_BYTES // 1024,
            size=-(-file.size // 1024),
        )
    if not file.url.startswith((f"{Asset.BASE}/", _MEDIA)):
        raise LimitError("The file is not where Discord keeps what members attach; attach it again.")
    try:
        return parse_recipe_file(await file.read())
    except DISCORD_ERRORS as error:
        raise LimitError("Discord did not give the file away; attach it again.") from error


def parse_recipe_file(data: bytes) -> RecipeFile:
    """Parse a file of `upload_of`, or a recipe alone."""
    raw = plain_json(data)
    if not isinstance(raw, dict) or "recipe" not in raw:
        return RecipeFile(from_plain(raw))
    if unknown := sorted(set(raw) - {"recipe", "model"}):
        raise RecipeError("The file has an unknown key “{key}”; it knows recipe and model.", key=unknown[0][:60])
    model = raw.get("model")
    if not isinstance(model, str | None):
        raise RecipeError("The model in the file must be a name.")
    return RecipeFile(from_plain(raw["recipe"]), model)


def parse_job_id(typed: str) -> JobId:
    """Return a job's id as typed; raise LimitError if it is something else, such as a title."""
    if len(typed) != _JOB_LENGTH or not set(typed) <= set("0123456789abcdef"):
        raise LimitError("There is no render “{typed}”; choose one of those that are offered.", typed=typed[:60])
    return typed


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(RecipeButton)
    await bot.add_cog(RecipeCog(bot))
