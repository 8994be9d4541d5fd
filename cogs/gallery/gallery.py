"""/gallery: what the members of a server have shared, one animation a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.gallery.gallery_page import PERSISTENT, order_of, show_gallery_page, take_page_form
from cogs.gallery.page_ref import SEARCH_LENGTH, first_page_ref
from cogs.orders.options import EXAMPLES
from cogs.orders.prompt_suggestions import suggest_search
from cogs.ui.markdown import one_line
from engine.errors import LimitError

if TYPE_CHECKING:
    from cogs.client import Tappa


class GalleryCog(commands.Cog):
    """The command, and the form that asks for a page's number."""

    @app_commands.command(
        description="Look through what members of this server have shared; only you see it",
        extras={EXAMPLES: ({}, {"search": "sea road"})},
    )
    @app_commands.describe(
        order="In which order (default: newest first)",
        search="Words to look for in the prompts",
        member="Only what this member has shared",
    )
    @app_commands.choices(
        order=[
            app_commands.Choice(name=app_commands.locale_str("newest"), value="new"),
            app_commands.Choice(name=app_commands.locale_str("top of the week"), value="top"),
            app_commands.Choice(name=app_commands.locale_str("random"), value="random"),
            app_commands.Choice(name=app_commands.locale_str("saved"), value="saved"),
        ]
    )
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def gallery(
        self,
        interaction: discord.Interaction[Tappa],
        order: app_commands.Choice[str] | None = None,
        search: app_commands.Range[str, 1, SEARCH_LENGTH] | None = None,
        member: discord.User | None = None,
    ) -> None:
        """Open the gallery at its first page."""
        if sum(wish is not None for wish in (order, search, member)) > 1:
            raise LimitError("Give an order, a search or a member, one of the three.")
        leaf = first_page_ref(order_of(order.value) if order else "new")
        if search is not None:
            leaf = first_page_ref("search", one_line(search)[:SEARCH_LENGTH])
        elif member is not None:
            leaf = first_page_ref("member", str(member.id))
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show_gallery_page(interaction, leaf)

    @gallery.autocomplete("search")
    async def suggest_search(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what there is to be found."""
        return await suggest_search(interaction, typed, SEARCH_LENGTH)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Find the forms that ask for a page among everything that members do; see `cogs.renders.recipe_form`."""
        if interaction.type is discord.InteractionType.modal_submit:
            await take_page_form(interaction)


async def setup(bot: Tappa) -> None:
    """Add the command and its buttons to the bot."""
    bot.studio.gallery.on_removal.append(lambda share: bot.dispatch("share_deleted", share))
    bot.add_dynamic_items(*PERSISTENT)
    await bot.add_cog(GalleryCog())
