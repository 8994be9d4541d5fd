"""Taking a render further: the buttons that open its forms, and what a right click on its message offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import discord
from discord import app_commands

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import language_of
from cogs.renders.deletion import DeleteShareButton, may_delete
from cogs.renders.lineage import origin_note
from cogs.renders.recipe_file import RecipeButton
from cogs.renders.recipe_form import open_form
from cogs.ui.button_rows import make_view
from cogs.ui.persistent import JOB, JobButton, PersistentButton
from engine.errors import LimitError
from engine.protocol.messages import JobId

_ABOUT = re.compile(rf"tappa:[a-z0-9:-]+:{JOB}(:.*)?")


class RemixButton(JobButton, action="remix", emoji="✏️", label=lambda say: say("Remix")):
    """Opens a form with the recipe, for whoever presses it."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await open_form(interaction, "remix", self.job)


class ExtendButton(JobButton, action="extend", emoji="➕", label=lambda say: say("Extend")):
    """Asks what follows on a giro."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await open_form(interaction, "extend", self.job)


@app_commands.context_menu(name="Remix this render")
async def remix(interaction: Interaction, message: discord.Message) -> None:
    await open_form(interaction, "remix", _job_in(interaction, message))


@app_commands.context_menu(name="Who made this?")
async def show_origin(interaction: Interaction, message: discord.Message) -> None:
    await interaction.response.defer(thinking=True, ephemeral=True)
    job, viewer, say = _job_in(interaction, message), viewer_of(interaction), language_of(interaction.locale)
    studio = interaction.client.studio
    ancestry = await studio.history.lineage(await studio.history.visible(job, viewer), viewer)
    share = await studio.gallery.find(viewer.server, job)
    buttons: list[PersistentButton] = [RecipeButton.of(job, say)]
    if share is not None and may_delete(share, viewer):
        buttons.append(DeleteShareButton.of("withdraw", job, say))
    await interaction.edit_original_response(content=origin_note(ancestry, share, say), view=make_view(*buttons))


def _job_in(interaction: Interaction, message: discord.Message) -> JobId:
    """Return the job that a message of this bot is about, as its buttons say; it may be nothing for them to see."""
    bot = interaction.client.user
    for custom_id in _custom_ids(message.components) if bot is not None and message.author.id == bot.id else ():
        if match := _ABOUT.fullmatch(custom_id):
            return match["job"]
    raise LimitError("There is no render of mine in this message; try it on one that I posted.")


def _custom_ids(components: Iterable[Any]) -> Iterator[str]:
    """Yield the custom_ids in rows, containers and sections of components."""
    for component in components:
        if custom_id := getattr(component, "custom_id", None):
            yield custom_id
        yield from _custom_ids(getattr(component, "children", ()))
        if accessory := getattr(component, "accessory", None):
            yield from _custom_ids((accessory,))


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(RemixButton, ExtendButton)
    for menu in (remix, show_origin):
        bot.tree.add_command(menu)
