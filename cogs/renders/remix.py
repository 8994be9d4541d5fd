"""Taking a render further: the buttons that open its forms, and what a right click on its message offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language, language_of
from cogs.renders.deletion import WithdrawButton, may_delete
from cogs.renders.lineage import origin_note
from cogs.renders.recipe_file import RecipeButton
from cogs.renders.recipe_form import open_form
from cogs.ui.button_rows import lasting_rows
from cogs.ui.persistent import JOB, JobButton
from engine.errors import LimitError
from engine.protocol.messages import JobId

if TYPE_CHECKING:
    from cogs.client import Tappa

_ABOUT = re.compile(rf"tappa:[a-z0-9:-]+:{JOB}(:.*)?")


class RemixButton(JobButton, action="remix", emoji="✏️"):
    """Opens a form with the recipe, for whoever presses it."""

    @staticmethod
    def label(say: Language) -> str:
        """Return what stands on it."""
        return say("Remix")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Open the form."""
        await open_form(interaction, "remix", self.job)


class ExtendButton(JobButton, action="extend", emoji="➕"):
    """Asks what follows on a giro."""

    @staticmethod
    def label(say: Language) -> str:
        """Return what stands on it."""
        return say("Extend")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Open the form."""
        await open_form(interaction, "extend", self.job)


class RemixCog(commands.Cog):
    """The commands of a message's own menu; discord.py adds such to the tree, not to a cog."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._menus = (
            app_commands.ContextMenu(name="Remix this render", callback=self.remix),
            app_commands.ContextMenu(name="Who made this?", callback=self.who),
        )

    async def cog_load(self) -> None:
        """Add them."""
        for menu in self._menus:
            self._bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Take them back."""
        for menu in self._menus:
            self._bot.tree.remove_command(menu.name, type=menu.type)

    async def remix(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Open the form with the recipe of the render in a message."""
        await open_form(interaction, "remix", self._job_in(message))

    async def who(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Say where the render in a message comes from."""
        await interaction.response.defer(thinking=True, ephemeral=True)
        job, viewer, say = self._job_in(message), viewer_of(interaction), language_of(interaction.locale)
        studio = self._bot.studio
        line = await studio.history.lineage(await studio.history.visible(job, viewer), viewer)
        share, view = await studio.gallery.find(viewer.server, job), discord.ui.View(timeout=None)
        view.add_item(RecipeButton(job, say))
        if share is not None and may_delete(share, viewer):
            view.add_item(WithdrawButton("withdraw", job, say))
        await interaction.edit_original_response(content=origin_note(line, share, say), view=lasting_rows(view))

    def _job_in(self, message: discord.Message) -> JobId:
        """Return the job that a message is about, as its buttons say; whether one may see it is asked afterwards.

        Raises:
            LimitError: it is not one of this bot's, or about no render.
        """
        own = self._bot.user is not None and message.author.id == self._bot.user.id
        for custom_id in _custom_ids(message.components) if own else ():
            if match := _ABOUT.fullmatch(custom_id):
                return match["job"]
        raise LimitError("There is no render of mine in this message; try it on one that I posted.")


def _custom_ids(components: Iterable[Any]) -> Iterator[str]:
    """Yield the ids of everything that can be pressed, in rows and whatever else holds components."""
    for component in components:
        if custom_id := getattr(component, "custom_id", None):
            yield custom_id
        yield from _custom_ids(getattr(component, "children", ()))
        if accessory := getattr(component, "accessory", None):
            yield from _custom_ids((accessory,))


async def setup(bot: Tappa) -> None:
    """Add it to the bot."""
    await bot.add_cog(RemixCog(bot))
