"""/gallery: what the members of a server have shared, one animation a page."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import Interaction, Tappa
from cogs.gallery.gallery_page import (
    DeleteButton,
    GoToButton,
    OrderSelect,
    TurnButton,
    handle_page_form,
    show_gallery_page,
)
from cogs.gallery.page_ref import PAGE_REF, SEARCH_LENGTH, first_page_ref
from cogs.orders.prompt_suggestions import suggest_search
from cogs.ui.choices import EXAMPLES
from cogs.ui.markdown import one_line
from engine.errors import LimitError


async def suggest_words(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return await suggest_search(interaction, typed, SEARCH_LENGTH)


class GalleryCog(commands.Cog):
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
    @app_commands.autocomplete(search=suggest_words)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def gallery(
        self,
        interaction: Interaction,
        order: app_commands.Choice[str] | None = None,
        search: app_commands.Range[str, 1, SEARCH_LENGTH] | None = None,
        member: discord.User | None = None,
    ) -> None:
        if sum(wish is not None for wish in (order, search, member)) > 1:
            raise LimitError("Give an order, a search or a member, one of the three.")
        ref = first_page_ref(order.value if order else "new")
        if search is not None:
            ref = first_page_ref("search", one_line(search)[:SEARCH_LENGTH])
        elif member is not None:
            ref = first_page_ref("member", str(member.id))
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show_gallery_page(interaction, ref)


async def setup(bot: Tappa) -> None:
    bot.studio.gallery.on_removal.append(lambda share: bot.dispatch("share_deleted", share))
    bot.add_dynamic_items(TurnButton, OrderSelect, DeleteButton, GoToButton)
    bot.forms.add(rf"tappa:leaf:{PAGE_REF}", handle_page_form)
    await bot.add_cog(GalleryCog())
